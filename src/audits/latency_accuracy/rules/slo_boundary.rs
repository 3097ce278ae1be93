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
    /// How wide a bucket of a native histogram may be that holds the SLO, relative to its lower edge: its edges follow from its
    /// schema, and nobody can add one.
    width: Share,
}

/// Edges and SLOs are decimal fractions in two units (0.5 s, 500 ms): the same value may differ in its last digits.
const EPSILON: f64 = 1e-9;

/// How exactly the number of observations up to a value can be read.
enum Reads {
    /// Exactly: so many lie at or below it.
    Exactly(f64),
    /// It lies inside the bucket between these edges, the upper one +Inf beyond the last; so many observations do, too.
    Inside(f64, f64, f64),
    /// It lies inside a bucket of a native histogram, of its relative width; so many observations do, too.
    Native(Share, f64),
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
        let expected = format!(
            "a bucket edge at {slo} (a native histogram: a bucket at most {} wide), so that the share of requests within the SLO is a count and no estimate",
            self.width
        );
        if !window.one_layout {
            return Ok(say::cannot_tell("label sets have different bucket edges", expected, rows, from).settled_by(say::ONE_LAYOUT));
        }
        if rows < self.from.0 {
            return Ok(say::cannot_tell(format!("{subject} observed nothing of the load"), expected, rows, from));
        }
        let Some(reads) = reads(window, slo, claim.histogram()) else {
            return Ok(say::cannot_tell(format!("{subject} has no buckets"), expected, rows, from).settled_by(say::BUCKETS));
        };
        let share = |observed: f64| Share((observed / window.count).clamp(0.0, 1.0));
        let (status, undecided, observed, because, remedy) = match reads {
            Reads::Exactly(within) => {
                let says = format!("{subject} has an edge at {slo}: {} of the load lies within the SLO", share(within));
                (Status::Pass, 0.0, says, vec![], None)
            }
            Reads::Native(width, between) => {
                let says = format!("the SLO of {slo} lies inside a bucket of {subject}, {width} wide, as all of this native histogram");
                let because = vec![format!("{} of the load lies in that bucket: by so much a share within the SLO may be off", share(between))];
                let remedy = format!(
                    "Raise the schema of the native histogram (its growth factor at most {}), or give it custom buckets with an edge at {slo}",
                    1.0 + self.width.0
                );
                let narrow = width.0 <= self.width.0;
                (if narrow { Status::Pass } else { Status::Fail }, between, says, because, (!narrow).then_some(remedy))
            }
            Reads::Inside(below, above, between) => {
                let says = if above.is_finite() {
                    format!("the SLO of {slo} lies between the edges {} and {} of {subject}", Ms(below), Ms(above))
                } else {
                    format!("the SLO of {slo} lies beyond {} of {subject}", last(below))
                };
                (Status::Fail, between, says, vec![consequence(above, share(between))], claim.histogram().map(|of| add(slo, of)))
            }
        };
        Ok(Finding {
            because,
            rows,
            remedy,
            from,
            ..say::finding(status, Figure::exact("undecided share", 100.0 * share(undecided).0, observations, "%"), observed, expected)
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        let (Some(of), Some(slo)) = (claim.histogram(), rig.slo.get(&claim.quantity)) else { return };
        spoil::histogram(audit, rig, claim, copy, |h, _| {
            h.schema = None;
            h.series.retain(|s| !matches!(s.part, Part::Bucket(le) if same(le * of.unit_ms, *slo)));
        });
    }
}

/// `None` where there are no buckets.
fn reads(window: &Window<'_>, slo: Ms, of: Option<&HistogramOf>) -> Option<Reads> {
    let buckets = &window.buckets;
    if let Some(edge) = buckets.iter().find(|b| same(b.0, slo)) {
        return Some(Reads::Exactly(edge.1));
    }
    let at = buckets.iter().position(|b| b.0 > slo.0)?;
    let (below, counted) = at.checked_sub(1).map_or((0.0, 0.0), |i| buckets[i]);
    let (above, between) = (buckets[at].0, buckets[at].1 - counted);
    let (Some(schema), Some(width), Some(of)) = (window.series.schema, window.series.resolution(), of) else {
        return Some(Reads::Inside(below, above, between));
    };
    // Only the edges of populated buckets are known: where nothing lies between two of them, the schema says what edges there
    // are. What holds something and is wider than a bucket of the schema is the zero bucket.
    if between > 0.0 && (below <= 0.0 || above / below > (1.0 + width) * (1.0 + EPSILON)) {
        return Some(Reads::Inside(below, above, between));
    }
    let per_octave = f64::from(schema).exp2();
    let nearest = ((slo.0 / of.unit_ms).log2() * per_octave).round() / per_octave;
    let edge = same(nearest.exp2() * of.unit_ms, slo) && between <= 0.0;
    Some(if edge { Reads::Exactly(counted) } else { Reads::Native(Share(width), between) })
}

fn same(edge: f64, slo: Ms) -> bool {
    (edge - slo.0).abs() <= EPSILON * slo.0
}

fn last(edge: f64) -> String {
    if edge > 0.0 { format!("the last finite edge {}", Ms(edge)) } else { "every finite edge".into() }
}

/// What a dashboard gets wrong by it.
fn consequence(above: f64, between: Share) -> String {
    if above.is_finite() {
        format!("{between} of the load lies between those edges: by so much a share within the SLO may be off")
    } else {
        format!("{between} of the load lies there: whether it met the SLO cannot be read, and a quantile never exceeds that edge")
    }
}

fn add(slo: Ms, of: &HistogramOf) -> String {
    let edge = slo.0 / of.unit_ms;
    format!(
        "Add the edge {edge} to the buckets of `{metric}`, where it is created; recording rules and alerts then read `{metric}_bucket{{le=\"{edge}\"}}`",
        metric = of.metric
    )
}
