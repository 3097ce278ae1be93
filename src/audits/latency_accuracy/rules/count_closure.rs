use crate::{
    audits::{
        latency_accuracy::{
            LatencyAccuracy,
            closure::{Closes, Closure},
            log_sources,
            records::{Kind, Records},
            say, spoil, trace_sources,
            view::{Latencies, undeclared},
            window::Window,
        },
        shared::{Requests, alike, selected},
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::{Name, name},
        outcome::{Figure, Finding, Status},
        rig::{Claim, Quantity, Rig},
        units::Share,
    },
};
use serde::Deserialize;

/// Every request that was sent is in every source, once. Requests that failed may or may not be there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountClosure {
    /// Requests that may be missing from a log.
    log: Share,
    /// Observations that may be missing from a histogram or be too many.
    metric: Share,
    /// Requests that may be missing from a trace store.
    traces: Share,
}

impl Rule<LatencyAccuracy> for CountClosure {
    const NAME: &'static str = "count_closure";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        let mut all = log_sources(rig);
        all.extend(trace_sources(rig));
        all.extend(super::histograms(rig));
        // A rig without any server-side source is not free of faults: it is not known.
        if all.is_empty() { vec![name("")] } else { all }
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        if subject.as_str().is_empty() {
            return Err(undeclared(
                "no log, trace source or histogram that counts requests at the server; add `sources.access_log`, a trace source, or a histogram under `metrics`",
            ));
        }
        match view.rig.claim(subject) {
            Some(claim) => self.of_histogram(view, claim, view.window(subject)?),
            None => self.of_records(view, subject, view.records(subject)?),
        }
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        match rig.claim(subject) {
            Some(claim) => spoil::histogram(audit, rig, claim, copy, |h, began| spoil::regrow(h, began, |_, _, _| 0.0)),
            None => spoil::forget_records(audit, rig, subject, copy),
        }
    }
}

impl CountClosure {
    fn of_records(&self, view: &Latencies<'_>, source: &Name, records: &Records<'_>) -> Judgement {
        let sent = view.sent()?;
        let ok = sent.ok();
        let missing = sent.all.iter().zip(&records.rows).filter(|(r, record)| r.ok && record.is_none()).count() as u64;
        let again: u64 = records.rows.iter().flatten().map(|r| u64::from(r.copies.saturating_sub(1))).sum();
        let share = if ok == 0 { 1.0 } else { missing as f64 / ok as f64 };
        let (what, limit) = match records.kind {
            Kind::Log(_) => ("line", self.log.0),
            Kind::Traces { .. } => ("trace", self.traces.0),
        };
        let broken = share > limit || again > 0;
        let status = if ok == 0 {
            Status::Inconclusive
        } else if broken {
            Status::Fail
        } else {
            Status::Pass
        };
        let observed = match (missing, again) {
            (0, 0) => format!("{source} has one {what} for each of the {ok} requests that succeeded"),
            (m, 0) => format!("{source} has no {what} for {m} of the {ok} requests that succeeded ({})", Share(share)),
            (0, a) => format!("{source} has {a} {what}s too many: some requests are there more than once"),
            (m, a) => format!("{source} has no {what} for {m} of the {ok} requests that succeeded, and {a} {what}s too many"),
        };
        let allowed = if limit > 0.0 { format!(", at most {} missing", Share(limit)) } else { String::new() };
        let figure = if again > 0 && share <= limit {
            Figure::exact("surplus", again as f64, ok, format!("{what}s"))
        } else {
            Figure::exact("missing share", 100.0 * share, ok, "%")
        };
        let because = if broken { reasons(records, sent, missing) } else { vec![] };
        Ok(Finding {
            margin: (limit > 0.0).then(|| (limit - share) / limit),
            because,
            from: say::keys([sent.key, records.key]),
            ..say::finding(status, figure, observed, format!("one {what} per request{allowed}"))
        })
    }

