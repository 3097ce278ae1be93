use crate::{
    model::{
        evidence::Got,
        key::Key,
        payload::{Track, Tracks},
        usage::{Told as By, UsageClaim},
    },
    usage::{Curve, Levels, us},
};

/// What a source says by one claim.
#[derive(Debug)]
pub struct Told<'e> {
    /// The claim.
    pub claim: &'e UsageClaim,
    /// All that the source said of the workload.
    pub tracks: &'e Tracks,
    /// The question.
    pub key: &'e Key,
    /// What was used since the first sample, of what is cumulative; of a rate its integral.
    pub curve: Curve,
    /// The values as they are, added up: levels.
    pub levels: Levels,
}

/// How far a stamp may lie from the instant at which a value was true, where nothing says more: µs.
pub const STAMP_US: i64 = 300_000;

impl<'e> Told<'e> {
    /// Reads the answer for one of its claims.
    pub fn read(claim: &'e UsageClaim, got: &Got<'e, Tracks>) -> Told<'e> {
        let series: Vec<&Track> = got.value.of(&claim.name).collect();
        let curves = |of: fn(&[crate::model::payload::Sample]) -> Curve| Curve::sum(&series.iter().map(|t| of(&t.samples)).collect::<Vec<_>>());
        let curve = match (claim.measure.cumulative(), claim.rate()) {
            (true, true) => curves(Curve::integral),
            (true, false) => curves(Curve::counter),
            _ => Curve::default(),
        };
        let levels = Levels::sum(&series.iter().map(|t| Levels::of(&t.samples)).collect::<Vec<_>>());
        Told { claim, tracks: got.value, key: got.key, curve, levels }
    }
    /// Its series.
    pub fn series(&self) -> impl Iterator<Item = &'e Track> + use<'e> {
        let claim = &self.claim.name;
        self.tracks.tracks.iter().filter(move |t| t.claim == *claim)
    }
    /// Number of its samples.
    pub fn samples(&self) -> u64 {
        self.series().map(|t| t.samples.len() as u64).sum()
    }
    /// How far its stamps may lie from when the value was true, µs.
    pub fn doubt_us(&self) -> i64 {
        self.clock_us() + STAMP_US
    }
    /// How far its clock may be off, µs; an hour tells as much as nothing.
    pub fn clock_us(&self) -> i64 {
        self.tracks.doubt_us.clamp(0, 3_600_000_000)
    }
    /// How far apart its samples lie, s.
    pub fn step_s(&self) -> Option<f64> {
        let told = (self.tracks.interval_ms > 0.0).then_some(self.tracks.interval_ms / 1e3);
        self.curve.step_us().or_else(|| self.widest_step()).map(|us| us as f64 / 1e6).or(told)
    }
    fn widest_step(&self) -> Option<i64> {
        let stamps: Vec<i64> = self.levels.points().map(|p| p.0.0).collect();
        crate::stats::median(&stamps.windows(2).map(|w| (w[1] - w[0]) as f64).collect::<Vec<_>>()).map(|s| us(s / 1e6))
    }
    /// Is it Docker's own?
    pub fn of_docker(&self) -> bool {
        self.claim.told == By::Own
    }
}
