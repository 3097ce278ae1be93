use super::{kernel::Kernel, told::Told};
use crate::{
    model::{
        key::Key,
        payload::{Burned, Sample},
        units::Wall,
    },
    usage::{Bounds, Curve},
};

/// The CPU time that a claim is compared with: the kernel's curve, or what a burn of ours really used.
#[derive(Debug)]
pub struct Known<'v, 'e> {
    by: By<'v, 'e>,
    /// CPU-seconds over time.
    pub curve: Curve,
    /// Who knows: `the kernel`, `the burn`.
    pub who: &'static str,
    /// When it began to be counted from 0, if that is known.
    pub began: Option<Wall>,
}

#[derive(Debug)]
enum By<'v, 'e> {
    Kernel(&'v Kernel<'e>),
    Burn(&'e Burned, &'e Key),
}

impl<'v, 'e> Known<'v, 'e> {
    /// By the kernel.
    pub fn kernel(kernel: &'v Kernel<'e>) -> Known<'v, 'e> {
        let began = kernel.tracks.lives.last().and_then(|life| life.began);
        Known { by: By::Kernel(kernel), curve: kernel.cpu.clone(), who: "the kernel", began }
    }
    /// By the burn itself.
    pub fn burn(burned: &'e Burned, key: &'e Key) -> Known<'v, 'e> {
        let samples: Vec<Sample> = burned.samples.iter().map(|s| Sample(Wall(s.at_us), s.cpu_s)).collect();
        Known { by: By::Burn(burned, key), curve: Curve::counter(&samples), who: "the burn", began: Some(burned.started) }
    }
    /// What it says of a stamp of a claim that may be so old besides.
    pub fn bounds(&self, told: &Told<'_>, at: Wall, age_us: i64) -> Option<Bounds> {
        match &self.by {
            By::Kernel(kernel) => Bounds::read(&kernel.cpu, at, told.doubt_us(), age_us),
            By::Burn(burned, _) => {
                // Its own bound knows how a burn goes on and off; a stamp's doubt comes on top.
                let doubt = told.clock_us();
                let (early, read, late) = (burned.at(at.plus_us(-doubt - age_us))?, burned.at(at)?, burned.at(at.plus_us(doubt))?);
                let (low, high) = (early.cpu_s - early.error_s, late.cpu_s + late.error_s);
                Some(Bounds { value: if age_us > 0 { f64::midpoint(low, high) } else { read.cpu_s }, low, high })
            }
        }
    }
    /// The CPU-seconds since it began, at an instant; `None` where they are not known.
    pub fn since_began(&self, at: Wall) -> Option<f64> {
        match &self.by {
            By::Kernel(kernel) => kernel.raw(crate::model::usage::Measure::Cpu, at),
            By::Burn(burned, _) => burned.at(at).map(|read| read.cpu_s),
        }
    }
    /// What it rests on.
    pub fn key(&self) -> Key {
        match &self.by {
            By::Kernel(kernel) => kernel.key.clone(),
            By::Burn(_, key) => (*key).clone(),
        }
    }
}
