//! Two environments beside one another: what differs, in which class, and what that means.

use super::{environment::PartKind, fact_waiver::FactWaiverState, name::Name, units::Wall};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The environment under test (*here*) beside its reference (*there*).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The environment under test.
    pub here: Side,
    /// What it is compared with.
    pub there: Side,
    /// Every fact that is known of one of them at least, by part and fact.
    pub rows: Vec<Row>,
    /// How large one is beside the other, by group of facts.
    pub scales: Vec<Scale>,
    /// How each waiver stands, in the order of the spec.
    pub waivers: Vec<WaiverStands>,
    /// How far they agree, by dimension.
    pub dimensions: Vec<Agreement>,
    /// Which conclusions of a load test carry over from one to the other.
    pub transfers: Vec<Transfer>,
}

/// One of the two.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// When it was looked at; `None` where nobody says so.
    pub as_of: Option<Wall>,
    /// Who says so, where a person does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Its parts.
    pub parts: BTreeMap<Name, PartKind>,
}

/// How a fact stands, the worse the higher, but for what is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The same, whatever it was written as.
    Identical,
    /// Another value that makes no difference that counts.
    Equivalent,
    /// As much smaller or larger as everything else of its group.
    Scaled,
    /// It differs, and somebody answers for that.
    Waived,
    /// It could not be told whether it differs.
    Unknown,
    /// It differs, and results change with it.
    Material,
    /// It differs so that results say nothing of the reference.
    Blocking,
}

impl Class {
    /// All of them, those that need attention first.
    pub const ALL: [Class; 7] = [Class::Blocking, Class::Material, Class::Unknown, Class::Waived, Class::Scaled, Class::Equivalent, Class::Identical];
    /// The word for people and programs.
    pub fn word(self) -> &'static str {
        match self {
            Class::Identical => "identical",
            Class::Equivalent => "equivalent",
            Class::Scaled => "scaled",
            Class::Waived => "waived",
            Class::Unknown => "unknown",
            Class::Material => "material",
            Class::Blocking => "blocking",
        }
    }
    /// Glyph, so that colour is never alone.
    pub fn glyph(self) -> &'static str {
        match self {
            Class::Identical => "=",
            Class::Equivalent => "≈",
            Class::Scaled => "∝",
            Class::Waived => "w",
            Class::Unknown => "?",
            Class::Material => "!",
            Class::Blocking => "✗",
        }
    }
    /// Do the two agree in it?
    pub fn agrees(self) -> bool {
        matches!(self, Class::Identical | Class::Equivalent | Class::Scaled)
    }
    /// Does it differ so that results change?
    pub fn differs(self) -> bool {
        matches!(self, Class::Material | Class::Blocking)
    }
}

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// What runs: versions, builds, packages, settings.
    Software,
    /// How much there is of it: CPUs, memory, workers, pools.
    Resources,
    /// How it is connected.
    Topology,
    /// Who else may use what it uses.
    Isolation,
    /// How it is measured.
    Methodology,
}

impl Dimension {
    /// All of them, in report order.
    pub const ALL: [Dimension; 5] = [Dimension::Software, Dimension::Resources, Dimension::Topology, Dimension::Isolation, Dimension::Methodology];
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Dimension::Software => "software",
            Dimension::Resources => "resources",
            Dimension::Topology => "topology",
            Dimension::Isolation => "isolation",
            Dimension::Methodology => "methodology",
        }
    }
}

/// One fact on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Whose.
    pub part: Name,
    /// Which.
    pub fact: String,
    /// What it is about.
    pub dimension: Dimension,
    /// Which expectation judged it.
    pub by: Name,
    /// How it stands.
    pub class: Class,
    /// How it would stand without its waiver.
    pub raw: Class,
    /// Here.
    pub here: Shown,
    /// There.
    pub there: Shown,
    /// What decided, and what the difference does; empty where they are identical.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub because: String,
    /// What it is scaled together with, where it goes with the size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Name>,
    /// Must it be known on both sides?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wanted: bool,
    /// Would a difference block? Then it must be known, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub key: bool,
}

impl Row {
    /// `gateway.process.workers`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.part, self.fact)
    }
}

/// What a shown text stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Is {
    /// A value.
    #[default]
    Value,
    /// That there is none.
    Absent,
    /// That it is not known.
    Unknown,
}

impl Is {
    fn is_value(&self) -> bool {
        *self == Is::Value
    }
}

/// A value as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The value; `(none)` where it is not there; `?` where that is not known.
    pub text: String,
    /// Is it a value?
    #[serde(default, skip_serializing_if = "Is::is_value")]
    pub is: Is,
    /// Where it was read, or why it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
}

/// How large the environment is beside its reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The group of facts that go together.
    pub group: Name,
    /// Here divided by there.
    pub ratio: f64,
    /// Did the spec say so? Else it is what most members agree on.
    pub declared: bool,
    /// Paths of its members that fit.
    pub fits: Vec<String>,
    /// Paths of those that do not.
    pub off: Vec<String>,
}

/// How a waiver stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaiverStands {
    /// The facts that it names.
    pub fact: String,
    /// How it stands.
    pub state: FactWaiverState,
    /// What there is to know: the values that moved, when it ends.
    pub says: String,
}

/// How far two environments agree in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Which.
    pub dimension: Dimension,
    /// Weighted share of expectations that hold, of those that could be told; `None` where none could.
    pub raw: Option<f64>,
    /// The same with waived ones counted as held.
    pub waived: Option<f64>,
    /// Share of the facts that must be known which are known on both sides.
    pub coverage: Option<f64>,
    /// What can be said in all.
    pub verdict: Match,
}

/// What can be said of two environments, or of one dimension of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Neither side has facts of it.
    Untold,
    /// Nothing that counts differs, and what must be known is known.
    Matches,
    /// They agree up to something that the reader has to bear in mind: another size, waivers, facts that are not known.
    Conditional,
    /// What a difference would block could not be told.
    Unknown,
    /// Something that counts differs.
    Differs,
}

impl Match {
    /// The words for reports.
    pub fn words(self) -> &'static str {
        match self {
            Match::Untold => "nothing told",
            Match::Matches => "matches",
            Match::Conditional => "matches under conditions",
            Match::Unknown => "could not tell",
            Match::Differs => "differs",
        }
    }
}

/// A conclusion of a load test, and whether it carries over to the reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// The conclusion, in words.
    pub conclusion: String,
    /// Does it carry over? `None` where that could not be told.
    pub holds: Option<bool>,
    /// Why not, or under which condition: the paths that stand against it.
    pub because: Vec<String>,
}

impl Comparison {
    /// What can be said in all: the worst of the dimensions. One of which nothing that must be known is not known, but nothing
    /// else is known either, is a condition.
    pub fn verdict(&self) -> Match {
        let told = self.dimensions.iter().filter(|d| d.raw.is_some());
        let blind = self.rows.iter().any(|row| row.key && row.class == Class::Unknown);
        let worst = self.dimensions.iter().map(|d| d.verdict).max().unwrap_or(Match::Untold);
        match worst {
            Match::Unknown if !blind && told.count() > 0 => Match::Conditional,
            Match::Untold => Match::Unknown,
            worst => worst,
        }
    }
    /// How many facts stand so.
    pub fn count(&self, class: Class) -> usize {
        self.rows.iter().filter(|r| r.class == class).count()
    }
    /// Those that stand so, in order.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |r| r.class == class)
    }
}
