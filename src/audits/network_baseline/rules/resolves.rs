use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::{Lookup, LookupEnd, Measured, SystemOutcome},
        rig::Rig,
    },
};
use serde::Deserialize;

/// The name becomes addresses, and each nameserver answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolves {}

impl Rule<NetworkBaseline> for Resolves {
    const NAME: &'static str = "resolves";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let expected = "the name becomes addresses each time, and each nameserver answers";
        let Some(resolution) = super::resolution(way)? else {
            let figure = Figure::exact("failed lookups", 0.0, 0, "");
            return say::of(way, say::finding(Status::NotApplicable, figure, "the host is an address: nothing is looked up", expected));
        };
        let failed = |outcome: &SystemOutcome| match outcome {
            SystemOutcome::Found(all) if !all.is_empty() => None,
            SystemOutcome::Found(_) | SystemOutcome::NoSuchName => Some("there is no such name, or none with an address"),
            SystemOutcome::TryAgain => Some("no nameserver answered, or all failed"),
            SystemOutcome::Failed => Some("it failed"),
            SystemOutcome::TimedOut => Some("it did not end in time"),
        };
        if resolution.system.is_empty() {
            return Err(Unknown::new(way.got.key.clone(), Gap::Truncated("the system's resolver was not asked".into())));
        }
        let bad: Vec<&str> = resolution.system.iter().filter_map(|lookup| failed(&lookup.outcome)).collect();
        let mut because: Vec<String> = bad.first().map(|why| format!("getaddrinfo of {}: {why}", resolution.name)).into_iter().collect();
        let mut status = if bad.is_empty() { Status::Pass } else { Status::Fail };
        let mut silent = 0;
        for (nth, server) in resolution.nameservers.iter().enumerate() {
            let Some(why) = server.lookups.known().and_then(|lookups| trouble(lookups)) else { continue };
            silent += 1;
            // Those behind the first are asked only when it is silent, unless they take turns.
            let first = nth == 0 || resolution.conf.known().is_some_and(|conf| conf.rotate);
            status = say::worse(status, if first { Status::Fail } else { Status::Warn });
            because.push(format!("nameserver {} of {}: {why}", nth + 1, resolution.nameservers.len()));
        }
        let n = resolution.system.len() as u64;
        let observed = if status == Status::Pass {
            format!("{} becomes addresses in {n} of {n} lookups, and {} answer", resolution.name, resolution.nameservers.len())
        } else {
            format!(
                "{} of {n} lookups of {} failed, and {silent} of {} nameservers are in trouble",
                bad.len(),
                resolution.name,
                resolution.nameservers.len()
            )
        };
        let figure = Figure::exact("failed lookups", bad.len() as f64, n, "");
        // That the name has no address is why there is nothing else.
        say::of(way, Finding { because, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| {
            if let Measured::Known(resolution) = &mut probed.resolution {
                resolution.system.iter_mut().for_each(|lookup| lookup.outcome = SystemOutcome::TryAgain);
            }
        });
    }
}

/// What is wrong with a nameserver, by its first questions. That a name does not exist, or has no address of a kind, is an answer.
fn trouble(lookups: &[Lookup]) -> Option<String> {
    lookups.iter().find_map(|lookup| match &lookup.end {
        LookupEnd::Answered(_) | LookupEnd::Cut => None,
        LookupEnd::Code(code) if code == "NXDOMAIN" => None,
        LookupEnd::Code(code) => Some(format!("it answers {code}")),
        LookupEnd::TimedOut => Some("it is silent, so that applications wait for it (5 s, unless resolv.conf says otherwise)".into()),
        LookupEnd::Refused => Some("nobody listens there".into()),
        LookupEnd::Unreachable => Some("there is no way there".into()),
        LookupEnd::Malformed => Some("what it answers cannot be read".into()),
    })
}
