use super::version::Distance;
use crate::model::{
    case::Weight,
    comparison::Dimension,
    environment::PartKind,
    glob::Glob,
    name::{Name, name},
    payload::FactKind,
    units::Share,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use std::collections::BTreeMap;

/// What is expected of facts, by names of ours, so that a spec can change one expectation or add its own.
///
/// Of several that fit a fact, the one whose pattern has the most letters speaks: it says the most about that fact.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Expectations(pub BTreeMap<Name, Expectation>);

/// What is expected of some facts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Which facts: `KIND.FACT` for all parts of a kind, or `PART.FACT`, with `*` for anything.
    pub facts: Vec<Glob>,
    /// What they are about.
    pub dimension: Dimension,
    /// How they go with the size of the environment.
    #[serde(default)]
    pub law: Law,
    /// Which facts they are scaled together with, where they are proportional; `part.NAME` is a group of each part's own.
    #[serde(default = "service")]
    pub group: Name,
    /// What is turned where one of several facts changes, of those that tell it again and again: one witness of the size, not several.
    #[serde(default)]
    pub knob: Option<Name>,
    /// From which facts it follows, where it is derived.
    #[serde(default)]
    pub from: Vec<Glob>,
    /// What a difference is.
    #[serde(default)]
    pub differs: Differs,
    /// How far two values may be apart and still be equivalent.
    #[serde(default)]
    pub close: Option<Close>,
    /// From which distance of two versions on a difference blocks.
    #[serde(default)]
    pub blocking_from: Option<Distance>,
    /// Must it be known on both sides?
    #[serde(default)]
    pub wanted: bool,
    /// ... or only where one of them has it? A database has no Python, and no document has to say so.
    #[serde(default)]
    pub if_there: bool,
    /// What a document's text is read as.
    #[serde(default)]
    pub kind: Option<FactKind>,
    /// How much it counts for the agreement of its dimension.
    #[serde(default)]
    pub weight: Weight,
    /// Which conclusions it bears on; those of its dimension unless told.
    #[serde(default)]
    pub bears_on: Option<Vec<Conclusion>>,
    /// What a difference does to the results.
    pub means: String,
}

/// The group of what serves: CPUs, memory, workers, pools.
pub const SERVICE: &str = "service";
/// Before the name of a group that each part has for itself.
const OF_PART: &str = "part.";

fn service() -> Name {
    name(SERVICE)
}

/// How a fact goes with the size of an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Law {
    /// The same whatever the size: versions, time-outs, models.
    #[default]
    Invariant,
    /// As the size: CPUs, memory, workers, pools.
    Proportional,
    /// As the facts from which it follows: where those differ, it differs with them.
    Derived,
}

/// What a difference is, worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    /// Told, and without meaning for results.
    Noted,
    /// Results change with it.
    #[default]
    Material,
    /// Results say nothing of the other environment.
    Blocking,
}

/// How far apart two values may be and still count as equivalent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Close {
    /// Versions up to this distance.
    Version(Distance),
    /// Quantities up to this share of the larger one.
    Share(Share),
}

impl Close {
    /// As it is written: `patch`, `2%`.
    pub fn of(text: &str) -> Option<Close> {
        let share = || text.parse::<Share>().ok().map(Close::Share);
        Distance::of(text).map(Close::Version).or_else(share)
    }
}

impl<'de> Deserialize<'de> for Close {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Close, D::Error> {
        let text = String::deserialize(from)?;
        Close::of(&text)
            .ok_or_else(|| D::Error::custom(format!("`{text}` is no distance; write `patch`, `minor` or another of versions, or a share: `2%`")))
    }
}

/// A conclusion that somebody may draw from a load test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Which of two releases is faster, both measured here.
    Relative,
    /// How long a request takes while there is little to do.
    Latency,
    /// How long the slowest take while there is much to do.
    Tail,
    /// How many requests are served.
    Capacity,
    /// When and how requests begin to fail.
    Errors,
    /// What dashboards and traces show of it.
    Figures,
}

