//! One figure read in two units: at most one of them is right, and nothing else in the spec says which.

use super::{
    diagnostics::Problem,
    settings::SourceSettings,
    sources::{Declared, Source, UNITS},
    table::{Field, Reading},
};
use crate::model::{
    node::At,
    rig::{Claim, HistogramOf},
};
use std::collections::BTreeMap;

/// A figure as one place of the spec reads it.
struct Read<'s> {
    /// Where the figure is, and its name there.
    of: (&'s str, &'s str),
    unit_ms: f64,
    at: At,
}

/// Warns of each field of a log and each histogram that is read in two units at the same place.
pub(super) fn warn(sources: &[Source], declared: &[Declared], histograms: &[Claim], metrics: Option<&Field<'_>>, cx: &Reading) {
    let mut first: BTreeMap<(&str, &str), Read<'_>> = BTreeMap::new();
    let mut told = vec![];
    for read in fields(sources, declared).into_iter().chain(series(sources, histograms, metrics)) {
        match first.get(&read.of) {
            // The same key may be read of several sources: told once.
            Some(other) if other.unit_ms.to_bits() != read.unit_ms.to_bits() && !told.contains(&(read.at, read.of)) => {
                told.push((read.at, read.of));
                let (place, figure) = read.of;
                let title = format!("`{figure}` of {place} is read in {} here, and in {} elsewhere", word(read.unit_ms), word(other.unit_ms));
                cx.warn(Problem::new(read.at, title).label("one of the two is wrong: correct its `unit`").also(other.at, "the other"));
            }
            Some(_) => {}
            None => drop(first.insert(read.of, read)),
        }
    }
}

fn fields<'s>(sources: &'s [Source], declared: &[Declared]) -> Vec<Read<'s>> {
    let mut all = vec![];
    for source in sources {
        let SourceSettings::AccessLog(log) = &source.settings else { continue };
        let at = declared.iter().find(|d| d.name == source.name).map(|d| d.at).unwrap_or_default();
        let timed = [&log.total, &log.ttft, &log.inter_chunk].into_iter().flatten();
        all.extend(timed.map(|field| Read { of: (&source.info.place, &field.field), unit_ms: field.unit_ms, at }));
    }
    all
}

fn series<'s>(sources: &'s [Source], histograms: &'s [Claim], metrics: Option<&Field<'_>>) -> Vec<Read<'s>> {
    let read = |claim: &'s Claim| {
        let HistogramOf { metric, unit_ms, .. } = claim.histogram()?;
        let source = sources.iter().find(|s| s.name == claim.source)?;
        let (key, _) = metrics?.node.entries()?.iter().find(|(key, _)| key.text() == Some(claim.name.as_str()))?;
        Some(Read { of: (&source.info.place, metric), unit_ms: *unit_ms, at: key.at })
    };
    histograms.iter().filter_map(read).collect()
}

fn word(unit_ms: f64) -> &'static str {
    UNITS.iter().find(|(_, ms)| ms.to_bits() == unit_ms.to_bits()).map_or("another unit", |(word, _)| word)
}
