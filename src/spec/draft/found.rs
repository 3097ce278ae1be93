//! What was given to `rigcheck init` and what it found: shapes and names only, never contents.

use crate::spec::write::{scalar, verbatim};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a draft is made of.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The rig's name.
    pub rig: String,
    /// The API under test.
    pub target: Option<Target>,
    /// Other places of this host that look like a gateway too.
    pub other_targets: Vec<String>,
    /// A server with the Prometheus HTTP API.
    pub prometheus: Option<Place<Server>>,
    /// Metrics pages.
    pub pages: Vec<Place<Page>>,
    /// A Jaeger query service.
    pub jaeger: Option<Place<Services>>,
    /// Access logs.
    pub logs: Vec<Place<LogShape>>,
    /// `rigcheck mock`.
    pub truth: Option<Place<Models>>,
    /// Containers of this host, as far as they were told.
    pub containers: Vec<Container>,
    /// Metric families, over all places.
    pub families: Vec<Family>,
    /// Everything that was looked at, in order, for people.
    pub looks: Vec<Look>,
}

/// One look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// At what: `target`, `prometheus`.
    pub what: String,
    /// Where, as written.
    pub at: String,
    /// Why it was looked at.
    pub asked: Asked,
    /// What was there, or why nothing was seen.
    pub saw: Result<String, String>,
}

/// How a place came to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An option named it.
    Given,
    /// It is one of the usual places of this host.
    Usual,
    /// It is the target's own.
    Own,
    /// Prometheus scrapes it.
    Scraped,
}

impl Asked {
    /// In words behind what was found; nothing where the user named it.
    pub fn unasked(self) -> &'static str {
        match self {
            Asked::Given => "",
            Asked::Usual => " (nobody named it: it answers on this host)",
            Asked::Own => " (nobody named it: the target has it)",
            Asked::Scraped => " (nobody named it: Prometheus scrapes it)",
        }
    }
}

/// A place and what it said.
#[derive(Clone, Debug)]
pub struct Place<T> {
    /// As it is written into the spec: references are not resolved.
    pub at: String,
    /// Why it was looked at.
    pub asked: Asked,
    /// What it said, or why it said nothing.
    pub said: Result<T, String>,
}

impl<T> Place<T> {
    /// The place as YAML. A reference of the user's stays one; what others say refers to nothing.
    pub(super) fn scalar(&self) -> String {
        match self.asked {
            Asked::Given | Asked::Own => verbatim(&self.at),
            Asked::Usual | Asked::Scraped => scalar(&self.at),
        }
    }
}

/// The API under test.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its base URL, as written.
    pub url: String,
    /// Was it given, or found on this host?
    pub asked: Asked,
    /// Headers, as written.
    pub headers: Vec<(String, String)>,
    /// Is it on this machine's loopback interface?
    pub loopback: bool,
    /// What its list of models says.
    pub models: Result<Models, String>,
    /// The chat path that its OpenAPI document names.
    pub chat_path: Option<String>,
}

/// A list of models: how many, and whether ours is among them. Their names are the user's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Models {
    /// How many there are.
    pub count: usize,
    /// Is `rigcheck-truth` one of them?
    pub truth: bool,
}

/// A server with the Prometheus HTTP API.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// `Prometheus 2.42.0`.
    pub title: String,
    /// Names of histograms that it holds, of whatever.
    pub histograms: usize,
}

/// A metrics page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Metric families on it.
    pub families: usize,
    /// How many of them are histograms.
    pub histograms: usize,
}

/// The services that a trace store knows.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// Their names, sorted.
    pub names: Vec<String>,
}

/// A container of this host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
}

/// What kind of family it is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Buckets, sum and count.
    Histogram,
    /// Quantiles that cannot be compared or summed.
    Summary,
    /// Anything else.
    Other,
}

/// A metric family.
#[derive(Clone, Debug)]
pub struct Family {
    /// Base name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
    /// Its help text. Read, never shown.
    pub help: String,
    /// Its declared unit.
    pub unit: Option<String>,
    /// Labels of each series, without `le` and what a server attaches (`job`, `instance`).
    pub series: BTreeSet<BTreeMap<String, String>>,
    /// How many instances have it; 0 if untold.
    pub instances: usize,
    /// Finite bucket bounds, ascending.
    pub bounds: Vec<f64>,
    /// Is a bucket marked with a trace id?
    pub exemplars: bool,
    /// Is it on the target's own page, or on the instance that Prometheus scrapes there?
    pub of_target: bool,
    /// The sources that have it, by their name in the spec.
    pub sources: BTreeSet<String>,
}

/// The shape of a log's lines.
#[derive(Clone, Debug, PartialEq)]
pub struct LogShape {
    /// Lines looked at.
    pub lines: usize,
    /// How they are written.
    pub format: LogFormat,
    /// The field with the request's id or trace id.
    pub id: Option<Field>,
    /// The field with the time of the line.
    pub at: Option<Field>,
    /// The field with the HTTP status.
    pub status: Option<Field>,
    /// Total time.
    pub total: Option<Timed>,
    /// Time to first token.
    pub ttft: Option<Timed>,
    /// Gap between chunks.
    pub inter_chunk: Option<Timed>,
}

/// How the lines of a log are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// No lines yet.
    Empty,
    /// A JSON object a line.
    Json,
    /// nginx's, as this `log_format` reads them.
    Nginx(String),
    /// uvicorn's default lines, which hold neither id nor duration.
    Uvicorn,
    /// Something else.
    Unknown,
}

/// A field and why it was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// A field with a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// Its name.
    pub name: String,
    /// The spec's word for its unit.
    pub unit: &'static str,
    /// Why this unit.
    pub why: String,
}
