use crate::{
    audits::trace_granularity::{
        TraceGranularity,
        say::{self, Census},
        spoil,
        view::Calls,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// A service name stands for one program: where caller and callee share it, nobody can tell whose time it was.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceNames {
    /// The share of traces in which two programs may share a name.
    share: Share,
}

impl Rule<TraceGranularity> for ServiceNames {
    const NAME: &'static str = "service_names";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = format!("caller and callee under names of their own in all but {} of traces", self.share);
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let census = Census::count(both.there(), self.share, |(_, l)| l.own_calls > 0 || !l.mixed.is_empty());
        let observed = format!("{} traces have two programs under one service name", say::of(census));
        let calls = both.there().filter(|(_, l)| l.own_calls > 0).count();
        let within = both.there().filter(|(_, l)| l.self_calls > 0).count();
        let mixed: BTreeSet<&str> = both.there().flat_map(|(_, l)| l.mixed.iter().map(String::as_str)).collect();
        let mut because = vec![];
        if calls > 0 {
            because.push(format!("in {calls} a client span and the server span that it called are of one service, and not of one process"));
        }
        because.extend(mixed.into_iter().map(|service| format!("spans of `{service}` come from SDKs of several languages")));
        if within > 0 {
            because.push(format!("in {within} a service calls itself, which is no fault"));
        }
        let found = Finding { because, from: both.from(), ..census.finding("traces with a shared service name", observed, expected) };
        Ok(if found.status == Status::Pass { found } else { Finding { remedy: Some(REMEDY.into()), ..found } })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::shared_name(rig, subject, copy);
    }
}

const REMEDY: &str = "Give each program its own `service.name` (`OTEL_SERVICE_NAME`); a service that calls itself over the network on purpose needs a \
                      `service.instance.id` in its resource, so that this can be told, or a waiver.";
