use crate::{
    audits::latency_accuracy::{
        LatencyAccuracy, closure, say, spoil,
        view::{Latencies, undeclared},
        window::Window,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::{Name, name},
        outcome::{Figure, Finding, Status},
        payload::Part,
        rig::{By, Claim, Rig},
        units::Share,
    },
    stats::{median, quantile},
};
use serde::Deserialize;

/// No source is off by a factor between units of time, and no metric's name or declared unit contradicts the spec.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitSlip {
    /// How near to a factor the middle ratio must lie to count as that factor.
    within: Share,
    /// How near to it the middle half of all ratios must lie: a wrong unit multiplies every request alike, a clock that
    /// stops at another event does not.
    steady: Share,
}

/// Factors between units of time, and what they mean for a source that shows so many times too much.
const FACTORS: [(f64, &str); 10] = [
    (1e3, "milliseconds read as seconds, or microseconds as milliseconds"),
    (1e6, "microseconds read as seconds, or nanoseconds as milliseconds"),
    (1e9, "nanoseconds read as seconds"),
    (60.0, "seconds read as minutes"),
    (3600.0, "seconds read as hours"),
    (1e-3, "seconds read as milliseconds, or milliseconds as microseconds"),
    (1e-6, "seconds read as microseconds, or milliseconds as nanoseconds"),
    (1e-9, "seconds read as nanoseconds"),
    (1.0 / 60.0, "minutes read as seconds"),
    (1.0 / 3600.0, "hours read as seconds"),
];

/// Two readings of the same requests that lie further apart than this are not the same quantity, whatever their units.
const ALIKE: f64 = 20.0;

/// Suffixes of metric names and declared units, with their length in ms.
const UNITS: [(&str, f64); 10] = [
    ("milliseconds", 1.0),
    ("microseconds", 1e-3),
    ("nanoseconds", 1e-6),
    ("minutes", 60e3),
    ("seconds", 1e3),
    ("millis", 1.0),
    ("ms", 1.0),
    ("us", 1e-3),
    ("ns", 1e-6),
    ("s", 1e3),
];

