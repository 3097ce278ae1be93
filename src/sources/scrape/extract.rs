use super::{delimited, pages::Fetched};
use crate::{
    model::{
        payload::{Exemplar, Part},
        rig::HistogramOf,
        units::Wall,
    },
    sources::{
        exposition::{Format, Labels, Page, Sample, number, parse_kept},
        native::Bucket,
        ours::trace_id,
    },
};
use std::{cell::Cell, collections::BTreeMap};

/// What a reading may keep of one claim, bytes: about a hundred thousand points, each with its labels. A page that has more
/// for one claim has far more label sets than one rig's routes and models.
pub const MOST: usize = 64 << 20;
/// What a point, each of its labels and a native bucket take beside their texts, bytes.
pub const POINT: usize = 96;

/// What one reading of the page says of one histogram claim.
#[derive(Debug, Default)]
pub struct Extract {
    pub points: Vec<Point>,
    /// Buckets of native histograms, by labels. Their counts and sums are among the points.
    pub native: Vec<(BTreeMap<String, String>, Option<Wall>, Vec<Bucket>)>,
    /// Creation times, seconds since the epoch, by labels.
    pub created: Vec<(BTreeMap<String, String>, f64)>,
    /// Exemplars with a trace id, ours or not.
    pub exemplars: Vec<Exemplar>,
    pub declared_type: Option<String>,
    pub declared_unit: Option<String>,
    /// Why the metric's own lines cannot be trusted.
    pub damage: Option<String>,
    /// Lines with a doubt on the whole page, and the first of them.
    pub doubts: u64,
    pub first_doubt: Option<String>,
}

/// One sample of one part.
#[derive(Debug, PartialEq)]
pub struct Point {
    pub part: Part,
    /// Labels besides `le`.
    pub labels: BTreeMap<String, String>,
    pub value: f64,
    /// The sample's own timestamp, if the page has one.
    pub at: Option<Wall>,
}

/// Reads a page and keeps what belongs to the claim.
pub fn extract(page: &Fetched, claim: &HistogramOf, instance: &str) -> Extract {
    match page.format {
        Some(format) => of_lines(&page.body, format, claim, instance),
        None => delimited::extract(&page.body, claim, instance),
    }
}

impl Extract {
    /// Does the page count observations of the claim and has no bucket for them but the last? So a native histogram looks
    /// in the text formats, which cannot show its buckets.
    pub fn perhaps_native(&self) -> bool {
        let finite = |p: &Point| matches!(p.part, Part::Bucket(le) if le.is_finite());
        self.native.is_empty() && self.points.iter().any(|p| p.part == Part::Count) && !self.points.iter().any(finite)
    }
}

fn of_lines(body: &[u8], format: Format, claim: &HistogramOf, instance: &str) -> Extract {
    let (left, over) = (Cell::new(MOST), Cell::new(None));
    let page = parse_kept(body, format, &|sample| {
        if !belongs(sample, claim) || over.get().is_some() {
            return false;
        }
        match left.get().checked_sub(takes(pairs(&sample.labels))) {
            Some(rest) => left.set(rest),
            None => over.set(Some(sample.line)),
        }
        over.get().is_none()
    });
    let mut out = Extract { doubts: page.doubtful_lines, ..Extract::default() };
    let first = page.doubts.first();
    out.first_doubt = first.map(|d| format!("line {}: {}", d.line, d.why));
    out.damage = page.damage(&claim.metric).map(|d| format!("line {}: {}", d.line, d.why));
    if let Some(family) = page.family(&claim.metric) {
        out.declared_type = family.declared.then(|| family.kind.word().to_owned());
        out.declared_unit = family.unit.as_deref().filter(|u| !u.is_empty()).map(str::to_owned);
    }
    if let Some(line) = over.get() {
        let why = format!("line {line}: the series of this claim take more than {} MiB; name labels in its `match`", MOST >> 20);
        out.damage.get_or_insert(why);
    }
    collect(&page, claim, instance, &mut out);
    out
}

fn belongs(sample: &Sample<'_>, claim: &HistogramOf) -> bool {
    let has = |(name, value): (&String, &String)| sample.labels.get(name).unwrap_or_default() == value;
    sample.name.starts_with(claim.metric.as_str()) && claim.labels.iter().all(has)
}

/// What a point with these labels takes, bytes.
pub fn takes<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>) -> usize {
    labels.map(|(n, v)| n.len() + v.len() + POINT).sum::<usize>() + POINT
}

fn collect(page: &Page<'_>, claim: &HistogramOf, instance: &str, out: &mut Extract) {
    for sample in page.samples() {
        let Some(ending) = sample.name.strip_prefix(claim.metric.as_str()) else { continue };
        let part = match ending {
            "_bucket" => sample.labels.get("le").and_then(number).filter(|le| !le.is_nan()).map(Part::Bucket),
            "_sum" => Some(Part::Sum),
            "_count" => Some(Part::Count),
            "_created" if sample.value.is_finite() => {
                out.created.push((labels(pairs(&sample.labels), instance), sample.value));
                None
            }
            _ => None,
        };
        let Some(part) = part else { continue };
        if !sample.value.is_finite() {
            // A recording cannot hold it, and no sum or count of real requests is infinite.
            out.damage.get_or_insert_with(|| format!("line {}: `{}` is infinite or no number", sample.line, sample.name));
            continue;
        }
        if claim.exemplars
            && let Some(exemplar) = exemplar(sample, part)
        {
            out.exemplars.push(exemplar);
        }
        out.points.push(Point { part, labels: labels(pairs(&sample.labels), instance), value: sample.value, at: sample.timestamp });
    }
}

/// Names and values of a line's labels.
pub fn pairs<'l>(labels: &'l Labels<'_>) -> impl Iterator<Item = (&'l str, &'l str)> {
    labels.0.iter().map(|(n, v)| (n.as_ref(), v.as_ref()))
}

/// The page's labels without `le`, with the instance that we read; one of the page's own is kept aside, as Prometheus does.
pub fn labels<'l>(page: impl Iterator<Item = (&'l str, &'l str)>, instance: &str) -> BTreeMap<String, String> {
    let renamed = |n: &str| if n == "instance" { "exported_instance".to_owned() } else { n.to_owned() };
    let mut labels: BTreeMap<_, _> = page.filter(|(n, _)| *n != "le").map(|(n, v)| (renamed(n), v.to_owned())).collect();
    labels.insert("instance".into(), instance.into());
    labels
}

fn exemplar(sample: &Sample<'_>, part: Part) -> Option<Exemplar> {
    let (Part::Bucket(le), Some(exemplar)) = (part, sample.exemplar.as_deref()) else { return None };
    marked(pairs(&exemplar.labels), exemplar.value, le, exemplar.timestamp)
}

/// An exemplar, if it has a trace id.
pub fn marked<'l>(labels: impl Iterator<Item = (&'l str, &'l str)>, value: f64, le: f64, at: Option<Wall>) -> Option<Exemplar> {
    let (_, id) = labels.into_iter().find(|(name, _)| ["trace_id", "traceID", "traceId"].contains(name))?;
    value.is_finite().then_some(Exemplar { trace_id: trace_id(id)?, value, le, at })
}