impl Conclusion {
    /// All of them, in report order.
    pub const ALL: [Conclusion; 6] =
        [Conclusion::Relative, Conclusion::Latency, Conclusion::Tail, Conclusion::Capacity, Conclusion::Errors, Conclusion::Figures];
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Conclusion::Relative => "which of two releases is faster, both measured here",
            Conclusion::Latency => "how long a request takes at low load",
            Conclusion::Tail => "how long the slowest requests take under load",
            Conclusion::Capacity => "how many requests are served (absolute capacity)",
            Conclusion::Errors => "at which load requests begin to fail, and how",
            Conclusion::Figures => "what dashboards and traces show of it",
        }
    }
    /// Those that a dimension bears on.
    fn of(dimension: Dimension) -> &'static [Conclusion] {
        use Conclusion as C;
        match dimension {
            Dimension::Software => &[C::Latency, C::Tail, C::Capacity, C::Errors],
            Dimension::Resources => &[C::Tail, C::Capacity, C::Errors],
            Dimension::Topology => &[C::Latency, C::Tail, C::Errors],
            Dimension::Isolation => &[C::Latency, C::Tail, C::Capacity],
            Dimension::Methodology => &[C::Figures],
        }
    }
}

impl Expectation {
    /// Which conclusions a difference stands against.
    pub fn bears_on(&self, conclusion: Conclusion) -> bool {
        self.bears_on.as_deref().unwrap_or_else(|| Conclusion::of(self.dimension)).contains(&conclusion)
    }
    /// How far two quantities may be apart, where it says so.
    pub fn close_share(&self) -> Option<Share> {
        match self.close {
            Some(Close::Share(share)) => Some(share),
            _ => None,
        }
    }
    /// Must it be known because a difference would block?
    pub fn key(&self) -> bool {
        self.wanted && (self.differs == Differs::Blocking || self.blocking_from.is_some())
    }
    /// What is turned where a fact changes: in another part it is another one.
    pub fn knob_of(&self, part: &Name, fact: &str) -> String {
        format!("{part}.{}", self.knob.as_ref().map_or(fact, Name::as_str))
    }
    /// The group with which facts of a part are scaled.
    pub fn group_of(&self, part: &Name) -> Name {
        self.group.as_str().strip_prefix(OF_PART).map_or_else(|| self.group.clone(), |own| name(format!("{part}.{own}")))
    }
    /// Facts of a part of this kind that it names without a `*`.
    pub fn literal(&self, part: &Name, kind: PartKind) -> impl Iterator<Item = String> {
        let texts = self.facts.iter().map(|glob| String::from(glob.clone())).filter(|text| !text.contains('*'));
        let (by_kind, by_name) = (format!("{kind}."), format!("{part}."));
        texts.filter_map(move |text| text.strip_prefix(&by_kind).or_else(|| text.strip_prefix(&by_name)).map(str::to_owned))
    }
}

impl Expectations {
    /// The one that speaks of a fact.
    pub fn of(&self, part: &Name, kind: PartKind, fact: &str) -> Option<(&Name, &Expectation)> {
        let paths = [format!("{kind}.{fact}"), format!("{part}.{fact}")];
        let fits = |e: &Expectation| e.facts.iter().filter(|g| paths.iter().any(|p| g.matches(p))).map(Glob::letters).max();
        // Among equals the first by name, so that the order of a map does not decide.
        let best = self.0.iter().filter_map(|(n, e)| Some((fits(e)?, std::cmp::Reverse(n), e))).max_by_key(|(letters, n, _)| (*letters, *n));
        best.map(|(_, std::cmp::Reverse(n), e)| (n, e))
    }
    /// What a document's text of this fact is read as.
    pub fn kind(&self, part: &Name, fact: &str) -> Option<FactKind> {
        self.of(part, PartKind::guessed(part), fact)?.1.kind
    }
}
