use super::{
    NoInterference,
    calibrated::Calibrated,
    culprits::{Culprit, Role},
    loads, quiet,
};
use crate::model::{
    audit::Context,
    evidence::{Gap, Got, Unknown},
    key::World,
    name::name,
    payload::{Calibration, CalibrationKernel, IdleWindow},
    workload::NOISE,
};

/// What was seen while nothing was asked of the rig.
#[derive(Clone, Copy, Debug)]
pub struct Quiet<'e> {
    /// The parameters.
    pub audit: &'e NoInterference,
    /// Rig and evidence.
    pub cx: Context<'e>,
}

/// A window must have lasted for this share of what was asked for.
const LASTED: f64 = 0.9;
/// A shorter window tells nothing, s.
const SHORTEST_S: f64 = 5.0;

impl<'e> Quiet<'e> {
    /// The window of this run, if it came to its end.
    pub fn window(&self) -> Result<Got<'e, IdleWindow>, Unknown> {
        self.window_of(&World::Live)
    }

    /// Windows of earlier runs that came to their end, the latest first.
    pub fn earlier_windows(&self) -> impl Iterator<Item = Got<'e, IdleWindow>> {
        self.audit.others().filter_map(|world| self.window_of(&world).ok())
    }

    fn window_of(&self, world: &World) -> Result<Got<'e, IdleWindow>, Unknown> {
        let got = self.cx.evidence.get(world, &name(NOISE), &quiet())?;
        let (lasted, asked) = (got.value.lasted_s(), got.value.asked_s);
        if lasted < LASTED * asked || lasted < SHORTEST_S {
            let why = format!("the quiet window lasted {lasted:.1} s of {asked:.1} s; {SHORTEST_S} s are the least that tell");
            return Err(Unknown::new(got.key.clone(), Gap::Truncated(why)));
        }
        Ok(got)
    }

    /// Was that looked at? What was not is a zero in each second, and no pass may rest on it.
    pub fn looked_at(window: &Got<'_, IdleWindow>, what: &str) -> Result<(), Unknown> {
        match window.value.missing.iter().find(|missing| missing.what == what) {
            Some(missing) => Err(Unknown::new(window.key.clone(), missing.why.clone())),
            None => Ok(()),
        }
    }

    /// The calibration of this run.
    pub fn calibration(&self) -> Result<Got<'e, Calibration>, Unknown> {
        self.cx.evidence.get(&World::Live, &name(NOISE), &loads())
    }

    /// Those of earlier runs, the latest first.
    pub fn earlier_calibrations(&self) -> impl Iterator<Item = Got<'e, Calibration>> {
        self.audit.others().filter_map(|world| self.cx.evidence.get(&world, &name(NOISE), &loads()).ok())
    }

    /// How a load fared in this run.
    pub fn calibrated(&self, kernel: CalibrationKernel) -> Result<Calibrated, Unknown> {
        Ok(Calibrated::of(self.calibration()?.value, kernel))
    }

    /// Whose the CPU time of a window was, the most first.
    pub fn culprits(&self, window: &'e IdleWindow) -> Vec<Culprit<'e>> {
        window.used_by.iter().map(|used| Culprit { used, role: Role::of(used, self.cx.rig, &self.audit.monitors) }).collect()
    }
}
