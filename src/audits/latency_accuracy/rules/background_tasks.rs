use crate::{
    audits::{
        latency_accuracy::{
            LatencyAccuracy,
            closure::{Closure, rows},
            records::Records,
            say, spoil,
            view::{Foreign, Latencies},
            window::Window,
        },
        shared::{Request, Requests},
    },
    llm::definitions,
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        key::Key,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::Part,
        rig::{By, Claim, Quantity, Rig},
        units::{Margin, Ms, Share},
    },
    stats::{Answer, location, location_within},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A histogram of the total does not exceed the spans of the same requests: what it has more runs after the response.
///
/// Where the counts close, both means are over the very same requests, so that no sampling error lies between them; what is
/// not known of spans that are missing is bounded by 0 and by what the client waited. Where they do not close, exemplars
/// pair single requests of both.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackgroundTasks {
    margin: Margin,
    /// Up to this the counts close.
    counts: Share,
}

/// What is compared with the spans of one trace source.
struct Compared<'v, 'e> {
    subject: &'v Name,
    claim: &'v Claim,
    spans: &'v Claim,
    window: &'v Window<'e>,
    sent: &'v Requests<'e>,
    records: &'v Records<'e>,
    foreign: Foreign,
    limit: f64,
}

impl Rule<LatencyAccuracy> for BackgroundTasks {
    const NAME: &'static str = "background_tasks";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        if traced(rig).next().is_none() {
            return vec![];
        }
        super::claims(rig, |c| c.histogram().is_some() && c.quantity == Quantity::Total)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (claim, window, sent) = (view.claim(subject)?, view.window(subject)?, view.sent()?);
        let limit = self.margin.at(Ms(sent.level(Quantity::Total))).0;
        let worst = say::worst(traced(view.rig).map(|spans| {
            let records = view.records(&spans.source)?;
            self.against(&Compared { subject, claim, spans, window, sent, records, foreign: view.foreign(), limit })
        }));
        worst.unwrap_or_else(|| Err(crate::audits::latency_accuracy::view::undeclared("no trace source claims `total`")))
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        let more = 1_000.0 / claim.histogram().map_or(1.0, |h| h.unit_ms);
        spoil::histogram(audit, rig, claim, copy, |h, began| {
            spoil::regrow(h, began, |part, grown, count| if matches!(part, Part::Sum) { 2.0 * grown + more * count } else { grown });
            h.exemplars.iter_mut().for_each(|e| e.value = 2.0 * e.value + more);
        });
    }
}

impl BackgroundTasks {
    fn against(&self, c: &Compared<'_, '_>) -> Judgement {
        let closure = Closure::of(c.window, c.claim, c.sent, self.counts.0)?;
        let no_sum = || c.window.sum_ms.is_none().then(|| format!("{} has no `_sum`", c.subject));
        match closure.obstacle(c.window).or_else(no_sum) {
            Some(why) => Ok(c.by_exemplars(&why)),
            None => Ok(self.by_means(c, &closure)),
        }
    }

    fn by_means(&self, c: &Compared<'_, '_>, closure: &Closure) -> Finding {
        let of_histogram = c.window.sum_ms.unwrap_or_default() / c.window.count;
        let Some(spans) = Spans::of(c) else {
            return c.cannot_tell("the client has no figure of its own for requests without a span".into());
        };
        let (least, most) = (of_histogram - spans.most, of_histogram - spans.least);
        let mut because = vec![];
        if spans.missing > 0 {
            because.push(format!("{} of {} requests have no span; they took between 0 and what the client waited", spans.missing, spans.n));
            let paired = c.by_exemplars(&format!("{} of {} requests have no span", spans.missing, spans.n));
            if (least <= c.limit && most > c.limit) && paired.status != Status::Inconclusive {
                return paired;
            }
        }
        let strangers = closure.strangers(c.window, c.sent, Foreign { seen: c.foreign.seen.clone(), ..c.foreign }, self.counts.0);
        let mut remedy = None;
        let status = if least > c.limit && (closure.surplus() && !strangers.is_empty() || !c.foreign.seen.is_empty()) {
            because.extend(strangers);
            remedy = Some(say::ALONE.into());
            Status::Inconclusive
        } else if least > c.limit {
            because.insert(0, spans.explained(of_histogram, c));
            Status::Fail
        } else if most <= c.limit {
            Status::Pass
        } else {
            remedy = Some(EACH_SPAN.into());
            Status::Inconclusive
        };
        let middle = 0.5 * (least + most);
        let observed = format!(
            "the mean of {} is {}, that of the spans of {} {}: {:+} on average",
            c.subject,
            Ms(of_histogram),
            c.spans.subject(),
            Ms(of_histogram - middle),
            Ms(middle)
        );
        let figure = Figure { name: "histogram minus span".into(), value: middle, lo: least, hi: most, n: c.window.count as u64, unit: "ms".into() };
        Finding {
            margin: Some((c.limit - middle) / c.limit),
            because,
            remedy,
            rows: closure.rows(c.sent),
            from: c.from(),
            ..say::finding(status, figure, observed, c.expected())
        }
    }
}

