//! What is kept: an ordered map from what was asked to what was seen, or to why nothing was.

use super::{
    key::{Key, Payload, Question, World},
    name::Name,
    rows::Blobs,
    units::Span,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// Why a question has no answer. **An empty answer is [`Seen`]; no answer is a `Gap`.** A gap is data, never an error, never a pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Nobody answered: address, what happened.
    Unreachable(String),
    /// Answered, but we may not: what permission is missing.
    Denied(String),
    /// Answered, but it is not what was asked for.
    Malformed(String),
    /// The deadline passed.
    TooLate(String),
    /// The source no longer has that time.
    OutsideRetention(String),
    /// The answer was cut.
    Truncated(String),
    /// The spec names no such thing.
    NotConfigured(String),
    /// It was not asked, because something before it failed or the run was interrupted.
    NotReached(String),
    /// The recording does not have it.
    NotRecorded,
    /// There is no accepted baseline.
    NoBaseline(String),
    /// The source is alive and asks to come back later.
    Busy(String),
    /// We refused to ask: spending or safety limits.
    Refused(String),
    /// The source's own code failed: our bug.
    Panicked(String),
}

impl Gap {
    /// One word for tables.
    pub fn word(&self) -> &'static str {
        match self {
            Gap::Unreachable(_) => "unreachable",
            Gap::Denied(_) => "denied",
            Gap::Malformed(_) => "malformed",
            Gap::TooLate(_) => "too late",
            Gap::OutsideRetention(_) => "outside retention",
            Gap::Truncated(_) => "truncated",
            Gap::NotConfigured(_) => "not configured",
            Gap::NotReached(_) => "not reached",
            Gap::NotRecorded => "not recorded",
            Gap::NoBaseline(_) => "no baseline",
            Gap::Busy(_) => "busy",
            Gap::Refused(_) => "refused",
            Gap::Panicked(_) => "panicked",
        }
    }
    /// What happened, in the source's words.
    pub fn detail(&self) -> &str {
        match self {
            Gap::Unreachable(t)
            | Gap::Denied(t)
            | Gap::Malformed(t)
            | Gap::TooLate(t)
            | Gap::OutsideRetention(t)
            | Gap::Truncated(t)
            | Gap::NotConfigured(t)
            | Gap::NotReached(t)
            | Gap::NoBaseline(t)
            | Gap::Busy(t)
            | Gap::Refused(t)
            | Gap::Panicked(t) => t,
            Gap::NotRecorded => "",
        }
    }
    /// May the same question be answered a moment later?
    pub fn transient(&self) -> bool {
        matches!(self, Gap::Unreachable(_) | Gap::Busy(_))
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail() {
            "" => f.write_str(self.word()),
            detail => write!(f, "{}: {detail}", self.word()),
        }
    }
}

/// How a source knows what it says; the weakest used one bounds a verdict's strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A person said so.
    Declared,
    /// Another tool reported it.
    Reported,
    /// We measured it, or read a counter that measures it.
    #[default]
    Measured,
}

impl Method {
    /// Evidence strength (DESIGN: measured 1, reported 0.9, declared 0.85).
    pub fn strength(self) -> f64 {
        match self {
            Method::Measured => 1.0,
            Method::Reported => 0.9,
            Method::Declared => 0.85,
        }
    }
}

/// Where an answer came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The exact request (URL with query, path with line range), without credentials.
    pub request: String,
    /// Who answered, with version where told.
    pub server: Option<String>,
    /// How it knows.
    pub method: Method,
}

/// An answer, immutable once recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// What was answered.
    pub payload: Payload,
    /// The stretch of time that it speaks of.
    pub covered: Span,
    /// Where it came from.
    pub origin: Origin,
    /// Warnings and infos that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Set when the answer is incomplete; [`Evidence::get`] then refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<Gap>,
}

/// A rule could not tell: the question and why it has no (whole) answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// The question.
    pub key: Box<Key>,
    /// Why.
    pub gap: Gap,
}

