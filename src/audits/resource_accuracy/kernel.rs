use crate::{
    model::{
        evidence::Got,
        key::Key,
        payload::{Sample, Track, Tracks},
        units::Wall,
        usage::Measure,
    },
    usage::{Curve, Levels},
};

/// What this machine's kernel says of a workload.
#[derive(Debug)]
pub struct Kernel<'e> {
    /// As it was read.
    pub tracks: &'e Tracks,
    /// The question.
    pub key: &'e Key,
    /// CPU-seconds.
    pub cpu: Curve,
}

/// The label of a network interface.
pub const INTERFACE: &str = "interface";
/// Says, with the value `host`, that the workload has no network of its own.
pub const NETNS: &str = "netns";
/// Interfaces of the machine that only hand on what others count, by the beginning of their name.
const HANDED_ON: [&str; 9] = ["lo", "veth", "docker", "br-", "virbr", "cni", "flannel", "cali", "tunl"];

impl<'e> Kernel<'e> {
    /// Reads an answer.
    pub fn read(got: &Got<'e, Tracks>) -> Kernel<'e> {
        let kernel = Kernel { tracks: got.value, key: got.key, cpu: Curve::default() };
        Kernel { cpu: kernel.counter(Measure::Cpu), ..kernel }
    }
    /// The series of a measure.
    pub fn of(&self, measure: Measure) -> impl Iterator<Item = &'e Track> {
        self.tracks.tracks.iter().filter(move |t| t.claim.as_str() == measure.word())
    }
    /// What was used of something cumulative.
    pub fn counter(&self, measure: Measure) -> Curve {
        Curve::sum(&self.of(measure).map(|t| Curve::counter(&t.samples)).collect::<Vec<_>>())
    }
    /// A state over time.
    pub fn levels(&self, measure: Measure) -> Levels {
        Levels::sum(&self.of(measure).map(|t| Levels::of(&t.samples)).collect::<Vec<_>>())
    }
    /// The middle of a state.
    pub fn usual(&self, measure: Measure) -> Option<f64> {
        self.levels(measure).median()
    }
    /// A counter's own value at the first sample that is not before an instant.
    pub fn raw(&self, measure: Measure, at: Wall) -> Option<f64> {
        let mut tracks = self.of(measure);
        let track = tracks.next()?;
        let found: Option<&Sample> = track.samples.iter().find(|s| s.0 >= at);
        found.map(|s| s.1)
    }
    /// Does it share the machine's network?
    pub fn on_host_network(&self) -> bool {
        self.tracks.tracks.iter().any(|t| t.labels.get(NETNS).is_some_and(|v| v == "host"))
    }
    /// Bytes of each interface that counts; of the `machine` only of those that do not hand on what others count.
    pub fn network(&self, measure: Measure, machine: bool) -> Vec<(&'e str, Curve)> {
        let named = self.of(measure).map(|t| (t.labels.get(INTERFACE).map_or("", String::as_str), t));
        let counts = named.filter(|(interface, _)| *interface != "lo" && !(machine && handed_on(interface)));
        counts.map(|(interface, t)| (interface, Curve::counter(&t.samples))).collect()
    }
    /// How often it was begun anew while it was looked at.
    pub fn restarts(&self) -> usize {
        self.tracks.lives.len().saturating_sub(1)
    }
}

/// Does an interface of the machine only hand on what another one counts?
pub fn handed_on(interface: &str) -> bool {
    HANDED_ON.iter().any(|begin| interface.starts_with(begin))
}
