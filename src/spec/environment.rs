//! The section `environment`: the configuration is read, and compared with that of another environment.

use super::{
    diagnostics::Problem,
    settings::EnvironmentSettings,
    table::{Field, Reading, check_name},
    waivers,
};
use crate::{
    kept::variables::Variables,
    model::{
        environment::{ENVIRONMENT, Environment, PartKind},
        fact_waiver::{FactWaiver, FactWaiverState, LONGEST_US},
        glob::Glob,
        name::{Name, name},
        node::At,
        rig::{Rig, SourceInfo},
        secret::Secret,
        units::Wall,
        workload::{Found, HOST},
    },
};
use std::{collections::BTreeMap, path::PathBuf};

/// The folder of accepted environments, beside the spec.
pub const BASELINES: &str = "baselines";
/// A key of a fingerprint that is shorter can be tried out.
const SHORTEST_KEY: usize = 16;

/// What the section says.
#[derive(Default)]
pub(super) struct Section {
    /// What it is compared with.
    pub(super) reference: Option<Name>,
    pub(super) called: BTreeMap<String, String>,
    pub(super) scale: BTreeMap<Name, f64>,
    pub(super) waivers: Vec<FactWaiver>,
    /// Where each of them stands.
    pub(super) waivers_at: Vec<At>,
    pub(super) settings: EnvironmentSettings,
}

/// Reads the section.
pub(super) fn read(field: &Field<'_>, cx: &Reading) -> Option<Section> {
    let mut table = field.table(cx)?;
    let (reference, place) = table.get("reference").and_then(|f| reference(&f, cx)).unzip();
    let shown = table.get("variables").map(|f| f.list(cx).iter().filter_map(|item| item.text(cx)).collect()).unwrap_or_default();
    let key = table.get("fingerprint_key").and_then(|f| key(&f, cx));
    let called = table.get("called").map(|f| f.entries(cx).iter().filter_map(|(k, f)| Some(((*k).to_owned(), f.text(cx)?))).collect());
    let scale = table.get("scale").map(|f| f.entries(cx).iter().filter_map(|(k, f)| Some((name(*k), ratio(f, cx)?))).collect());
    let items = table.get("waivers").map(|f| f.list(cx)).unwrap_or_default();
    let (waivers, waivers_at) = items.iter().filter_map(|item| Some((waiver(item, cx)?, item.key))).unzip();
    table.close(cx);
    Some(Section {
        reference,
        called: called.unwrap_or_default(),
        scale: scale.unwrap_or_default(),
        waivers,
        waivers_at,
        settings: EnvironmentSettings { reference: place, variables: Variables { shown, key } },
    })
}

/// Puts it into the rig: with whatever of the rig can be read.
pub(super) fn put(section: Section, rig: &mut Rig) -> EnvironmentSettings {
    let kinds = rig.sources.iter().filter_map(|(source, info)| Some((source.clone(), kind(info.kind.as_str())?)));
    let workloads = rig.served().filter(|(_, w)| w.found != Found::Elsewhere).map(|(name, _)| (name.clone(), PartKind::Workload));
    let parts = [(name(HOST), PartKind::Host)].into_iter().chain(workloads).chain(kinds).collect();
    rig.environment = Some(Environment { parts, called: section.called, scale: section.scale, waivers: section.waivers });
    rig.reference = section.reference;
    rig.sources.insert(name(ENVIRONMENT), SourceInfo { kind: ENVIRONMENT.into(), place: "this machine".into(), reads: String::new() });
    section.settings
}

fn kind(source: &str) -> Option<PartKind> {
    match source {
        "postgres" => Some(PartKind::Postgres),
        "prometheus" => Some(PartKind::Prometheus),
        _ => None,
    }
}

/// The name of a baseline, or the path of a snapshot or of a document.
pub(super) fn reference(field: &Field<'_>, cx: &Reading) -> Option<(Name, PathBuf)> {
    let text = field.text(cx)?;
    let path = std::path::Path::new(&text);
    if path.extension().is_none() && !text.contains('/') {
        return check_name("a baseline", &text, field.node.at, cx).then(|| (name(&*text), cx.beside(field.node.at, &format!("{BASELINES}/{text}"))));
    }
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).filter(|s| !s.is_empty());
    if stem.is_none() {
        cx.problem(field.refuse("is neither a baseline nor a file", "write `production`, or `production.yaml`"));
    }
    Some((name(stem?), cx.beside(field.node.at, &text)))
}

fn key(field: &Field<'_>, cx: &Reading) -> Option<Secret> {
    let key = field.secret(cx)?;
    if key.expose().len() < SHORTEST_KEY {
        cx.problem(
            Problem::new(field.node.at, format!("`{}` is shorter than {SHORTEST_KEY} characters", field.path))
                .label("whoever has a fingerprint could try out all keys; make one: `openssl rand -hex 32`"),
        );
        return None;
    }
    Some(key)
}

fn ratio(field: &Field<'_>, cx: &Reading) -> Option<f64> {
    use crate::model::node::Value;
    let told = if let Value::Num(n) = field.node.value { Some(n) } else { None };
    let ratio = told.filter(|n| (0.000_1..=10_000.0).contains(n));
    if ratio.is_none() {
        cx.problem(field.refuse("is no ratio", "write `0.5` for an environment of half the size"));
    }
    ratio
}

fn waiver(item: &Field<'_>, cx: &Reading) -> Option<FactWaiver> {
    let mut table = item.table(cx)?;
    let mut text = |key, example, cx: &Reading| table.need(key, example, cx).and_then(|f| f.text(cx));
    let fact = text("fact", "gateway.process.workers", cx);
    let (here, there) = (text("here", "4", cx), text("there", "8", cx));
    let (reason, owner) = (text("reason", "…", cx), text("owner", "NAME", cx));
    let impact = table.get("impact").map_or_else(|| Some(String::new()), |f| f.text(cx));
    let expires = table.need("expires", "2027-01-31T00:00:00+01:00", cx).and_then(|f| waivers::expiry(&f, cx));
    table.close(cx);
    let (expires, expires_text) = expires?;
    let fact = Glob::from(fact?);
    if fact.letters() == 0 {
        cx.problem(Problem::new(item.key, "this waiver would cover every difference").label("name a fact: `gateway.process.workers`"));
        return None;
    }
    Some(FactWaiver { fact, here: here?, there: there?, reason: reason?, owner: owner?, impact: impact?, expires, expires_text })
}

/// What is odd about a waiver as things stand at `now`.
pub(super) fn odd(waiver: &FactWaiver, at: At, now: Wall) -> Option<Problem> {
    let until = &waiver.expires_text;
    match waiver.at(now) {
        FactWaiverState::Expired => {
            Some(Problem::new(at, format!("this waiver expired on {until}")).label("the difference counts; renew or remove it"))
        }
        FactWaiverState::Expiring => {
            Some(Problem::new(at, format!("this waiver lapses soon, on {until}")).label("mend the cause before, or renew it"))
        }
        _ if waiver.expires.0.saturating_sub(now.0) > LONGEST_US => {
            let long = Problem::new(at, format!("this waiver is signed until {until}, which is more than 180 days"));
            Some(long.label("sign it for less: what nobody looks at again is no accepted difference"))
        }
        _ => None,
    }
}
