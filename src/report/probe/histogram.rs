//! A claimed histogram and our one request: counted once, several times, or not at all.

use super::{Look, Row, Seen, State, hints};
use crate::{
    audits::latency_accuracy::Window,
    model::{
        act::Act,
        key::{Histogram, Risen},
        payload::{HistogramSeries, Part, Rises},
        rig::{Claim, HistogramOf, Quantity},
        units::Wall,
    },
};
use std::collections::BTreeSet;

impl Look<'_> {
    /// Did the claimed series count our request, and nothing else?
    pub(super) fn histogram(&self, claim: &Claim, of: &HistogramOf, seen: &Seen<'_>) -> Row {
        let row = Row::new(&claim.source, claim.name.as_str());
        let row = Row { client_ms: seen.ours.client.get(claim.quantity), ..row };
        let got = match self.read(&claim.source, &Histogram { claim: claim.name.clone(), when: self.during() }) {
            Ok(got) => got,
            Err(unknown) => return row.untold(&unknown.gap),
        };
        let (began, ended) = (seen.requests.began(), seen.requests.ended());
        let window = if got.value.series.is_empty() { None } else { Some(Window::cut(&got, of, began, ended)) };
        let cut = got.seen.partial.as_ref();
        let window = match window {
            Some(Err(unknown)) => return row.untold(&unknown.gap),
            Some(Ok(window)) if window.count > 0.5 => window,
            Some(Ok(window)) if cut.or(window.cut.as_ref()).is_some() => {
                return cut.or(window.cut.as_ref()).map_or(row.clone(), |gap| row.untold(gap));
            }
            none => {
                let row = Row { appeared: if none.is_some() { "no".into() } else { "no such series".into() }, ..row };
                return self.missed(claim, of, none.and_then(Result::ok).as_ref(), seen, row);
            }
        };
        let gaps = seen.ours.shape.gaps() as f64;
        let (each, all) = match claim.quantity {
            Quantity::InterChunk => ("gaps", gaps.max(1.0)),
            Quantity::Ttft | Quantity::Total => ("times", 1.0),
        };
        let (grew, others) = instances(got.value, began);
        let at = grew.iter().cloned().collect::<Vec<_>>().join(", ");
        let once = (window.count - all).abs() < 0.5 || (window.count - 1.0).abs() < 0.5;
        let appeared = match (once, claim.quantity) {
            (true, Quantity::InterChunk) if window.count > 1.5 => format!("{} gaps", window.count),
            (true, _) => "once".into(),
            (false, _) => format!("{} {each}", window.count),
        };
        let mut row = Row { appeared, instances: grew.into_iter().collect(), ..row };
        if once {
            row = row.valued(window.sum_ms.map(|s| s / window.count), claim.quantity, &seen.ours.client, Some(of.unit_ms));
            if window.sum_ms.is_none() {
                row = row.because("the metric has no `_sum`: its value cannot be read");
            }
            if !others.is_empty() {
                row = row.because(format!(
                    "counted at {at}; {} have it too and did not count: right where each instance counts its own",
                    others.join(", ")
                ));
            }
        } else {
            let why = format!(
                "`{}` rose by {} where our request is {all}: traffic of others, or it is counted once per attempt, worker or replica ({at})",
                hints::series(&of.metric, &of.labels),
                window.count
            );
            row = row.because(format!("{why}; probe again while nothing else runs"));
        }
        several_registries(&window, row)
    }

    /// Where the load asks for one model and the claim is about another, nobody can tell which of the two was meant.
    fn other_model(&self, claim: &Claim, of: &HistogramOf, rises: &Rises) -> Option<String> {
        let Act::Load(load) = &self.act else { return None };
        let rose = |label: &String| rises.series.iter().any(|r| r.metric == of.metric && r.labels.get(label) == Some(&load.model));
        let (label, named) = of.labels.iter().find(|(label, named)| **named != load.model && rose(label))?;
        let (sent, quantity) = (&load.model, &claim.name);
        Some(format!(
            "the request asks for the model `{sent}` (`target.chat.model`), and `metrics.{quantity}.match` names `{named}` (label `{label}`): \
             let both name the model that is meant. An audit sends its whole load to `target.chat.model`: make sure that it may cost what it costs"
        ))
    }

    /// The claimed series did not count our request: what did?
    fn missed(&self, claim: &Claim, of: &HistogramOf, window: Option<&Window<'_>>, seen: &Seen<'_>, row: Row) -> Row {
        let named = hints::series(&of.metric, &of.labels);
        let row = row.because(match window {
            Some(_) => format!("`{named}` is there and did not rise"),
            None => format!("no series `{named}` is there"),
        });
        let row = match window {
            Some(window) => several_registries(window, row),
            None => row,
        };
        let rises = match self.read(&claim.source, &Risen { when: self.during() }) {
            Ok(got) => got.value,
            Err(unknown) => return row.because(format!("what rose instead could not be told: {}", unknown.gap)),
        };
        if let Some(why) = self.other_model(claim, of, rises) {
            return row.at_least(State::Wrong).because(why);
        }
        let scraped = self.rig.sources.get(&claim.source).is_some_and(|s| s.kind.as_str() == "scrape");
        hints::instead(rises, claim, of, &seen.ours.client, seen.ours.shape.gaps(), scraped)
            .into_iter()
            .fold(row, |row, (state, text)| row.at_least(state).because(text))
    }
}

/// Counts that fall between readings come from several processes.
fn several_registries(window: &Window<'_>, row: Row) -> Row {
    if window.decreases == 0 {
        return row;
    }
    let why = format!(
        "its counts fell {} times while they were read: several processes answer at this address, each with counts of its own; share them (`PROMETHEUS_MULTIPROC_DIR`), or name each process's own address",
        window.decreases
    );
    row.at_least(State::Doubtful).because(why)
}

/// The instances that counted since `began`, and those that did not.
fn instances(series: &HistogramSeries, began: Wall) -> (BTreeSet<String>, Vec<String>) {
    let counts = series.series.iter().any(|s| s.part == Part::Count);
    let counting = series.series.iter().filter(|s| s.part == if counts { Part::Count } else { Part::Bucket(f64::INFINITY) });
    let (mut grew, mut all) = (BTreeSet::new(), BTreeSet::new());
    for one in counting {
        let instance = one.labels.get("instance").cloned().unwrap_or_else(|| "one instance".into());
        let before = one.samples.iter().rev().find(|s| s.0 <= began.plus_us(-series.doubt_us)).map_or(0.0, |s| s.1);
        if one.samples.last().is_some_and(|last| (last.1 - before).abs() > 0.5) {
            grew.insert(instance.clone());
        }
        all.insert(instance);
    }
    let others = all.difference(&grew).cloned().collect();
    (grew, others)
}
