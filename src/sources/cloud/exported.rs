//! What an export holds, whichever form it has.

use crate::model::units::Wall;
use std::collections::BTreeMap;

/// One series of an export.
#[derive(Debug, Default)]
pub struct Exported {
    /// The names by which a claim may mean it.
    pub names: Vec<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Is the name of a statistic that its values are, if told: `Average`, `Sum`.
    pub statistic: Option<String>,
    /// What its values say.
    pub says: Says,
    /// Which end of its period a stamp without a beginning is.
    pub stamped: Stamped,
    /// In the order of the file.
    pub points: Vec<Point>,
    /// Values that are no number.
    pub nan: usize,
}

/// One value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When what it covers began, if told.
    pub from: Option<Wall>,
    /// Its stamp.
    pub at: Wall,
    /// The value.
    pub value: f64,
}

/// What the values of a series say, as far as the file tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Says {
    /// It does not tell.
    #[default]
    Untold,
    /// The state, or the mean of a period.
    State,
    /// What a period added.
    Added,
    /// All since a beginning.
    Total,
}

/// Which end of its period a stamp is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stamped {
    /// Its beginning, as CloudWatch does.
    Beginning,
    /// Its end.
    #[default]
    End,
}
