//! What uses a machine: the API server, its database, whoever watches them, the machine itself.

use super::act::BurnAct;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Somebody whose CPU time, memory and network are measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// How it is found.
    pub found: Found,
    /// Does it only watch? Then what it uses is what watching costs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observer: bool,
}

/// How a workload is found on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// A container of Docker, by its name or id.
    Container(String),
    /// The one running container of Docker with this label: `KEY=VALUE`, or `KEY` alone.
    Label(String),
    /// A process and those that it started, by the id of the first.
    Pid(u32),
    /// Whoever listens on this TCP port, with those that it started.
    Port(u16),
    /// The processes of this name (`comm`, or the last part of the first argument).
    Process(String),
    /// A control group, by its path below each hierarchy's root.
    Cgroup(String),
    /// What rigcheck itself burns.
    Burn(BurnAct),
    /// The whole machine.
    Host,
    /// Nobody on this machine: only other sources tell of it.
    Elsewhere,
}

impl Workload {
    /// The load that rigcheck itself makes, if it is that.
    pub fn burn(&self) -> Option<&BurnAct> {
        if let Found::Burn(act) = &self.found { Some(act) } else { None }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Container(name) => write!(f, "container {name}"),
            Found::Label(label) => write!(f, "container with label {label}"),
            Found::Pid(pid) => write!(f, "process {pid}"),
            Found::Port(port) => write!(f, "who listens on port {port}"),
            Found::Process(name) => write!(f, "processes named {name}"),
            Found::Cgroup(path) => write!(f, "control group {path}"),
            Found::Burn(_) => f.write_str("rigcheck's own burn"),
            Found::Host => f.write_str("this machine"),
            Found::Elsewhere => f.write_str("elsewhere"),
        }
    }
}

/// The name of the workload that is this machine.
pub const HOST: &str = "host";
/// The name of the source that reads this machine's own kernel.
pub const KERNEL: &str = "kernel";
/// The name of the source that watches this machine while nothing is asked of it, and that runs small fixed loads on it.
pub const NOISE: &str = "noise";
/// The name of the source that burns.
pub const BURN: &str = "burn";
/// The name of the container in which it burns, where it does so in one: the label by which other sources know it.
pub const BURN_CONTAINER: &str = "rigcheck-burn";
