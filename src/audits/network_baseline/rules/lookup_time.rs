use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::Measured,
        rig::Rig,
        units::{Count, Ms},
    },
    stats::median,
};
use serde::Deserialize;

/// Looking the name up takes little.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupTime {
    /// The lookup that half are below: longer is a warning ...
    warn: Ms,
    /// ... and longer than this a failure.
    fail: Ms,
    /// The first lookup of a run: longer is a warning.
    first: Ms,
}

impl Rule<NetworkBaseline> for LookupTime {
    const NAME: &'static str = "lookup_time";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let expected = format!("half of them within {} ({} is a failure), the first within {}", self.warn, self.fail, self.first);
        let Some(resolution) = super::resolution(way)? else {
            let figure = Figure::exact("lookup", 0.0, 0, "ms");
            return say::of(way, say::finding(Status::NotApplicable, figure, "the host is an address: nothing is looked up", expected));
        };
        let (first, later) = way.lookups();
        let usual = if later.is_empty() { first } else { median(&later) };
        let Some(usual) = usual else {
            return Err(Unknown::new(way.got.key.clone(), Gap::NotReached("no lookup gave an address".into())));
        };
        let mut status = say::two_limits(usual, self.warn.0, self.fail.0);
        let mut because = vec![];
        let mut beyond = say::beyond(usual, self.warn.0, self.fail.0);
        if let Some(first) = first.filter(|first| *first > self.first.0) {
            if status == Status::Pass {
                (status, beyond) = (Status::Warn, first - self.first.0);
            }
            because.push(format!("the first one took {}: caches on the way did not have it", Ms(first)));
        }
        let in_vain = resolution.conf.known().map_or(0, |conf| conf.in_vain(&resolution.name));
        if in_vain > 0 {
            if status != Status::Fail {
                // No stopwatch told that.
                (status, beyond) = (Status::Warn, f64::INFINITY);
            }
            because.push(format!(
                "resolv.conf makes {} be asked for in vain before {} itself (ndots, search)",
                Count(in_vain as u64).of("name"),
                resolution.name
            ));
        }
        let n = resolution.system.len() as u64;
        let slowest = later.iter().chain(&first).copied().fold(0.0, f64::max);
        let observed = format!("a lookup takes {}, the slowest of {n} took {}", Ms(usual), Ms(slowest));
        let figure = say::ms("lookup", usual, (usual, usual), n);
        let finding = Finding { margin: say::margin(usual, self.fail.0), because, ..say::finding(status, figure, observed, expected) };
        say::by_stopwatch(view, way, finding, beyond)
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| {
            if let Measured::Known(resolution) = &mut probed.resolution {
                resolution.system.iter_mut().for_each(|lookup| lookup.took_us = 5_000_000);
            }
        });
    }
}
