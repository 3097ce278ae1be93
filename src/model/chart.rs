//! A picture as data: audits say what to draw, `report::chart` draws it.

use super::{comparison::Comparison, waterfall::Waterfall};
use serde::{Deserialize, Serialize};

/// One chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Stable id inside its case, for links.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How to read it, one sentence.
    pub caption: String,
    /// Unit of the x axis with its meaning: `total time, ms`.
    pub x: String,
    /// The same for the y axis.
    pub y: String,
    /// What to draw.
    pub kind: ChartKind,
}

/// Shapes that the reports can draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Empirical distribution functions on one axis, at most a few hundred points a line.
    Ecdf {
        /// Is the x axis logarithmic?
        log: bool,
        /// One line per source.
        lines: Vec<Line>,
        /// The SLO on the x axis, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slo: Option<f64>,
    },
    /// Difference against level, with the band in which sources count as equal.
    Difference {
        /// Points per source.
        lines: Vec<Line>,
        /// Half width of the band at its centre 0, in y units.
        band: f64,
    },
    /// The spans of one trace.
    Waterfall(Waterfall),
    /// Values over the time of an act, with stretches of it that are marked.
    Timeline {
        /// One line per source; each point holds until the next where `steps` is set.
        lines: Vec<Line>,
        /// Names of the lines that hold their value until the next point.
        steps: Vec<String>,
        /// What is marked.
        marks: Vec<Mark>,
    },
    /// What several sources say of the same, in rows.
    Table {
        /// Titles of the columns.
        head: Vec<String>,
        /// As many cells a row as there are columns.
        rows: Vec<Vec<String>>,
    },
    /// Two environments side by side.
    Comparison(Box<Comparison>),
}

/// A stretch of the x axis that is marked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// From here.
    pub from: f64,
    /// To here.
    pub to: f64,
    /// Why.
    pub why: String,
}

/// A named set of points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Legend.
    pub name: String,
    /// What its points stand for, for the legend: `300 requests`, `154 bucket edges`; empty where a point is a point.
    #[serde(default)]
    pub of: String,
    /// (x, y).
    pub points: Vec<(f64, f64)>,
}