    fn of_histogram(&self, view: &Latencies<'_>, claim: &Claim, window: &Window<'_>) -> Judgement {
        let sent = view.sent()?;
        let subject = claim.subject();
        let closure = Closure::of(window, claim, sent, self.metric.0)?;
        let strangers = closure.strangers(window, sent, view.foreign(), self.metric.0);
        let (mut because, mut remedy) = (vec![], None);
        if window.decreases > 0 {
            because.push(format!("the counter went backwards {} times: several workers with private registries, or a restart", window.decreases));
        }
        let status = match closure.closes {
            _ if sent.ok() == 0 => Status::Inconclusive,
            // Nothing was due and nothing is there: that shows nothing of a counter.
            Closes::Yes if closure.least <= 0.0 => Status::Inconclusive,
            _ if closure.says_nothing(self.metric.0) => {
                because.push(format!("{} of {} requests failed: nearly any count lies between", sent.all.len() as u64 - sent.ok(), sent.all.len()));
                Status::Inconclusive
            }
            Closes::Yes if window.decreases > 0 => Status::Warn,
            Closes::Yes => Status::Pass,
            Closes::Missing(_) => Status::Fail,
            // Private registries explain a surplus better than strangers do.
            Closes::Surplus(_) if window.decreases > 0 => Status::Fail,
            Closes::Surplus(_) if !strangers.is_empty() => {
                because.extend(strangers);
                remedy = Some(say::ALONE.into());
                Status::Inconclusive
            }
            Closes::Surplus(_) => {
                because.push("no other source saw requests of others: observations are counted more than once".into());
                Status::Fail
            }
        };
        if matches!(closure.closes, Closes::Missing(_)) && window.decreases == 0 {
            because.push("a worker or an instance is not read, or the labels in the spec match only a part".into());
        }
        let difference = match closure.closes {
            Closes::Yes => String::new(),
            Closes::Missing(n) => format!(", {n} too few"),
            Closes::Surplus(n) => format!(", {n} too many"),
        };
        let off = if closure.least > 0.0 { closure.count / closure.least - 1.0 } else { 0.0 };
        let expected = format!("{} {}, within {}", closure.expected(), closure.per.words(), self.metric);
        Ok(Finding {
            margin: (self.metric.0 > 0.0).then(|| (self.metric.0 - off.abs()) / self.metric.0),
            because,
            remedy,
            rows: closure.rows(sent),
            from: say::keys([sent.key, window.key]),
            ..say::finding(
                status,
                Figure::exact("count difference", 100.0 * off, closure.count.max(0.0) as u64, "%"),
                format!("{subject} has {} observations in {}{difference}", closure.count, label_sets(window.label_sets)),
                expected,
            )
        })
    }
}

/// Facts that explain missing or surplus records.
fn reasons(records: &Records<'_>, sent: &Requests<'_>, missing: u64) -> Vec<String> {
    let ok = sent.ok();
    let mut because = vec![];
    match &records.kind {
        Kind::Log(log) => {
            if log.without_id > 0 {
                because.push(format!(
                    "{} lines of that time carry no id: log `x-request-id` or the trace id, and name the field in the spec",
                    log.without_id
                ));
            }
            if log.bad > 0 {
                let place = log.first_bad.first().map(|b| format!(", first {} ({})", b.place, b.why)).unwrap_or_default();
                because.push(format!("{} lines could not be read{place}", log.bad));
            }
            if log.foreign > 0 {
                because.push(format!("{} lines of that time belong to other requests", log.foreign));
            }
        }
        Kind::Traces { spans, .. } => {
            if missing > 0 && missing < ok {
                let (lost, there) = (lasting(records, sent, false), lasting(records, sent, true));
                if let Some(words) = selected("are missing", &lost, &there) {
                    because.push(format!("{words}: a tail sampler that decides before a stream ends, or by how long it lasted, drops such traces"));
                } else {
                    let stored = ok - missing;
                    let rate = Share(stored as f64 / ok as f64);
                    because.push(format!(
                        "{stored} traces are stored although each request asked to be sampled: a sampling rate near {rate} explains it"
                    ));
                    because.extend(alike(&lost, &there));
                }
                because.extend(
                    spans
                        .spans
                        .iter()
                        .find_map(|span| span.probability())
                        .filter(|p| *p < 1.0)
                        .map(|p| format!("the spans themselves say that {} of all traces are kept (`ot=th` of their trace state)", Share(p))),
                );
            }
            if missing == ok && spans.foreign == 0 {
                because.push(
                    "they may come later than was waited: a tail sampler decides 30 s after a trace's first span unless its `decision_wait` says \
                     otherwise; write a longer one than that as the source's `settle`"
                        .into(),
                );
            }
            if missing == ok && spans.foreign > 0 {
                because.push(format!("{} other traces are stored: our `traceparent` is not passed on", spans.foreign));
            }
        }
    }
    because
}

/// How long the requests took that are there, or those that are not, ms.
fn lasting(records: &Records<'_>, sent: &Requests<'_>, there: bool) -> Vec<f64> {
    let side = sent.all.iter().zip(&records.rows).filter(|(r, record)| r.ok && record.is_some() == there);
    side.filter_map(|(r, _)| r.client.get(Quantity::Total)).collect()
}

fn label_sets(n: usize) -> String {
    if n == 1 { "1 label set".into() } else { format!("{n} label sets") }
}
