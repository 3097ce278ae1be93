use crate::{
    audits::latency_accuracy::{LatencyAccuracy, closure, say, spoil, view::Latencies},
    llm::definitions,
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::{By, Claim, Rig},
        times::{Moment, Times},
    },
    traces,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Figures under one label time the same events, as far as it is known what they time.
///
/// Known is what the name of a metric says (the catalogue), else what the spec states, and what rigcheck itself derives
/// from its own stamps and from spans. An unknown definition is no finding, for or against: the rule does not apply, costs
/// nothing, and the other rules compare by measurement. A name that the catalogue knows outranks the spec: a wrong
/// statement must not silence it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventDefinitions {
    /// What figures time, by the name of the metric or of a tool's figure.
    known: BTreeMap<String, Known>,
}

/// What a figure times, and who says so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    /// Whose figure it is, if that matters.
    tool: Option<String>,
    /// The clock starts; absent where it depends.
    from: Option<Moment>,
    /// The clock stops; absent where it depends.
    to: Option<Moment>,
    /// On what it depends, where the name does not tell.
    depends: Option<String>,
    /// The unit of its values, for readers.
    #[serde(rename = "unit")]
    _unit: Option<String>,
    /// Where it says so, with its version.
    source: String,
}

impl Known {
    fn times(&self) -> Option<Times> {
        Some(Times { from: self.from?, to: self.to? })
    }
    /// `` `metric` of vLLM``.
    fn named(&self, metric: &str) -> String {
        self.tool.as_ref().map_or_else(|| format!("`{metric}`"), |tool| format!("`{metric}` of {tool}"))
    }
}

impl Rule<LatencyAccuracy> for EventDefinitions {
    const NAME: &'static str = "event_definitions";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::histograms(rig)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let (claim, window, sent) = (view.claim(subject)?, view.window(subject)?, view.sent()?);
        let (from, rows) = (say::keys([sent.key, window.key]), closure::rows(window.count, sent));
        let metric = window.series.metric.as_str();
        let (known, stated) = (self.known.get(metric), view.rig.definitions.get(subject).copied());
        let title = claim.quantity.title();
        let expected = format!(
            "all figures called {title} time the same events, but for what is measured: the hop, tasks after the response, tokens in a chunk"
        );
        let statement = format!("`metrics.{}.definition`", claim.name);
        let result = |status, others: usize, observed: String, because: Vec<String>, remedy: Option<String>| {
            let figure = Figure::exact("other definitions", others as f64, rows, "");
            Ok(Finding { because, remedy, from: from.clone(), ..say::finding(status, figure, observed, expected.clone()) })
        };
        let by_name = known.and_then(Known::times);
        if let (Some(by_name), Some(stated), Some(known)) = (by_name, stated, known)
            && !by_name.comparable(stated)
        {
            let observed = format!("the spec says that {subject} times {stated}, but {} times {by_name}", known.named(metric));
            let remedy = format!(
                "Correct or remove {statement}; where the name misleads because a version times otherwise, override what is known of it: \
                 `rules: {{LAT-09: {{params: {{known: {{\"{metric}\": …}}}}}}}}`"
            );
            return result(Status::Fail, 1, observed, vec![format!("known from {}", known.source)], Some(remedy));
        }
        let Some(own) = by_name.or(stated) else {
            return result(Status::NotApplicable, 0, format!("which events `{metric}` times is not known"), unknown(claim, known), None);
        };
        let others: Vec<(Name, Times)> =
            view.rig.claims_of(claim.quantity).map(|c| (c.subject(), self.times(c, view.rig))).filter_map(|(s, t)| t.map(|t| (s, t))).collect();
        let others: Vec<_> = others.into_iter().filter(|(s, _)| s != subject).collect();
        let (alike, apart): (Vec<_>, Vec<_>) = others.into_iter().partition(|(_, times)| own.comparable(*times));
        if let Some((first, times)) = apart.first() {
            let mut because: Vec<String> = apart.iter().skip(1).map(|(s, times)| format!("{s} times {times}")).collect();
            because.extend(known.map(|k| format!("{}: {}", k.named(metric), k.source)));
            let stated = by_name.is_none().then(|| {
                let claim = "claim this metric under a name of its own and a quantity that fits";
                format!("If {statement} is wrong, correct or remove it; if it is right, {claim}")
            });
            return result(Status::Fail, apart.len(), format!("{subject} times {own}; {first} times {times}"), because, stated);
        }
        if alike.is_empty() {
            let because = vec![format!("nothing else under this label is known to time anything; {subject} times {own}")];
            return result(Status::NotApplicable, 0, format!("{subject} has nothing to be compared with by definition"), because, None);
        }
        // A name that heard nothing of the load may be that of another metric than the one on the dashboard.
        if rows == 0 {
            return Ok(say::cannot_tell(format!("{subject} observed none of the load's requests"), expected, 0, from));
        }
        let names: Vec<String> = alike.iter().map(|(s, _)| s.to_string()).collect();
        result(Status::Pass, 0, format!("{subject} times {own}, as do {}", names.join(", ")), vec![], None)
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        let Some(own) = self.times(claim, rig) else { return };
        // The series bears the name of a metric that times something else.
        let other = self.known.iter().find(|(_, known)| known.times().is_some_and(|times| !times.comparable(own)));
        if let Some((other, _)) = other {
            spoil::histogram(audit, rig, claim, copy, |h, _| h.metric.clone_from(other));
        }
    }
}

impl EventDefinitions {
    /// What a claim times, if that is known.
    fn times(&self, claim: &Claim, rig: &Rig) -> Option<Times> {
        match &claim.by {
            By::Client { definition } => definitions::named(definition.as_str()).map(|d| d.times),
            By::Spans => Some(traces::times(claim.quantity)),
            By::Histogram(of) => self.known.get(&of.metric).and_then(Known::times).or_else(|| rig.definitions.get(&claim.subject()).copied()),
            By::LogField => None,
        }
    }
}

/// How a definition becomes known.
fn unknown(claim: &Claim, known: Option<&Known>) -> Vec<String> {
    let like = traces::times(claim.quantity);
    let mut facts: Vec<String> = known
        .and_then(|k| k.depends.as_ref().map(|d| k.tool.as_ref().map_or_else(|| d.clone(), |tool| format!("{tool}: {d}"))))
        .into_iter()
        .collect();
    facts.push(format!(
        "if you know it, say it under `metrics.{}`: `definition: {{from: {}, to: {}}}` (`rigcheck explain LAT-09` lists the events)",
        claim.name,
        like.from.word(),
        like.to.word()
    ));
    facts.push("until then its figures are compared by measurement alone (LAT-02 to LAT-04)".into());
    facts
}
