//! What a spec says of the machine's idle noise.

use serde::{Deserialize, Serialize};

/// The machine is watched while nothing is asked of the rig.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noise {
    /// Programs, containers and services that only watch, besides those that are known and the workloads that are observers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub monitors: Vec<String>,
    /// May small fixed loads be run on it?
    pub calibrate: bool,
}
