use crate::{
    audits::latency_accuracy::{LatencyAccuracy, closure, say, spoil, view::Latencies, window::Window},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::Part,
        rig::{HistogramOf, Rig},
        units::{Count, Ms, Share},
    },
};
use serde::Deserialize;

/// The share of requests within an SLO is a count at one value, and a histogram has counts at its edges only.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SloBoundary {
    /// Requests of the load from which on the histogram is known to be the one that hears of it.
    from: Count,
}

/// Edges and objectives are decimal fractions in two units (0.5 s, 500 ms): the same value may differ in its last digits.
const EPSILON: f64 = 1e-9;

/// How exactly the number of observations up to a value can be read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    /// Exactly: so many lie at or below it.
    Exactly(f64),
    /// It lies inside the bucket between these edges, the upper one +Inf beyond the last; so many observations do, too.
    Inside(f64, f64, f64),
}

impl Rule<LatencyAccuracy> for SloBoundary {
    const NAME: &'static str = "slo_boundary";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |c| c.histogram().is_some() && rig.slo.contains_key(&c.quantity))
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (claim, window, sent) = (view.claim(subject)?, view.window(subject)?, view.sent()?);
        let from = say::keys([sent.key, window.key]);
        let (observations, rows) = (window.count.max(0.0) as u64, closure::rows(window.count, sent));
        let slo = view.rig.slo.get(&claim.quantity).copied().unwrap_or_default();
        let expected = format!("a bucket edge at {slo}, so that the share of requests within the SLO is a count and no estimate");
        if !window.one_layout {
            return Ok(say::cannot_tell("label sets have different bucket edges", expected, rows, from));
        }
        if rows < self.from.0 {
            return Ok(say::cannot_tell(format!("{subject} observed nothing of the load"), expected, rows, from));
        }
        let Some(reads) = reads(window, slo) else {
            return Ok(say::cannot_tell(format!("{subject} has no buckets"), expected, rows, from));
        };
        let share = |observed: f64| Share((observed / window.count).clamp(0.0, 1.0));
        let (status, undecided, observed, because) = match reads {
            Reads::Exactly(within) => {
                let says = format!("{subject} has an edge at {slo}: {} of the load lies within the SLO", share(within));
                (Status::Pass, 0.0, says, vec![])
            }
            Reads::Inside(below, above, between) => {
                let says = if above.is_finite() {
                    format!("the SLO of {slo} lies between the edges {} and {} of {subject}", Ms(below), Ms(above))
                } else {
                    format!("the SLO of {slo} lies beyond {} of {subject}", last(below))
                };
                (Status::Fail, between, says, consequences(reads, share(between), slo, claim.histogram()))
            }
        };
        Ok(Finding {
            because,
            rows,
            from,
            ..say::finding(status, Figure::exact("undecided share", 100.0 * share(undecided).0, observations, "%"), observed, expected)
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        let (Some(of), Some(slo)) = (claim.histogram(), rig.slo.get(&claim.quantity)) else { return };
        spoil::histogram(audit, rig, claim, copy, |h, _| {
            h.series.retain(|s| !matches!(s.part, Part::Bucket(le) if same(le * of.unit_ms, *slo)));
        });
    }
}

/// `None` where there are no buckets. Buckets here are those with edges that somebody chose; where a layout has none (native
/// histograms), this is the place to say how wide the bucket around the SLO may be.
fn reads(window: &Window<'_>, slo: Ms) -> Option<Reads> {
    let buckets = &window.buckets;
    if let Some(edge) = buckets.iter().find(|b| same(b.0, slo)) {
        return Some(Reads::Exactly(edge.1));
    }
    let at = buckets.iter().position(|b| b.0 > slo.0)?;
    let (below, counted) = at.checked_sub(1).map_or((0.0, 0.0), |i| buckets[i]);
    Some(Reads::Inside(below, buckets[at].0, buckets[at].1 - counted))
}

fn same(edge: f64, slo: Ms) -> bool {
    (edge - slo.0).abs() <= EPSILON * slo.0
}

fn last(edge: f64) -> String {
    if edge > 0.0 { format!("the last finite edge {}", Ms(edge)) } else { "every finite edge".into() }
}

/// What a dashboard gets wrong by it, and what to add.
fn consequences(reads: Reads, between: Share, slo: Ms, of: Option<&HistogramOf>) -> Vec<String> {
    let mut facts = vec![];
    match reads {
        Reads::Inside(_, above, _) if above.is_finite() => {
            facts.push(format!("{between} of the load lies between those edges: by so much a share within the SLO may be off"));
        }
        _ => facts.push(format!("{between} of the load lies there: whether it met the SLO cannot be read, and a quantile never exceeds that edge")),
    }
    if let Some(of) = of {
        facts.push(format!("add the edge {} to the buckets of `{}`", slo.0 / of.unit_ms, of.metric));
    }
    facts
}
