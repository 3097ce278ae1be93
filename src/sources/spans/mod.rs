//! What every trace source shares: whose traces are ours, how a span is read from each format, what of it is kept.

mod gathered;
mod keeper;
mod known;
mod list;
mod otlp_json;
mod otlp_proto;
mod ours;
mod pace;
mod read;
mod resource;
pub mod secrets;
mod skew;
mod texts;
mod waiting;

pub(super) use gathered::{Gathered, MOST_FOREIGN};
pub(super) use keeper::{Keeper, kind_word};
pub(super) use list::{each, first};
pub use otlp_json::{NotOtlp, read_json};
pub use otlp_proto::{NotProtobuf, read_protobuf};
pub(super) use ours::Ours;
pub use pace::Pace;
pub(super) use read::{MOST_SPANS, Read};
pub(super) use resource::Resource;
pub(super) use secrets::{Events, Held};
pub(super) use skew::Skew;
pub(super) use texts::all as texts;
pub(super) use waiting::{act_over, in_time, interrupted_or, pause};
