use crate::{
    audits::{
        latency_accuracy::{
            LatencyAccuracy,
            records::{Kind, Record},
            say, spoil,
            view::Latencies,
        },
        shared::selected,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::{Quantity, Rig},
        units::Share,
    },
};
use serde::Deserialize;

/// Of the requests that a source recorded, nearly all have a figure that can be paired with the client's. Requests that
/// it did not record at all are LAT-02's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchRate {
    /// Share that must have a figure. All requests are looked at, so there is no interval.
    share: Share,
}

impl Rule<LatencyAccuracy> for MatchRate {
    const NAME: &'static str = "match_rate";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, crate::model::rig::Claim::per_request)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let claim = view.claim(subject)?;
        let (sent, records) = (view.sent()?, view.records(&claim.source)?);
        let from = say::keys([sent.key, records.key]);
        // Requests of which the client itself has no such figure (one chunk has no gap) cannot be paired by anyone.
        let due = sent.measured().filter(|(_, r)| r.client.get(claim.quantity).is_some());
        let recorded: Vec<_> = due.filter_map(|(i, r)| Some((r.client.get(Quantity::Total), records.rows[i].as_ref()?))).collect();
        let n = recorded.len() as u64;
        let expected = format!("at least {} of the recorded requests have a figure for {}", self.share, claim.quantity.title());
        if n == 0 {
            let why = format!("{} recorded none of the measured requests (LAT-02)", claim.source);
            return Ok(say::cannot_tell(why, expected, 0, from));
        }
        let has = |r: &Record| !r.ambiguous && r.figures.get(claim.quantity).is_some();
        let matched = recorded.iter().filter(|(_, r)| has(r)).count() as u64;
        let ambiguous = recorded.iter().filter(|(_, r)| r.ambiguous).count();
        let share = matched as f64 / n as f64;
        let lasting = |with: bool| recorded.iter().filter(|(_, r)| has(r) == with).filter_map(|(total, _)| *total).collect::<Vec<_>>();
        let lost = selected("are missing", &lasting(false), &lasting(true));
        let status = match &lost {
            _ if share < self.share.0 => Status::Fail,
            // Few enough to pair the rest, but the slowest are what a p99 is made of.
            Some(_) => Status::Warn,
            None => Status::Pass,
        };
        let mut because: Vec<String> = lost.map(|words| format!("of those without a figure: {words}")).into_iter().collect();
        if ambiguous > 0 {
            because.push(format!("{ambiguous} requests have several records that contradict each other"));
        }
        if status == Status::Fail {
            because.push(match (&records.kind, claim.quantity) {
                (Kind::Log(_), _) => "the field that the spec names is missing from the line, or is no number".to_owned(),
                (Kind::Traces { .. }, Quantity::Total) => "the trace has no span of kind server that stands for the request".to_owned(),
                (Kind::Traces { .. }, _) => {
                    "the trace has no server span, or neither an attribute with the time to first token nor a span per body chunk".to_owned()
                }
            });
        }
        Ok(Finding {
            margin: Some((share - self.share.0) / self.share.0),
            because,
            from,
            ..say::finding(
                status,
                Figure::exact("matched share", 100.0 * share, n, "%"),
                format!(
                    "{matched} of the {n} measured requests that {} recorded ({}) have a figure for {}",
                    claim.source,
                    Share(share),
                    claim.quantity.title()
                ),
                expected,
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::forget_values(audit, rig, claim, copy);
    }
}
