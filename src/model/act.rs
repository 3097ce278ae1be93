//! What we do to the rig: the part of a key that says which act a question is about.

use super::{
    endpoint::{Endpoint, NETWORK},
    name::Name,
    workload::{BURN, NOISE},
};
use serde::{Deserialize, Serialize};

/// Derives what every part of a key needs.
macro_rules! key {
    ($($(#[$meta:meta])* pub $kind:ident $name:ident $body:tt)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub $kind $name $body
    )* };
}
pub(super) use key;

key! {
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
