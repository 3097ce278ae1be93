//! What `rigcheck validate` says of a sound spec: what was understood, and what will and will not be judged.

use super::load::Loaded;
use crate::model::{
    audit::Context,
    capability::Capability,
    case::{CATALOGUE, Case, RuleSpec},
    evidence::{Evidence, Gap, Unknown},
    rig::{By, Claim},
};
use std::fmt::Write as _;

impl Loaded {
    /// Rig, sources, claims and scope, for people. Shows nothing secret: it is made of what is recorded with a run.
    pub fn summary(&self) -> String {
        let (profile, rig) = (&self.profile, &self.profile.rig);
        let mut out = format!("rig     {} · checks {}{}\n", rig.name, profile.checks, if profile.changed.is_empty() { "" } else { " (changed)" });
        match &rig.target {
            Some(target) => {
                let allow = &target.allow;
                let _ =
                    writeln!(out, "target  {} · at most {} requests, {} tokens, {}", target.url, allow.requests.up(), allow.tokens.up(), allow.rate);
            }
            None => out.push_str("target  none: nothing is sent\n"),
        }
        for load in rig.loads.values() {
            let stream = if load.stream { "streamed" } else { "not streamed" };
            let traced = if load.traced.all() { "" } else { ", every second one without a trace" };
            let rate = load.per_kilosecond as f64 / 1000.0;
            let _ = writeln!(out, "load    {}: {} on {}, {rate}/s, {stream}{traced}", load.name, load.model, load.path);
        }
        out.push_str(if rig.sources.is_empty() { "\nsources none\n" } else { "\nsources\n" });
        for (name, source) in &rig.sources {
            let kind = if source.kind == *name { String::new() } else { format!(" ({})", source.kind) };
            let _ = writeln!(out, "  {name}{kind}: {}", source.place);
        }
        out.push_str(if rig.claims.is_empty() { "\nclaims  none\n" } else { "\nclaims\n" });
        for claim in &rig.claims {
            let times = rig.definitions.get(&claim.subject()).map_or_else(String::new, |t| format!(", {} → {}", t.from.word(), t.to.word()));
            let _ = writeln!(out, "  {}: {}, {}{times}", claim.subject(), claim.quantity.title(), told(claim));
        }
        out.push_str(if rig.workloads.is_empty() { "" } else { "\nresources\n" });
        for (name, workload) in &rig.workloads {
            let observer = if workload.observer { ", an observer" } else { "" };
            let _ = writeln!(out, "  {name}: {}{observer}", workload.found);
            for claim in rig.usage_of(name).filter(|c| c.series().is_some()) {
                let of = claim.series().map(|s| s.metric.as_str()).unwrap_or_default();
                let _ = writeln!(out, "    {}: {}, {of}", claim.subject(), claim.measure.title());
            }
        }
        if let Some(environment) = &rig.environment {
            let parts: Vec<_> = environment
                .parts
                .iter()
                .map(|(part, kind)| if kind.word() == part.as_str() { part.to_string() } else { format!("{part} ({kind})") })
                .collect();
            let beside = rig.reference.as_ref().map_or_else(|| "compared with nothing".to_owned(), |r| format!("beside {r}"));
            let _ = writeln!(out, "\nenvironment\n  {beside}: {}", parts.join(", "));
            for waiver in &environment.waivers {
                let fact = String::from(waiver.fact.clone());
                let _ = writeln!(
                    out,
                    "  waived {fact} ({} here, {} there) until {}, {}: {}",
                    waiver.here, waiver.there, waiver.expires_text, waiver.owner, waiver.reason
                );
            }
        }
        if let Some(noise) = &rig.noise {
            let calibrated = if noise.calibrate { ", and calibrated" } else { "" };
            let _ = writeln!(out, "\nnoise\n  this machine is watched while nothing is asked of the rig{calibrated}");
            if !noise.monitors.is_empty() {
                let _ = writeln!(out, "  monitors: {}", noise.monitors.join(", "));
            }
        }
        if let Some(network) = &rig.network {
            let beside = network.reference.as_ref().map_or_else(|| "compared with nothing".to_owned(), |r| format!("beside {r}"));
            let _ = writeln!(out, "\nnetwork\n  {beside}");
            for (name, far) in &network.endpoints {
                let from = far.from.as_ref().map_or_else(String::new, |from| format!(" ({from})"));
                let body = if far.endpoint.large_body { ", with a large body" } else { "" };
                let _ = writeln!(out, "  {name}: {}{from}{body}", far.endpoint.authority());
            }
        }
        let slos: Vec<_> = rig.slo.iter().map(|(quantity, limit)| format!("{quantity} ≤ {limit}")).collect();
        if !slos.is_empty() {
            let _ = writeln!(out, "slo     {}", slos.join(" · "));
        }
        out.push('\n');
        out.push_str(&self.scope());
        for waiver in &profile.waivers {
            let of = waiver.of.as_ref().map_or_else(String::new, |of| format!(" of {of}"));
            let ends = if self.now.is_some_and(|now| waiver.expired(now)) { "expired" } else { "until" };
            let _ = writeln!(out, "waiver  {}{of}, {ends} {}, {}: {}", waiver.rule, waiver.expires_text, waiver.owner, waiver.reason);
        }
        let gate = profile.gate;
        let _ = writeln!(out, "gate    score {} and coverage {} at least", gate.threshold, gate.coverage);
        for (nth, change) in profile.changed.iter().enumerate() {
            let _ = writeln!(out, "{:8}{change}", if nth == 0 { "changed" } else { "" });
        }
        for quantity in profile.unmeasured() {
            let _ = writeln!(out, "unseen  {}: no log, trace source or histogram measures it", quantity.title());
        }
        out
    }

