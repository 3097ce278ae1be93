//! One file per rule.

mod address_family;
mod budget;
mod documented;
mod enough;
mod first_byte;
mod held;
mod http;
mod in_the_way;
mod jitter;
mod large_packets;
mod like_reference_loss;
mod like_reference_place;
mod like_reference_rtt;
mod lookup_time;
mod loss;
mod no_interception;

mod quiet_prober;
mod reachable;
mod resolvers_agree;
mod resolves;
mod resumption;
mod stable_path;
mod tls;

pub use address_family::AddressFamily;
pub use budget::Budget;
pub use documented::Documented;
pub use enough::Enough;
pub use first_byte::FirstByte;
pub use held::Held;
pub use http::Http;
pub use in_the_way::InTheWay;
pub use jitter::Jitter;
pub use large_packets::LargePackets;
pub use like_reference_loss::LikeReferenceLoss;
pub use like_reference_place::LikeReferencePlace;
pub use like_reference_rtt::LikeReferenceRtt;
pub use lookup_time::LookupTime;
pub use loss::Loss;
pub use no_interception::NoInterception;

pub use quiet_prober::QuietProber;
pub use reachable::Reachable;
pub use resolvers_agree::ResolversAgree;
pub use resolves::Resolves;
pub use resumption::Resumption;
pub use stable_path::StablePath;
pub use tls::Tls;

use crate::{
    audits::network_baseline::Way,
    model::{
        evidence::Unknown,
        name::Name,
        payload::network::{Measured, Resolution},
        rig::Rig,
    },
};

/// The endpoints as subjects.
fn endpoints(rig: &Rig) -> Vec<Name> {
    rig.far_ends().map(|(name, _)| name.clone()).collect()
}

/// How the name became addresses; `None` where the host is an address already.
fn resolution<'e>(way: &Way<'e>) -> Result<Option<&'e Resolution>, Unknown> {
    match &way.probed().resolution {
        Measured::Known(resolution) => Ok(Some(resolution)),
        Measured::Needless(_) => Ok(None),
        Measured::Missing { gap, .. } => Err(Unknown::new(way.got.key.clone(), gap.clone())),
    }
}

/// A part that must be there to be judged.
fn known<'e, T>(way: &Way<'e>, part: &'e Measured<T>) -> Result<Option<&'e T>, Unknown> {
    match part {
        Measured::Known(part) => Ok(Some(part)),
        Measured::Needless(_) => Ok(None),
        Measured::Missing { gap, .. } => Err(Unknown::new(way.got.key.clone(), gap.clone())),
    }
}
