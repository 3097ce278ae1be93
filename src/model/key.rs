//! What is asked. A key holds only what the spec said, never what the world answered: time and references are
//! symbolic, so that a live run, a baseline and an earlier run share keys and can be compared.

use super::{
    act::{Act, key},
    name::Name,
    payload::{
        Burned, Calibration, ClockReadings, Emissions, Exposition, FactTable, HistogramSeries, IdleWindow, LogLines as LogAnswer, Performed, Rises,
        RoundTrips, Spans as SpanAnswer, StoredQueries, Tracks, network::Probed,
    },
    rows::{Attach, Blobs},
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

key! {
    /// Whose world: this run, an accepted baseline or other environment, an earlier run.
    pub enum World {
        /// This run.
        Live,
        /// An accepted baseline or another environment.
        Reference(Name),
        /// The n-th run before this one.
        Earlier(u32),
    }

    /// When the question is about.
    pub enum When {
        /// At the time of asking.
        Now,
        /// The state just before the act.
        Before(Act),
        /// From just before the act until its traces have settled.
        During(Act),
        /// The state after the act has settled.
        After(Act),
    }

    /// One question to one source about one world.
    pub struct Key {
        /// Whose world.
        pub world: World,
        /// Who is asked.
        pub source: Name,
        /// What is asked.
        pub query: Query,
    }

    /// Do an act; the answer is what the actor itself saw.
    pub struct Perform {
        /// The act.
        pub act: Act,
    }
    /// Burn; the answer is what was really used.
    pub struct Burn {
        /// The act.
        pub act: Act,
    }
    /// Leave the rig alone; the answer is what its machine did meanwhile.
    pub struct Idle {
        /// The act.
        pub act: Act,
    }
    /// Run the small fixed loads; the answer is how they fared.
    pub struct Calibrate {
        /// The act.
        pub act: Act,
    }
    /// What a workload used, by all claims that the source makes about it.
    pub struct Usage {
        /// Name of the workload.
        pub of: Name,
        /// Around which act.
        pub when: When,
    }
    /// The expressions by which figures are read: rules, dashboards.
    pub struct Queries {}
    /// Time to set up a connection to the target, from where we stand.
    pub struct RoundTrip {}
    /// What the reference endpoint really emitted for each request of an act.
    pub struct Truth {
        /// The act.
        pub of: Act,
    }
    /// Raw samples of the series of a histogram claim.
    pub struct Histogram {
        /// Name of the claim.
        pub claim: Name,
        /// Around which act.
        pub when: When,
    }
    /// Whatever counted something meanwhile, claimed or not: what a wrong mapping missed. Only a probe asks it.
    pub struct Risen {
        /// Around which act.
        pub when: When,
    }
    /// The log lines of our own requests.
    pub struct LogLines {
        /// Around which act.
        pub when: When,
    }
    /// The spans of our own requests.
    pub struct Spans {
        /// The act whose traces are meant.
        pub of: Act,
    }
    /// How well formed a metrics page is.
    pub struct Page {
        /// Around which act: a page is bare until its program has served something.
        pub when: When,
    }
    /// How far the clock of a source's host may be off.
    pub struct Clock {}
    /// Facts that a source tells about itself or its host.
    pub struct Facts {
        /// Which group of facts, in the source's words.
        pub scope: Name,
    }
    /// Measure the way to an endpoint; the answer is every connect, and all else that was seen.
    pub struct Probe {
        /// The act.
        pub act: Act,
    }
}

/// A question, paired with the type of its answer.
pub trait Question: Into<Query> + Clone {
    /// What a source answers.
    type Answer: 'static;
    /// The answer inside a payload, if the payload is of this kind.
    fn pick(payload: &Payload) -> Option<&Self::Answer>;
    /// The same, to change it in a copy (negative controls).
    fn pick_mut(payload: &mut Payload) -> Option<&mut Self::Answer>;
    /// Wraps an answer.
    fn wrap(answer: Self::Answer) -> Payload;
}

/// The one table that pairs questions with answers.
macro_rules! questions {
    ($($question:ident => $answer:ty),* $(,)?) => {
        /// Any question.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(tag = "ask", rename_all = "snake_case")]
        pub enum Query { $(#[allow(missing_docs)] $question($question)),* }

        /// Any answer.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Payload { $(#[allow(missing_docs)] $question($answer)),* }

        $(
            impl From<$question> for Query { fn from(q: $question) -> Query { Query::$question(q) } }
            impl Question for $question {
                type Answer = $answer;
                fn pick(payload: &Payload) -> Option<&$answer> {
                    if let Payload::$question(a) = payload { Some(a) } else { None }
                }
                fn pick_mut(payload: &mut Payload) -> Option<&mut $answer> {
                    if let Payload::$question(a) = payload { Some(a) } else { None }
                }
                fn wrap(answer: $answer) -> Payload { Payload::$question(answer) }
            }
        )*

        impl Query {
            /// The question's word, for reports and files.
            pub fn word(&self) -> &'static str {
                match self { $(Query::$question(_) => stringify!($question)),* }
            }
        }

        impl Payload {
            /// Gives row handles the place where their rows lie, after reading from disk.
            pub fn attach(&mut self, blobs: &Arc<dyn Blobs>) {
                match self { $(Payload::$question(a) => a.attach(blobs)),* }
            }
            /// Digests of the blobs that the answer cites.
            pub fn blobs(&self) -> Vec<String> {
                match self { $(Payload::$question(a) => a.blobs()),* }
            }
            /// Does this answer belong to that question?
            pub fn answers(&self, query: &Query) -> bool {
                match (self, query) { $((Payload::$question(_), Query::$question(_)) => true,)* _ => false }
            }
        }
    };
}

questions! {
    Perform => Performed,
    Burn => Burned,
    Idle => IdleWindow,
    Calibrate => Calibration,
    Usage => Tracks,
    Queries => StoredQueries,
    RoundTrip => RoundTrips,
    Truth => Emissions,
    Histogram => HistogramSeries,
    Risen => Rises,
    LogLines => LogAnswer,
    Spans => SpanAnswer,
    Page => Exposition,
    Facts => FactTable,
    Clock => ClockReadings,
    Probe => Box<Probed>,
}

impl Query {
    /// The act that the question is about, if any.
    pub fn act(&self) -> Option<&Act> {
        match self {
            Query::Perform(q) => Some(&q.act),
            Query::Burn(q) => Some(&q.act),
            Query::Idle(q) => Some(&q.act),
            Query::Calibrate(q) => Some(&q.act),
            Query::Usage(q) => q.when.act(),
            Query::Truth(q) => Some(&q.of),
            Query::Spans(q) => Some(&q.of),
            Query::Histogram(q) => q.when.act(),
            Query::Risen(q) => q.when.act(),
            Query::LogLines(q) => q.when.act(),
            Query::Page(q) => q.when.act(),
            Query::Probe(q) => Some(&q.act),
            Query::RoundTrip(_) | Query::Queries(_) | Query::Facts(_) | Query::Clock(_) => None,
        }
    }
    /// The act that the question itself performs, if it is one.
    pub fn performs(&self) -> Option<&Act> {
        match self {
            Query::Perform(q) => Some(&q.act),
            Query::Burn(q) => Some(&q.act),
            Query::Idle(q) => Some(&q.act),
            Query::Calibrate(q) => Some(&q.act),
            Query::Probe(q) => Some(&q.act),
            _ => None,
        }
    }
}

impl When {
    /// The act that it refers to.
    pub fn act(&self) -> Option<&Act> {
        match self {
            When::Now => None,
            When::Before(a) | When::During(a) | When::After(a) => Some(a),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.world {
            World::Live => {}
            World::Reference(n) => write!(f, "[{n}] ")?,
            World::Earlier(k) => write!(f, "[{k} runs ago] ")?,
        }
        write!(f, "{}", self.source)?;
        match &self.query {
            Query::Perform(q) => write!(f, " {}", q.act.title()),
            Query::Burn(_) => write!(f, " known load"),
            Query::Idle(_) => write!(f, " quiet window"),
            Query::Calibrate(_) => write!(f, " calibration"),
            Query::Usage(q) => write!(f, " usage of {}", q.of),
            Query::Queries(_) => write!(f, " stored queries"),
            Query::RoundTrip(_) => write!(f, " round trip"),
            Query::Truth(_) => write!(f, " emission log"),
            Query::Histogram(q) => write!(f, " histogram {}", q.claim),
            Query::Risen(_) => write!(f, " whatever counts"),
            Query::LogLines(_) => write!(f, " log lines"),
            Query::Spans(_) => write!(f, " spans"),
            Query::Page(_) => write!(f, " metrics page"),
            Query::Facts(q) => write!(f, " facts {}", q.scope),
            Query::Clock(_) => write!(f, " clock"),
            Query::Probe(q) => write!(f, " {}", q.act.title()),
        }
    }
}
