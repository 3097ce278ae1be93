use super::{doubts::part_of, format::Format};
use crate::model::{payload::Doubt, units::Wall};
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// What was read of a page; borrows from its bytes.
#[derive(Debug)]
pub struct Page<'a> {
    /// The format that it was read as.
    pub format: Format,
    /// Metric families in order of appearance.
    pub families: Vec<Family<'a>>,
    /// The first doubts, by line.
    pub doubts: Vec<Doubt>,
    /// Lines with a doubt, kept ones or not.
    pub doubtful_lines: u64,
    /// The first doubt that took samples from a metric or makes their values contradict each other, by the name on the line.
    pub(super) damage: BTreeMap<String, Doubt>,
}

/// A metric family: what one `# TYPE` speaks of, or a sample name that no `# TYPE` covers.
#[derive(Debug)]
pub struct Family<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its type; [`Kind::Unknown`] where undeclared.
    pub kind: Kind,
    /// Was its type declared?
    pub declared: bool,
    /// Its unit, if declared.
    pub unit: Option<Cow<'a, str>>,
    /// Its help text, unescaped.
    pub help: Option<Cow<'a, str>>,
    /// Its samples in order of appearance, without duplicates.
    pub samples: Vec<Sample<'a>>,
}

/// Types of metric families, of both formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// `counter`.
    Counter,
    /// `gauge`.
    Gauge,
    /// `histogram`.
    Histogram,
    /// `gaugehistogram` (OpenMetrics).
    GaugeHistogram,
    /// `summary`.
    Summary,
    /// `info` (OpenMetrics).
    Info,
    /// `stateset` (OpenMetrics).
    StateSet,
    /// `untyped` or `unknown`, or undeclared.
    #[default]
    Unknown,
}

/// One line with a value.
#[derive(Debug)]
pub struct Sample<'a> {
    /// The name on the line, with `_bucket`, `_total` and the like.
    pub name: Cow<'a, str>,
    /// Its labels in order of appearance.
    pub labels: Labels<'a>,
    /// Its value; may be infinite or not a number.
    pub value: f64,
    /// Its own timestamp, if it has one.
    pub timestamp: Option<Wall>,
    /// Its exemplar. Boxed: few samples have one.
    pub exemplar: Option<Box<Exemplar<'a>>>,
    /// 1-based line.
    pub line: u64,
}

/// One observation, shown beside a bucket or counter.
#[derive(Debug, PartialEq)]
pub struct Exemplar<'a> {
    /// Its labels, usually `trace_id`.
    pub labels: Labels<'a>,
    /// The observed value.
    pub value: f64,
    /// When, if told.
    pub timestamp: Option<Wall>,
}

/// Labels in order of appearance.
#[derive(Clone, Default, PartialEq)]
pub struct Labels<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Labels<'_> {
    /// The value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_ref())
    }
}

impl fmt::Debug for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(n, v)| (n, v))).finish()
    }
}

impl Kind {
    /// The type's word in the format; `unknown` is `untyped` in text 0.0.4.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
            Kind::GaugeHistogram => "gaugehistogram",
            Kind::Summary => "summary",
            Kind::Info => "info",
            Kind::StateSet => "stateset",
            Kind::Unknown => "unknown",
        }
    }
}

impl Page<'_> {
    /// All samples.
    pub fn samples(&self) -> impl Iterator<Item = &Sample<'_>> {
        self.families.iter().flat_map(|f| &f.samples)
    }
    /// The family of a name.
    pub fn family(&self, name: &str) -> Option<&Family<'_>> {
        self.families.iter().find(|f| f.name == name)
    }
    /// What makes the series of a metric untrustworthy on this page: a line of it that could not be read, or values that
    /// contradict each other. A page that was cut damages everything on it.
    pub fn damage(&self, metric: &str) -> Option<&Doubt> {
        let ours = self.damage.iter().filter(|(name, _)| name.is_empty() || part_of(metric, name));
        ours.map(|(_, doubt)| doubt).min_by_key(|d| d.line)
    }
}
