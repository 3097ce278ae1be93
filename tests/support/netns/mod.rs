//! Small networks whose delay, loss and failures are known: network namespaces with a relay between them, in user space.
//!
//! ```text
//! client namespace           relay 0                server namespace
//!   wan0 (TUN)  ──────►  delay, loss, ...  ──────►   lan0 (TUN)
//! ```
//!
//! With routers the chain is longer, with a relay on each link; `World::relay` is the one next to the client.
//! A kernel needs TUN devices and namespaces for it, not netem; the process needs to be root.
#![allow(clippy::disallowed_methods, reason = "makes namespaces, starts what runs in them and takes the time of packets")]
#![allow(unused_imports, reason = "two test targets share it, and each uses a part")]

mod authority;
mod behaves;
mod bucket;
mod conditions;
mod connection;
mod dns;
mod flow;
mod header;
mod http;
mod https;
mod kernel;
mod lane;
mod log;
mod loops;
mod namespace;
mod process;
mod relay;
mod sweep;
mod too_big;
mod tunnel;
mod world;

pub use authority::{Authority, Certificate, INTERCEPTING, TRUSTED};
pub use behaves::{Accepted, Behaves, Tls};
pub use conditions::{Conditions, Jitter, Largest, Loss, Rate};
pub use connection::{Seen, SeenRequest};
pub use dns::{Dns, Record};
pub use flow::{Echo, Exchange, Flow};
pub use header::{Header, Transport, flags};
pub use https::Https;
pub use log::{Direction, Fate, Log, Packet, Why, quantile};
pub use namespace::Namespace;
pub use process::Process;
pub use relay::{Relay, now_ns};
pub use sweep::remove_left_over;
pub use world::{Plan, World};
