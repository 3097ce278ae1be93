//! The network as the spec describes it: which endpoints are measured, and what the way to them is compared with.

use super::{endpoint::Endpoint, name::Name, units::Ms};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The scope in which the source `network` tells what a recording is; no endpoint can have this name.
pub const RECORDING: &str = "(recording)";

/// Whose ways are measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// The endpoints, by name.
    pub endpoints: BTreeMap<Name, FarEnd>,
    /// The environment whose ways they are compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Name>,
    /// The time to first token of which the network may take a share, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttft: Option<Ms>,
}

/// One endpoint, with what is known of it beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FarEnd {
    /// Who is connected to, and what is asked.
    pub endpoint: Endpoint,
    /// The pattern of the endpoint catalogue that it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The provider's region, where the name has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Words of which one stands in the issuer of its certificate; empty: nobody said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<String>,
}
