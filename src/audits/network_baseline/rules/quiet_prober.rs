use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::{Ms, Share},
    },
};
use serde::Deserialize;

/// This machine does not measure itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietProber {
    /// A wait for a CPU that so long in 95 % of the connects is a failure.
    fail: Ms,
}

impl Rule<NetworkBaseline> for QuietProber {
    const NAME: &'static str = "quiet_prober";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let limits = &view.audit.noisy;
        let expected = format!(
            "at most {} of waiting for a CPU in 95 % of the connects ({} is a failure), CPUs short in {} of the time",
            limits.waited, self.fail, limits.pressure
        );
        if way.ended().next().is_none() {
            return Err(Unknown::new(way.got.key.clone(), Gap::NotReached("no connect came to its end".into())));
        }
        let Some(waited) = way.waited() else {
            let why = "the kernel does not tell how long threads wait for a CPU (/proc/self/task/*/schedstat)";
            return Err(Unknown::new(way.got.key.clone(), Gap::NotConfigured(why.into())));
        };
        let noisy = way.noisy(limits);
        let status = match &noisy {
            _ if waited > self.fail.0 => Status::Fail,
            Some(_) => Status::Warn,
            None => Status::Pass,
        };
        let pressure = way
            .pressure()
            .map_or_else(|| "it is not known how short CPUs were".to_owned(), |share| format!("CPUs were short in {} of the time", Share(share)));
        let observed = format!("in 95 % of the connects our threads waited up to {} for a CPU, and {pressure}", Ms(waited));
        let because = match status {
            Status::Pass => vec![],
            _ => vec![
                "times of the stopwatch (DNS, TLS, first byte) accuse nobody; the kernel's round trips stand, no such wait is in them".to_owned(),
            ],
        };
        let figure = say::ms("waited for a CPU", waited, (waited, waited), way.ended().count() as u64);
        say::of(way, Finding { margin: say::margin(waited, self.fail.0), because, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::connects(rig, subject, copy, |connect| connect.waited_us = Some(1_000_000));
    }
}
