//! How endpoints are reached. Nothing of it is in a key: two environments ask the same of one endpoint, each in its own way.

use super::{dns::Resolver, pace::Pace};
use crate::model::name::Name;
use std::{collections::BTreeMap, path::PathBuf};

/// Settings of the source.
#[derive(Clone, Debug, Default)]
pub struct NetworkSettings {
    /// How each endpoint is reached.
    pub reach: Reach,
    /// How some are reached instead, by their names.
    pub of: BTreeMap<Name, Reach>,
    /// How fast.
    pub pace: Pace,
    /// Who is asked for names.
    pub resolver: Resolver,
}

/// How an endpoint is reached.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// PEM file of authorities that are trusted beside the machine's.
    pub ca_file: Option<PathBuf>,
    /// URL of the proxy that an application here would use for it, `http://HOST:PORT` without credentials. Whoever makes these
    /// settings reads `HTTPS_PROXY` and `NO_PROXY`; the source reads no environment.
    pub proxy: Option<String>,
}

impl NetworkSettings {
    /// How that endpoint is reached.
    pub fn reach(&self, endpoint: &Name) -> &Reach {
        self.of.get(endpoint).unwrap_or(&self.reach)
    }
}
