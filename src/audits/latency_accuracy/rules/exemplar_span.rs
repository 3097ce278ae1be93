use crate::{
    audits::latency_accuracy::{LatencyAccuracy, say, spoil, trace_sources, view::Latencies},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Count, Margin, Ms, Share},
    },
    stats::{clopper_pearson_hi, median},
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// An exemplar and the span of its trace are two readings of one request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExemplarSpan {
    /// How far the median pair may lie apart.
    margin: Margin,
    /// How far no single pair may lie apart.
    gross: Margin,
    /// Share of exemplars whose trace must be found.
    resolved: Share,
    /// Exemplars needed to tell.
    from: Count,
}

impl Rule<LatencyAccuracy> for ExemplarSpan {
    const NAME: &'static str = "exemplar_span";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |c| c.histogram().is_some_and(|h| h.exemplars))
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (claim, window, sent) = (view.claim(subject)?, view.window(subject)?, view.sent()?);
        if let Some(gap) = &window.series.no_exemplars {
            return Err(Unknown::new(window.key.clone(), gap.clone()));
        }
        let unit = claim.histogram().map_or(1.0, |h| h.unit_ms);
        let mut keys = vec![sent.key, window.key];
        let mut spans: BTreeMap<&str, Option<f64>> = BTreeMap::new();
        // A store that is silent may keep the traces that the others lack; what lies apart lies apart without it.
        let mut silent = None;
        for store in trace_sources(view.rig) {
            let records = match view.records(&store) {
                Ok(records) => records,
                Err(unknown) => {
                    silent = silent.or(Some(unknown));
                    continue;
                }
            };
            keys.push(records.key);
            for (request, record) in sent.all.iter().zip(&records.rows) {
                if let Some(record) = record {
                    let figure = record.figures.get(claim.quantity);
                    spans.entry(request.trace_id.as_str()).and_modify(|f| *f = f.or(figure)).or_insert(figure);
                }
            }
        }
        let from = say::keys(keys);
        let expected =
            format!("the median exemplar lies within max({}, {}) of its span, and its trace is found", self.margin.absolute, self.margin.relative);
        let ended_well: BTreeSet<&str> = sent.all.iter().filter(|r| r.ok).map(|r| r.trace_id.as_str()).collect();
        let of_ours: Vec<_> = window.series.exemplars.iter().filter(|e| ended_well.contains(e.trace_id.as_str())).collect();
        let n = of_ours.len() as u64;
        if n < self.from.0 {
            let why = format!("{subject} carries {n} exemplars of the load's requests; {} are the least that can be judged", self.from);
            return Ok(say::cannot_tell(why, expected, n, from));
        }
        let found: Vec<_> = of_ours.iter().filter_map(|e| spans.get(e.trace_id.as_str()).map(|s| (e.value * unit, *s))).collect();
        let lost = n - found.len() as u64;
        let pairs: Vec<(f64, f64)> = found.iter().filter_map(|(value, span)| span.map(|s| (*value, s))).collect();
        let apart: Vec<f64> = pairs.iter().map(|(e, s)| (e - s).abs()).collect();
        let level = median(&pairs.iter().map(|p| p.1).collect::<Vec<_>>()).unwrap_or(0.0);
        let middle = median(&apart);
        let limit = self.margin.at(Ms(level)).0;
        let worst = pairs.iter().map(|(e, s)| ((e - s).abs(), *s)).max_by(|a, b| a.0.total_cmp(&b.0));
        let gross = worst.filter(|(d, span)| *d > self.gross.at(Ms(*span)).0);
        let mut because = vec![];
        if lost > 0 {
            because.push(format!("{lost} of {n} exemplars point to a trace that is not stored"));
        }
        if let Some((d, span)) = gross {
            because.push(format!("one exemplar lies {} from its span of {}", Ms(d), Ms(span)));
        }
        // Exemplars are few: "all must be found" would fail clean rigs by chance, so one may be missing.
        let unresolved = silent.is_none() && clopper_pearson_hi(n - lost, n, 0.001) < self.resolved.0;
        let resolved = lost <= 1 || (n - lost) as f64 >= self.resolved.0 * n as f64;
        let enough = pairs.len() as u64 >= self.from.0;
        let status = if unresolved || gross.is_some() || (enough && middle.is_some_and(|m| m > limit)) {
            Status::Fail
        } else if resolved && enough {
            Status::Pass
        } else {
            Status::Inconclusive
        };
        if let Some(unknown) = silent.filter(|_| status != Status::Fail) {
            return Err(unknown);
        }
        let observed = match middle {
            Some(m) => format!("{} of {n} exemplars of {subject} have a span to compare with; the median pair lies {} apart", pairs.len(), Ms(m)),
            None => format!("none of {n} exemplars of {subject} has a span to compare with"),
        };
        let figure = match middle {
            Some(m) if !unresolved => Figure::exact("median distance", m, n, "ms"),
            _ => Figure::exact("resolved", 100.0 * (n - lost) as f64 / n.max(1) as f64, n, "%"),
        };
        Ok(Finding { margin: middle.map(|m| (limit - m) / limit), because, from, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::histogram(audit, rig, claim, copy, |h, _| h.exemplars.iter_mut().for_each(|e| e.value *= 3.0));
    }
}