/// What settles what missing spans hide.
const EACH_SPAN: &str = "let every request of the load keep its span (no sampling, no lost exports)";

impl Compared<'_, '_> {
    fn from(&self) -> Vec<Key> {
        say::keys([self.sent.key, self.window.key, self.records.key])
    }
    fn expected(&self) -> String {
        format!("the histogram exceeds the spans of the same requests by at most {}", Ms(self.limit))
    }
    fn cannot_tell(&self, why: String) -> Finding {
        say::cannot_tell(why, self.expected(), rows(self.window.count, self.sent), self.from())
    }
    /// What the spans say of a request, ms.
    fn span(&self, at: usize) -> Option<f64> {
        self.records.rows[at].as_ref().filter(|r| !r.ambiguous)?.figures.get(Quantity::Total)
    }
    /// Request by request, where exemplars say which is which.
    fn by_exemplars(&self, obstacle: &str) -> Finding {
        let unit = self.claim.histogram().map_or(1.0, |h| h.unit_ms);
        let exemplars: BTreeMap<&str, f64> = self.window.series.exemplars.iter().map(|e| (e.trace_id.as_str(), e.value * unit)).collect();
        let paired = self.sent.all.iter().enumerate().filter(|(_, r)| r.ok);
        let apart: Vec<f64> = paired.filter_map(|(at, r)| Some(exemplars.get(r.trace_id.as_str())? - self.span(at)?)).collect();
        let Some(l) = location(&apart) else {
            let few = format!("{obstacle}; and {} exemplars with a span are too few to tell, {} are the least", apart.len(), say::FEWEST_PAIRS);
            return self.cannot_tell(few);
        };
        let answer = location_within(&l, f64::NEG_INFINITY, self.limit);
        let observed = format!("{} exemplars of {} exceed their spans by {}", apart.len(), self.subject, say::with_bounds(&l, answer));
        let because = if answer == Answer::Pass { vec![] } else { vec![format!("its mean was not used: {obstacle}")] };
        Finding {
            because,
            margin: Some((self.limit - l.value) / self.limit),
            settles_at: say::settles(answer),
            from: self.from(),
            ..say::finding(say::status(answer), say::location("histogram minus span", &l, answer), observed, self.expected())
        }
    }
}

/// The mean of the spans of all requests that succeeded, as far as it is known.
struct Spans {
    /// If those that are missing took no time, ms.
    least: f64,
    /// If they took as long as the client waited, ms.
    most: f64,
    missing: usize,
    n: usize,
    /// The client's mean, ms.
    client: f64,
}

impl Spans {
    /// `None` where a request has neither a span nor an end at the client.
    fn of(c: &Compared<'_, '_>) -> Option<Spans> {
        let mut spans = Spans { least: 0.0, most: 0.0, missing: 0, n: 0, client: 0.0 };
        for (at, request) in c.sent.all.iter().enumerate().filter(|(_, r)| r.ok) {
            let (span, waited) = (c.span(at), whole(request)?);
            spans.least += span.unwrap_or(0.0);
            spans.most += span.unwrap_or(waited);
            spans.missing += usize::from(span.is_none());
            spans.client += waited;
            spans.n += 1;
        }
        let n = spans.n as f64;
        (spans.n > 0).then(|| Spans { least: spans.least / n, most: spans.most / n, client: spans.client / n, ..spans })
    }

    /// Whether the client waited for what the histogram has more.
    fn explained(&self, of_histogram: f64, c: &Compared<'_, '_>) -> String {
        if of_histogram > self.client + c.limit {
            format!("the client had the whole response after {} on average: what the histogram has more ran after it", Ms(self.client))
        } else {
            format!("the client waited {} on average: the spans leave out what it waited for (LAT-14)", Ms(self.client))
        }
    }
}

/// What the client waited for the whole response, whatever its claim times.
fn whole(request: &Request) -> Option<f64> {
    request.by(definitions::default_of(Quantity::Total))
}

fn traced(rig: &Rig) -> impl Iterator<Item = &Claim> {
    rig.claims_of(Quantity::Total).filter(|c| matches!(c.by, By::Spans))
}
