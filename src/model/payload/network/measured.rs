use crate::model::evidence::Gap;
use serde::{Deserialize, Serialize};

/// A part of an answer that could be there or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured<T> {
    /// It was measured.
    Known(T),
    /// It could not be.
    Missing {
        /// Why.
        gap: Gap,
        /// What would give it, for whoever runs the machine; `None` where nothing here would.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remedy: Option<String>,
    },
    /// There is nothing to measure, or nobody asked for it: why.
    Needless(String),
}

impl<T> Measured<T> {
    /// What is missing, without a remedy.
    pub fn missing(gap: Gap) -> Measured<T> {
        Measured::Missing { gap, remedy: None }
    }
    /// What is missing, with what would give it.
    pub fn remediable(gap: Gap, remedy: impl Into<String>) -> Measured<T> {
        Measured::Missing { gap, remedy: Some(remedy.into()) }
    }
    /// What was measured.
    pub fn known(&self) -> Option<&T> {
        if let Measured::Known(value) = self { Some(value) } else { None }
    }
    /// Why it was not, if it should have been.
    pub fn gap(&self) -> Option<&Gap> {
        if let Measured::Missing { gap, .. } = self { Some(gap) } else { None }
    }
}
