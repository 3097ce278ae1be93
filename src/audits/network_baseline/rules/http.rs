use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Status},
        payload::network::{Ended, HttpAnswer},
        rig::Rig,
        units::Share,
    },
    stats::{Answer, census_at_most},
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What answers is the endpoint, in good health and not annoyed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Share of the answers that may be 5xx.
    errors: Share,
}

impl Rule<NetworkBaseline> for Http {
    const NAME: &'static str = "http";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let expected = format!("2xx or 4xx to strangers; no 429, no redirect, at most {} of 5xx", self.errors);
        if view.far(subject).is_some_and(|far| far.endpoint.method.is_none()) {
            let figure = Figure::exact("answers", 0.0, 0, "");
            return say::of(way, say::finding(Status::NotApplicable, figure, "nothing is asked of it", expected));
        }
        let connects = &way.probed().connects;
        let answers: Vec<HttpAnswer> = connects.iter().filter_map(|c| c.http).collect();
        let strange = connects.iter().filter(|c| c.ended == Ended::NotHttp).count();
        let n = answers.len() as u64;
        if n == 0 && strange == 0 {
            let why = way.got.seen.partial.clone().unwrap_or_else(|| Gap::NotReached("no request was answered".into()));
            return Err(Unknown::new(way.got.key.clone(), why));
        }
        let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
        for answer in &answers {
            *statuses.entry(answer.status).or_default() += 1;
        }
        let told: Vec<String> = statuses.iter().map(|(status, n)| format!("{status} ({n})")).collect();
        let asked = answers.iter().find(|answer| answer.asks_to_stop());
        let errors = answers.iter().filter(|answer| answer.status >= 500).count() as u64;
        let moved = answers.iter().find(|answer| matches!(answer.status, 301 | 302 | 303 | 307 | 308));
        let (status, observed) = if let Some(answer) = asked {
            let when = answer.retry_after_s.map_or_else(String::new, |s| format!(", to come back after {s} s"));
            (Status::Fail, format!("it asked to be left alone: {}{when}; {} connects were made by then", answer.status, connects.len()))
        } else if strange > 0 {
            (Status::Fail, format!("in {strange} connections what answered is no HTTP"))
        } else if census_at_most(errors, n, self.errors.0) == Answer::Fail || errors as f64 > self.errors.0 * n as f64 && errors > 2 {
            (Status::Fail, format!("{errors} of {n} answers are errors of the server: {}", told.join(", ")))
        } else if let Some(answer) = moved {
            (Status::Warn, format!("it redirects ({}): the endpoint moved, or the path is not one of its own", answer.status))
        } else if errors > 0 {
            (Status::Warn, format!("{errors} of {n} answers are errors of the server: {}", told.join(", ")))
        } else {
            (Status::Pass, format!("{n} answers: {}", told.join(", ")))
        };
        let share = if n == 0 { 0.0 } else { errors as f64 / n as f64 };
        say::of(way, say::finding(status, say::share("5xx", share, (share, share), n), observed, expected))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::connects(rig, subject, copy, |connect| {
            if let Some(http) = &mut connect.http {
                http.status = 502;
            }
        });
    }
}
