//! The network baseline of one endpoint: what the act [`Probe`](crate::model::key::Probe) saw on the way there.
//!
//! Everything is raw: one row per connect, per lookup, per echo, per hop. Times are µs. A part that could not be measured says
//! why, as a [`Gap`](crate::model::evidence::Gap), and what would give it ([`Measured`]).

mod address_class;
mod bandwidth;
mod certificate;
mod connect;
mod ended;
mod handshake;
mod hops;
mod http_answer;
mod large_body;
mod lookup;
mod measured;
mod ping;
mod probed;
mod prober;
mod proves;
mod resolution;
mod resolv_conf;
mod target;
mod tcp_state;

pub use address_class::AddressClass;
pub use bandwidth::{Arrived, Bandwidth};
pub use certificate::{Certificate, Distrust, Trust};
pub use connect::Connect;
pub use ended::{Ended, NoRoute, Stage, TlsFault};
pub use handshake::{Handshake, Session};
pub use hops::{Flow, Hop, Hops};
pub use http_answer::HttpAnswer;
pub use large_body::{LargeBody, Look, PathMtu};
pub use lookup::{Answers, Lookup, LookupEnd, RecordKind};
pub use measured::Measured;
pub use ping::{Echo, Ping, PingSocket, Reply};
pub use probed::{Cut, Probed, Via};
pub use prober::{Prober, ProberAt};
pub use proves::{Proves, Seeing};
pub use resolution::{Agreement, Nameserver, Resolution, SystemLookup, SystemOutcome};
pub use resolv_conf::ResolvConf;
pub use target::Target;
pub use tcp_state::TcpState;