    /// Rules that would be judged and scored.
    pub fn rules_in_scope(&self) -> usize {
        self.profile.cases.iter().flat_map(|c| &c.rules).filter(|r| !r.newer && r.in_scope(&self.profile.rig.capabilities)).count()
    }

    /// Blockers in scope that nothing in the spec can tell of: a run cannot end READY, whatever the rig does. Judging
    /// before anything was asked tells them from those that wait for an answer.
    pub fn never_ready(&self) -> Option<String> {
        let nothing = Evidence::default();
        let cx = Context { rig: &self.profile.rig, evidence: &nothing, as_of: self.now.unwrap_or_default() };
        let mut lacking: Vec<(String, Vec<String>)> = vec![];
        for case in &self.cases {
            for (at, subject) in case.subjects(&self.profile.rig) {
                let Some(rule) = case.case().rules.get(at).filter(|r| r.blocks()) else { continue };
                let Ok(Err(Unknown { gap: Gap::NotConfigured(what), .. })) = case.judge_one(at, &subject, &cx) else { continue };
                let what = what.split("; ").next().unwrap_or_default().to_owned();
                match lacking.iter_mut().find(|(w, _)| *w == what) {
                    Some((_, rules)) => rules.push(rule.id.to_string()),
                    None => lacking.push((what, vec![rule.id.to_string()])),
                }
            }
        }
        let needs = |(what, rules): &(String, Vec<String>)| {
            let verb = if rules.len() == 1 { "is a blocker and has" } else { "are blockers and have" };
            format!("{} {verb} {what}", rules.join(", "))
        };
        (!lacking.is_empty()).then(|| format!("This cannot end READY: {}", lacking.iter().map(needs).collect::<Vec<_>>().join("; ")))
    }

    fn scope(&self) -> String {
        let (profile, has) = (&self.profile, &self.profile.rig.capabilities);
        let in_scope = |rule: &&RuleSpec| !rule.newer && rule.in_scope(has);
        let judged = |case: &&Case| case.rules.iter().any(|r| in_scope(&r));
        let rules = profile.cases.iter().flat_map(|c| &c.rules).filter(|r| !r.newer).count();
        let inside = self.rules_in_scope();
        let cases = profile.cases.iter().filter(judged).count();
        let (known, all) = (profile.cases_known, CATALOGUE.max(profile.cases_known));
        let mut out = format!("scope   {cases} of {all} cases (this release has {known}), {inside} of {rules} rules\n");
        for capability in Capability::ALL {
            let lacking = profile.cases.iter().flat_map(|c| &c.rules).filter(|r| !r.deselected && r.missing(has).contains(&capability));
            let ids: Vec<_> = lacking.map(|r| r.id.to_string()).collect();
            if !ids.is_empty() {
                let _ = writeln!(out, "  out: {} (no {}): {}", ids.join(", "), capability.word(), capability.how());
            }
        }
        let newer: Vec<_> = profile.cases.iter().flat_map(|c| &c.rules).filter(|r| r.newer).map(|r| r.id.to_string()).collect();
        if !newer.is_empty() {
            let _ = writeln!(out, "  newer than checks {}, judged and not scored: {}", profile.checks, newer.join(", "));
        }
        let deselected: Vec<_> = profile.cases.iter().flat_map(|c| &c.rules).filter(|r| r.deselected).map(|r| r.id.to_string()).collect();
        if !deselected.is_empty() {
            let _ = writeln!(out, "  deselected: {}", deselected.join(", "));
        }
        out
    }
}

fn told(claim: &Claim) -> String {
    match &claim.by {
        By::Client { definition } => format!("by the load generator's own clock ({definition})"),
        By::LogField => "by a log line for each request".into(),
        By::Spans => "by the spans of each request".into(),
        By::Histogram(histogram) => {
            let labels: Vec<_> = histogram.labels.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
            let exemplars = if histogram.exemplars { ", with exemplars" } else { "" };
            format!("by the histogram {}{{{}}}{exemplars}", histogram.metric, labels.join(","))
        }
    }
}