impl Unknown {
    /// A question without a (whole) answer.
    pub fn new(key: Key, gap: Gap) -> Unknown {
        Unknown { key: Box::new(key), gap }
    }
}

/// An answer of the type that the question is paired with.
#[derive(Clone, Copy, Debug)]
pub struct Got<'e, T> {
    /// The answer.
    pub value: &'e T,
    /// Its frame: time, origin, notes.
    pub seen: &'e Seen,
    /// The question.
    pub key: &'e Key,
}

/// What was asked and what was answered. Cloning is cheap: answers are shared.
#[derive(Clone, Debug, Default)]
pub struct Evidence(BTreeMap<Key, Result<Arc<Seen>, Gap>>);

/// One line of `evidence.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fact {
    /// What was asked.
    pub key: Key,
    /// What was answered, or why not.
    pub answer: Result<Arc<Seen>, Gap>,
}

impl Evidence {
    /// Adds an answer.
    pub fn put(&mut self, key: Key, answer: Result<Arc<Seen>, Gap>) {
        self.0.insert(key, answer);
    }
    /// What was answered, whole, partial or not at all.
    pub fn raw(&self, key: &Key) -> Option<&Result<Arc<Seen>, Gap>> {
        self.0.get(key)
    }
    /// Everything, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Result<Arc<Seen>, Gap>)> {
        self.0.iter()
    }
    /// How many questions have an entry.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Is nothing recorded?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Forgets an entry (law tests).
    pub fn remove(&mut self, key: &Key) {
        self.0.remove(key);
    }

    /// The typed reader: absent, gap and partial are all `Err`, so that `?` in a rule makes it `no_data`.
    pub fn get<Q: Question>(&self, world: &World, source: &Name, question: &Q) -> Result<Got<'_, Q::Answer>, Unknown> {
        let got = self.get_partial(world, source, question)?;
        match &got.seen.partial {
            None => Ok(got),
            Some(gap) => Err(Unknown::new(got.key.clone(), gap.clone())),
        }
    }

    /// Like [`Evidence::get`], but hands out an incomplete answer too. The caller must look at `seen.partial`.
    pub fn get_partial<Q: Question>(&self, world: &World, source: &Name, question: &Q) -> Result<Got<'_, Q::Answer>, Unknown> {
        let key = Key { world: world.clone(), source: source.clone(), query: question.clone().into() };
        match self.0.get_key_value(&key) {
            None => Err(Unknown::new(key, Gap::NotRecorded)),
            Some((_, Err(gap))) => Err(Unknown::new(key, gap.clone())),
            Some((kept, Ok(seen))) => match Q::pick(&seen.payload) {
                Some(value) => Ok(Got { value, seen, key: kept }),
                None => Err(Unknown::new(key, Gap::Malformed("the recorded answer is of another kind than the question".into()))),
            },
        }
    }

    /// Changes one answer in a copy: negative controls. Does nothing where there is no answer.
    pub fn alter<Q: Question>(&mut self, source: &Name, question: &Q, change: impl FnOnce(&mut Q::Answer)) {
        self.alter_in(&World::Live, source, question, change);
    }

    /// The same of another world.
    pub fn alter_in<Q: Question>(&mut self, world: &World, source: &Name, question: &Q, change: impl FnOnce(&mut Q::Answer)) {
        let key = Key { world: world.clone(), source: source.clone(), query: question.clone().into() };
        if let Some(Ok(seen)) = self.0.get_mut(&key)
            && let Some(answer) = Q::pick_mut(&mut Arc::make_mut(seen).payload)
        {
            change(answer);
        }
    }

    /// Gives all row handles the place where their rows lie.
    pub fn attach(&mut self, blobs: &Arc<dyn Blobs>) {
        for seen in self.0.values_mut().flatten() {
            Arc::make_mut(seen).payload.attach(blobs);
        }
    }
}

impl FromIterator<Fact> for Evidence {
    fn from_iter<I: IntoIterator<Item = Fact>>(facts: I) -> Self {
        Evidence(facts.into_iter().map(|f| (f.key, f.answer)).collect())
    }
}

/// SHA-256 as 64 hex digits.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex digits, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
