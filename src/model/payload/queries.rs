use crate::model::rows::Attach;
use serde::{Deserialize, Serialize};

/// Expressions by which a rig's figures are read: recording and alerting rules, panels of dashboards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StoredQueries {
    /// In the order in which they were found.
    pub queries: Vec<StoredQuery>,
    /// Time between two scrapes as the store's configuration states it, ms, if it does.
    pub interval_ms: Option<f64>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredQuery {
    /// Where it stands: `rule gateway:cpu`, `dashboard Gateway, panel CPU`.
    pub place: String,
    /// The expression, in PromQL.
    pub expr: String,
    /// How often it is evaluated, ms, where that is fixed.
    pub every_ms: Option<u64>,
}

impl Attach for StoredQueries {}
