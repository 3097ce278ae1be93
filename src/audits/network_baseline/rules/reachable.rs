use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Finding, Status},
        payload::network::{Connect, Ended, Stage},
        rig::Rig,
        units::Share,
    },
    stats::{census_at_most, clopper_pearson_hi, clopper_pearson_lo},
};
use serde::Deserialize;

/// Connections come to stand, and stay until they are answered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reachable {
    /// Share of the connects that may fail.
    fails: Share,
}

impl Rule<NetworkBaseline> for Reachable {
    const NAME: &'static str = "reachable";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let apart = way.dead_family();
        let all = || way.probed().connects.iter().filter(|c| !c.ended.cut() && !apart.contains(&c.target));
        let failed = |c: &&Connect| {
            let stood = matches!(c.ended, Ended::Done | Ended::Untrusted | Ended::TlsFailed(_) | Ended::NotHttp);
            // One SYN after another was lost at an address that others reach: that is loss.
            let lost = c.ended == Ended::TimedOut(Stage::Tcp) && !way.dead.contains(&c.target);
            !stood && !lost
        };
        let (n, k) = (all().count() as u64, all().filter(failed).count() as u64);
        if n == 0 {
            let why = way.got.seen.partial.clone().unwrap_or_else(|| Gap::Truncated("no connect was made".into()));
            return Err(Unknown::new(way.got.key.clone(), why));
        }
        let answer = census_at_most(k, n, self.fails.0);
        let share = k as f64 / n as f64;
        let bounds = (clopper_pearson_lo(k, n, 0.001), clopper_pearson_hi(k, n, 0.05));
        let targets = way.probed().targets.len();
        let observed = format!(
            "{k} of {n} connects to {} failed ({})",
            if targets == 1 { "1 address".to_owned() } else { format!("{targets} addresses") },
            Share(share)
        );
        let mut because = say::endings(all().filter(failed).map(|c| &c.ended));
        for dead in way.dead.iter().filter(|dead| !apart.contains(dead)) {
            let class = way.probed().targets[*dead].class;
            because.push(format!("no connection ever stood at address {} ({class})", dead + 1));
        }
        let dead = way.dead.iter().any(|dead| !apart.contains(dead));
        let status = if dead { Status::Fail } else { say::status(answer) };
        let figure = say::share("failed connects", share, bounds, n);
        let finding = Finding {
            margin: say::margin(share, self.fails.0),
            because,
            settles_at: say::settles(answer),
            ..say::finding(status, figure, observed, format!("at most {} of them fail, at each address", self.fails))
        };
        say::of(way, finding.settled_by(say::MORE))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::connects(rig, subject, copy, |connect| {
            (connect.ended, connect.tcp, connect.at_end, connect.connect_us) = (Ended::Refused, None, None, None);
        });
    }
}
