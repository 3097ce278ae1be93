//! What is asked. A key holds only what the spec said, never what the world answered: time and references are
//! symbolic, so that a live run, a baseline and an earlier run share keys and can be compared.

use super::{
    endpoint::{Endpoint, NETWORK},
    name::Name,
    payload::{
        Burned, Calibration, ClockReadings, Emissions, Exposition, FactTable, HistogramSeries, IdleWindow, LogLines as LogAnswer, Performed, Rises,
        RoundTrips, Spans as SpanAnswer, StoredQueries, Tracks, network::Probed,
    },
    rows::{Attach, Blobs},
    workload::{BURN, NOISE},
};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Derives what every part of a key needs.
macro_rules! key {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub $kind $name $body
    )* };
}

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

    /// What we do to the rig. Only acts disturb, only acts need quiet; how much is [`Effort`](super::audit::Effort), beside the key.
    pub enum Act {
        /// Requests of our own.
        Load(LoadAct),
        /// CPU time, memory and bytes of our own.
        Burn(BurnAct),
        /// Nothing: what the machine does by itself shows.
        Quiet(QuietAct),
        /// Small fixed loads, on this machine only.
        Calibrate(CalibrateAct),
        /// Connections of our own to an endpoint, to measure the way there.
        Probe(ProbeAct),
    }

    /// A window in which nothing is asked of the rig.
    pub struct QuietAct {
        /// Its name.
        pub name: Name,
    }

    /// Rounds of small fixed loads.
    pub struct CalibrateAct {
        /// Its name.
        pub name: Name,
    }

    /// A burn, as the spec describes it. CPU and network go on and off irregularly, so that a lag between two clocks shows.
    pub struct BurnAct {
        /// The workload that it is.
        pub name: Name,
        /// In a container that is started and removed for it, or in rigcheck's own process?
        pub contained: bool,
        /// Thousandths of a core that are used while it is on.
        pub millicores: u32,
        /// Bytes that are written to and kept.
        pub memory: u64,
        /// Bytes per second over its loopback interface while it is on.
        pub network: u64,
    }

    /// A network baseline of one endpoint: how often is [`Effort`](super::audit::Effort), `requests` connects in `rounds` rounds.
    pub struct ProbeAct {
        /// Who is connected to, and what is asked of it.
        pub endpoint: Endpoint,
    }

    /// A load, as the spec describes it.
    pub struct LoadAct {
        /// Its name among the rig's loads.
        pub name: Name,
        /// Where its requests go.
        pub to: Destination,
        /// Which endpoint.
        pub api: Api,
        /// The model that is asked for.
        pub model: String,
        /// Path below the target's URL.
        pub path: String,
        /// Does it ask for a stream?
        pub stream: bool,
        /// Requests per 1000 seconds, evenly spaced, open loop.
        pub per_kilosecond: u64,
        /// `max_tokens` of each request.
        pub max_tokens: u32,
        /// Do the requests carry planted delays (for `rigcheck mock` behind the target)?
        pub planted: bool,
        /// Whose traces the requests ask to be recorded.
        #[serde(default, skip_serializing_if = "Traced::all")]
        pub traced: Traced,
    }

    /// Whose traces a load asks to be recorded, by the sampled flag of its `traceparent` (W3C Trace Context, trace flags).
    #[derive(Copy, Default)]
    pub enum Traced {
        /// Those of all its requests.
        #[default]
        All,
        /// Of each two requests that follow one another, with the same planted delays, one's, in random order: what recording
        /// costs is the difference between the two.
        Half,
    }

    /// Where a load's requests go.
    pub enum Destination {
        /// The API under test.
        Target,
        /// The reference endpoint itself, past the target: calibrates the load generator.
        Reference,
    }

    /// Endpoints that a load can speak.
    pub enum Api {
        /// OpenAI-compatible chat completions.
        Chat,
        /// OpenAI-compatible embeddings.
        Embeddings,
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

impl Traced {
    /// Is the trace of each request asked for?
    pub fn all(&self) -> bool {
        *self == Traced::All
    }
}

impl Act {
    /// How plans and reports name it.
    pub fn title(&self) -> String {
        match self {
            Act::Load(l) => format!("{} load", l.name),
            Act::Burn(b) => format!("burn {}", b.name),
            Act::Quiet(_) => "quiet window".into(),
            Act::Calibrate(_) => "calibration".into(),
            Act::Probe(p) => format!("network baseline of {}", p.endpoint.name),
        }
    }
    /// The name of the source that performs it.
    pub fn actor(&self) -> Name {
        match self {
            Act::Load(_) => Name("load".into()),
            Act::Burn(_) => Name(BURN.into()),
            Act::Quiet(_) | Act::Calibrate(_) => Name(NOISE.into()),
            Act::Probe(_) => Name(NETWORK.into()),
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