impl Rule<LatencyAccuracy> for UnitSlip {
    const NAME: &'static str = "unit_slip";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        let all = super::claims(rig, |c| !matches!(c.by, By::Client { .. }));
        if all.is_empty() { vec![name("")] } else { all }
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        if subject.as_str().is_empty() {
            return Err(undeclared(
                "no log, trace source or histogram that times requests at the server; name `duration` or `ttft` of an access log, or add a trace source, or a histogram under `metrics`",
            ));
        }
        let claim = view.claim(subject)?;
        let expected = format!("{subject} and the client differ by no factor between units of time");
        let mut mixed = None;
        let (ratio, n, from, declared, what, middle_half) = if let Some(of) = claim.histogram() {
            let (window, sent) = (view.window(subject)?, view.sent()?);
            let client: Vec<f64> = sent.all.iter().filter(|r| r.ok).filter_map(|r| r.client.get(claim.quantity)).collect();
            let mean = window.sum_ms.filter(|_| window.count > 0.0).map(|s| s / window.count);
            let ratio = mean.zip(crate::stats::mean(&client)).map(|(m, c)| m / c);
            let from = say::keys([sent.key, window.key]);
            mixed = closure::mixed(window, claim, sent);
            (ratio, closure::rows(window.count, sent).min(client.len() as u64), from, declared(window, of.unit_ms), "mean", None)
        } else {
            let pairs = view.pairs(subject)?;
            let ratios: Vec<f64> = pairs.rows.iter().filter(|p| p.client > 0.0).map(|p| p.source / p.client).collect();
            let middle_half = quantile(&ratios, 0.25).zip(quantile(&ratios, 0.75));
            (median(&ratios), ratios.len() as u64, pairs.from, vec![], "median", middle_half)
        };
        let Some(ratio) = ratio.filter(|r| r.is_finite() && *r > 0.0) else {
            let why = if ratio == Some(0.0) {
                format!("{subject} shows 0: nothing can be said of its unit")
            } else {
                format!("{subject} has no figures to compare with the client's")
            };
            return Ok(say::cannot_tell(why, expected, n, from));
        };
        let near = |x: f64, factor: f64, share: Share| (x / factor - 1.0).abs() <= share.0;
        let steady = |factor| middle_half.is_none_or(|(a, b)| near(a, factor, self.steady) && near(b, factor, self.steady));
        let slip = FACTORS.iter().find(|(factor, _)| near(ratio, *factor, self.within) && steady(*factor));
        let mut because: Vec<String> = slip.iter().map(|(_, meaning)| (*meaning).to_owned()).collect();
        let status = match (slip, declared.is_empty()) {
            (Some(_), _) => Status::Fail,
            (None, _) if !(1.0 / ALIKE..=ALIKE).contains(&ratio) => {
                because.push("that is near no factor between units, and too far off for two readings of the same requests".into());
                Status::Inconclusive
            }
            // The mean of a mixture tells a slip of its own, but clears nobody.
            (None, _) if mixed.is_some() => Status::Inconclusive,
            (None, false) => Status::Warn,
            (None, true) => Status::Pass,
        };
        because.extend(declared);
        because.extend(mixed);
        Ok(Finding {
            because,
            from,
            ..say::finding(
                status,
                Figure::exact("ratio to client", ratio, n, ""),
                format!("the {what} of {subject} is {} times the client's", short(ratio)),
                expected,
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        match rig.claim(subject) {
            Some(claim) if claim.per_request() => spoil::to_ratio(audit, rig, claim, copy, 1000.0),
            Some(claim) => slip(audit, rig, claim, copy),
            None => {}
        }
    }
}

/// Sets the histogram's sum so that its mean is exactly 1000 times the client's.
fn slip(audit: &LatencyAccuracy, rig: &Rig, claim: &Claim, copy: &mut Evidence) {
    let wanted = spoil::client_mean(audit, rig, claim.quantity, copy).unwrap_or(0.0) * 1000.0;
    let unit = claim.histogram().map_or(1.0, |h| h.unit_ms);
    spoil::histogram(audit, rig, claim, copy, |h, began| {
        spoil::regrow(h, began, |part, grown, count| if matches!(part, Part::Sum) { wanted / unit * count } else { grown });
    });
}

/// What the metric says of itself against what the spec says of it.
fn declared(window: &Window<'_>, unit_ms: f64) -> Vec<String> {
    let mut doubts = vec![];
    let series = window.series;
    if let Some(kind) = series.declared_type.as_deref().filter(|t| !matches!(*t, "histogram" | "unknown" | "untyped" | "")) {
        doubts.push(format!("`{}` is declared as a {kind}, not as a histogram", series.metric));
    }
    let by_name = UNITS.iter().find(|(word, _)| series.metric.strip_suffix(word).is_some_and(|head| head.ends_with('_')));
    let by_unit = series.declared_unit.as_deref().and_then(|u| UNITS.iter().find(|(word, _)| u == *word));
    for (says, unit) in [("name", by_name), ("declared unit", by_unit)] {
        if let Some((word, ms)) = unit.filter(|(_, ms)| (ms / unit_ms - 1.0).abs() > 1e-6) {
            doubts.push(format!("the {says} of `{}` says {word}; the spec says units of {unit_ms} ms, not {ms} ms", series.metric));
        }
    }
    doubts
}

fn short(ratio: f64) -> String {
    match ratio {
        r if r < 0.1 => format!("1/{:.0}", 1.0 / r),
        r if r < 100.0 => format!("{r:.2}"),
        r => format!("{r:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_suffix_names_the_unit() {
        let unit = |metric: &str| UNITS.iter().find(|(w, _)| metric.strip_suffix(w).is_some_and(|h| h.ends_with('_'))).map(|u| u.1);
        assert_eq!(unit("http_request_duration_seconds"), Some(1e3));
        assert_eq!(unit("http_request_duration_milliseconds"), Some(1.0));
        assert_eq!(unit("latency_ms"), Some(1.0));
        assert_eq!(unit("requests"), None);
    }
}
