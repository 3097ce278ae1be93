//! What holds where the spec says nothing: read off the resolved profile and settings, in the spec's words.

use super::show::Shown;
use crate::{
    model::{
        endpoint::Verb,
        name::Name,
        network::{FarEnd, Network},
        node::Value,
        rig::{By, Claim, HistogramOf, Rig},
        workload::Workload,
    },
    spec::{
        changes::exact,
        load::Loaded,
        settings::{AccessLog, Field, LogFormat, OtlpPlace, SourceSettings},
        sources::{LOAD, UNITS},
    },
};

/// Every value of every section, whether or not it was written as well; without the cases.
pub(super) fn of(loaded: &Loaded) -> Shown {
    let (profile, rig) = (&loaded.profile, &loaded.profile.rig);
    let mut sections = vec![("checks", text(&profile.checks))];
    if rig.target.is_some() {
        sections.push(("target", target(rig)));
    }
    let sources = loaded.settings.sources.iter().map(|(name, settings)| (name.to_string(), source(name, settings, rig)));
    sections.push(("sources", Shown::section(sources)));
    sections.push(("metrics", metrics(rig)));
    if !rig.workloads.is_empty() {
        sections.push(("resources", resources(rig)));
    }
    if let Some(noise) = &rig.noise {
        sections.push(("noise", section([("calibrate", flag(noise.calibrate)), ("monitors", Shown::words([]))])));
    }
    if let Some(network) = &rig.network {
        sections.push(("network", self::network(network)));
    }
    sections.push(("require", Shown::words([])));
    sections.push(("waivers", Shown::words([])));
    sections.push(("gate", section([("threshold", number(profile.gate.threshold)), ("coverage", number(profile.gate.coverage))])));
    section(sections)
}

fn target(rig: &Rig) -> Shown {
    let mut keys = vec![];
    if let Some(load) = rig.loads.get("controlled") {
        let definition = |c: &Claim| if let By::Client { definition } = &c.by { Some((c.quantity.word(), text(definition.as_str()))) } else { None };
        let timing = rig.claims.iter().filter(|c| c.source.as_str() == LOAD).filter_map(definition);
        let keys_of_chat = [
            ("path", text(&load.path)),
            ("max_tokens", number(f64::from(load.max_tokens))),
            ("stream", flag(load.stream)),
            ("rate", text(&format!("{}/s", load.per_kilosecond as f64 / 1000.0))),
            ("planted", flag(load.planted)),
            ("timing", section(timing)),
        ];
        keys.push(("chat", section(keys_of_chat)));
    }
    if let Some(load) = rig.loads.get("embeddings") {
        let rate = format!("{}/s", load.per_kilosecond as f64 / 1000.0);
        keys.push(("embeddings", section([("path", text(&load.path)), ("rate", text(&rate)), ("planted", flag(load.planted))])));
    }
    if let Some(target) = &rig.target {
        let allow = target.allow;
        let limits =
            [("requests", number(allow.requests.0 as f64)), ("tokens", number(allow.tokens.0 as f64)), ("rate", text(&allow.rate.to_string()))];
        keys.push(("allow", section(limits)));
    }
    section(keys)
}

fn source(name: &Name, settings: &SourceSettings, rig: &Rig) -> Shown {
    let kind = rig.sources.get(name).map(|s| s.kind.to_string()).unwrap_or_default();
    let mut keys = vec![("kind", text(&kind))];
    let claims = || Shown::words(rig.claims.iter().filter(|c| c.source == *name && matches!(c.by, By::Spans)).map(|c| c.quantity.word()));
    match settings {
        SourceSettings::Scrape { interval, .. } => keys.push(("interval", text(&exact(*interval)))),
        SourceSettings::Jaeger { settle, .. } => keys.extend([("settle", text(&exact(*settle))), ("claims", claims())]),
        SourceSettings::Otlp { from, settle, .. } => {
            if let OtlpPlace::Listen(listen) = from {
                keys.push(("listen", text(&listen.to_string())));
            }
            keys.extend([("settle", text(&exact(*settle))), ("claims", claims())]);
        }
        SourceSettings::AccessLog(log) => keys.extend(access_log(log)),
        SourceSettings::Cloud { settle, .. } => keys.push(("settle", text(&exact(*settle)))),
        SourceSettings::Prometheus { .. }
        | SourceSettings::Truth { .. }
        | SourceSettings::Clock(_)
        | SourceSettings::Docker { .. }
        | SourceSettings::Dashboards { .. }
        | SourceSettings::Postgres { .. } => {}
    }
    section(keys)
}

