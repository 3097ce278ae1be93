//! Level 0: what everything else speaks about. Pure types and the ports; no I/O, no clock.
//!
//! Read in this order: [`rig`] (what exists), [`act`] (what we do to it), [`key`] (what is asked), [`payload`] (what is answered),
//! [`evidence`] (what is kept), [`case`] and [`audit`] (what is judged), [`outcome`] (what was found),
//! [`event`] (what happened).

pub mod act;
pub mod anchors;
pub mod audit;
pub mod bytes;
pub mod capability;
pub mod case;
pub mod change;
pub mod chart;
pub mod comparison;
pub(crate) mod decimal;
pub mod endpoint;
pub mod environment;
pub mod event;
pub mod evidence;
pub mod fact_waiver;
pub mod glob;
pub mod key;
pub mod name;
pub mod network;
pub mod node;
pub mod noise;
pub mod outcome;
pub mod panics;
pub mod payload;
pub mod recording;
pub mod redactor;
pub mod rig;
pub mod rows;
pub mod secret;
pub mod snapshot;
pub mod source;
pub mod timeline;
pub mod times;
pub mod units;
pub mod usage;
pub mod waiver;
pub mod waterfall;
pub mod workload;

pub use act::Act;
pub use audit::{Audit, Context, Effort, Need, Rule, RuleEntry};
pub use evidence::{Evidence, Gap, Got, Seen, Unknown};
pub use key::{Key, Payload, Query, Question, When, World};
pub use name::{Name, name};
pub use outcome::{Figure, Finding, Outcome, Status};
pub use rig::{Claim, Quantity, Rig};
pub use source::{Slot, Source, Timing};