fn access_log(log: &AccessLog) -> Vec<(&'static str, Shown)> {
    let timed = |field: &Option<Field>| match field {
        Some(f) => section([("field", text(&f.field)), ("unit", text(unit(f.unit_ms)))]),
        None => text("none"),
    };
    let format = if matches!(log.format, LogFormat::JsonLines) { "json" } else { "nginx" };
    let mut keys = vec![("format", text(format)), ("id", text(&log.id))];
    keys.extend([("at", &log.at), ("status", &log.status)].into_iter().filter_map(|(key, field)| Some((key, text(field.as_ref()?)))));
    keys.extend([("duration", &log.total), ("ttft", &log.ttft), ("inter_chunk", &log.inter_chunk)].map(|(key, field)| (key, timed(field))));
    keys
}

/// One entry a name; a metric that several sources are asked for names none.
fn metrics(rig: &Rig) -> Shown {
    let claims: Vec<(&Claim, &HistogramOf)> = rig.claims.iter().filter_map(|c| Some((c, c.histogram()?))).collect();
    let mut entries: Vec<(String, Shown)> = vec![];
    for (claim, histogram) in &claims {
        if entries.iter().any(|(name, _)| *name == claim.name.as_str()) {
            continue;
        }
        let mut keys = vec![
            ("unit", text(unit(histogram.unit_ms))),
            ("match", section([])),
            ("exemplars", flag(histogram.exemplars)),
            ("of", text(claim.quantity.word())),
        ];
        if claims.iter().filter(|(c, _)| c.name == claim.name).count() == 1 {
            keys.push(("source", text(claim.source.as_str())));
        }
        entries.push((claim.name.to_string(), section(keys)));
    }
    Shown::section(entries)
}

/// One entry a workload; a series that several sources are asked for names none.
fn resources(rig: &Rig) -> Shown {
    let workload = |(name, workload): (&Name, &Workload)| {
        let mut keys = vec![("observer", flag(workload.observer))];
        if let Some(act) = workload.burn() {
            let place = if act.contained { "container" } else { "process" };
            let burn = [
                ("cpu", number(f64::from(act.millicores) / 1e3)),
                ("memory", text(&format!("{}B", act.memory))),
                ("network", text(&format!("{}B/s", act.network))),
                ("in", text(place)),
            ];
            keys.push(("burn", section(burn)));
        }
        let mut metrics: Vec<(String, Shown)> = vec![];
        let claims: Vec<_> = rig.usage_of(name).filter_map(|c| Some((c, c.series()?))).collect();
        for (claim, series) in &claims {
            if metrics.iter().any(|(name, _)| *name == claim.name.as_str()) {
                continue;
            }
            let mut keys = vec![("of", text(claim.measure.word())), ("type", text(series.shape.word())), ("match", section([]))];
            if claims.iter().filter(|(c, _)| c.name == claim.name).count() == 1 {
                keys.push(("source", text(claim.source.as_str())));
            }
            metrics.push((claim.name.to_string(), section(keys)));
        }
        if !metrics.is_empty() {
            keys.push(("metrics", Shown::section(metrics)));
        }
        (name.to_string(), section(keys))
    };
    Shown::section(rig.workloads.iter().map(workload))
}

/// The TTFT is that of the cases where the section says none.
fn network(network: &Network) -> Shown {
    let far_end = |(name, far): (&Name, &FarEnd)| {
        let method = match far.endpoint.method {
            Some(Verb::Get) => "get",
            Some(Verb::Head) => "head",
            None => "none",
        };
        (name.to_string(), section([("method", text(method)), ("large_body", flag(far.endpoint.large_body))]))
    };
    let mut keys = vec![("endpoints", Shown::section(network.endpoints.iter().map(far_end))), ("proxy", text("none"))];
    keys.extend(network.ttft.map(|ttft| ("ttft", text(&exact(ttft)))));
    section(keys)
}

fn unit(ms: f64) -> &'static str {
    UNITS.iter().find(|(_, of)| (of - ms).abs() <= f64::EPSILON * ms).map_or("ms", |(word, _)| word)
}

fn section<'k>(keys: impl IntoIterator<Item = (&'k str, Shown)>) -> Shown {
    Shown::section(keys.into_iter().map(|(key, shown)| (key.to_owned(), shown)))
}

fn text(text: &str) -> Shown {
    Shown::default(Value::Text(text.to_owned()))
}

fn number(n: f64) -> Shown {
    Shown::default(Value::Num(n))
}

fn flag(flag: bool) -> Shown {
    Shown::default(Value::Bool(flag))
}
