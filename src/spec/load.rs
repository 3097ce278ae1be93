//! From the text of a spec to a rig, settings and bound cases; or to every problem in it.

use super::{
    anchors, bounded_file, case_file, catalogue, changes,
    chosen::Checks,
    diagnostics::{Problem, Problems},
    discover, environment,
    exec::Exec,
    extends::{self, Named},
    files::Files,
    loads,
    metrics::{self, Metrics},
    network, noise,
    profile::Profile,
    references::{self, Env},
    resolved::Basis,
    resources, selection,
    settings::Settings,
    slo::{self, Slos},
    sources::{self, LOAD, METRICS, Source, TRACES},
    table::{Field, Reading, Table, check_name},
    target::{self, TargetSection},
    two_units, waivers,
};
use crate::model::{
    anchors::Anchors,
    audit::AnyCase,
    capability::Capability,
    environment::PartKind,
    event::Gate,
    name::{Name, name},
    node::{At, Node},
    rig::{By, Claim, Quantity, Rig, SourceInfo},
    units::Wall,
    usage::{Measure, Told, UsageClaim},
    workload::{BURN, BURN_CONTAINER, Found, HOST, KERNEL, Workload},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a spec means.
pub struct Loaded {
    /// What is recorded with a run: rig, cases, waivers, gate.
    pub profile: Profile,
    /// What is never recorded: connections with their secrets.
    pub settings: Settings,
    /// The cases, bound to their audits.
    pub cases: Vec<Box<dyn AnyCase>>,
    /// The newest edition of the checks, where the spec stays with an earlier one.
    pub newer: Option<String>,
    /// What is odd, but keeps nothing from running.
    pub warnings: Problems,
    /// What `--set` laid over the spec, without secrets.
    pub set: Vec<String>,
    /// Where things were written.
    pub anchors: Anchors,
    /// Where each waiver of the profile stands.
    pub(super) waivers_at: Vec<At>,
    /// Where each waiver of a difference between environments stands.
    pub(super) fact_waivers_at: Vec<At>,
    /// When it is looked at, if that was said.
    pub(super) now: Option<Wall>,
    /// What it was made of.
    pub(super) basis: Basis,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cases: Vec<_> = self.cases.iter().map(|c| &c.case().id).collect();
        f.debug_struct("Loaded").field("profile", &self.profile).field("settings", &self.settings).field("cases", &cases).finish_non_exhaustive()
    }
}

/// What loading depends on besides the text.
pub struct Options<'a> {
    /// A folder of case files to use instead of the embedded ones.
    pub checks_dir: Option<PathBuf>,
    /// Reads a variable of the environment, for `${env:X}`.
    pub env: &'a Env<'a>,
    /// What becomes of `${exec:…}`.
    pub exec: Exec,
}

/// Reads a spec. Relative paths in it start at its folder.
pub fn load(path: &Path, options: &Options<'_>) -> Result<Loaded, Problems> {
    load_changed(path, &[], options)
}

/// Reads a spec with changes `PATH=VALUE` over it, the later over the earlier; relative paths in them start at the working directory.
pub fn load_changed(path: &Path, changes: &[String], options: &Options<'_>) -> Result<Loaded, Problems> {
    let text = bounded_file::yaml(path).map_err(|why| Problems::one(format!("{}: {why}", path.display())))?;
    load_instead(&text, path, changes, options)
}

/// Reads a text in the place of the spec at a path, as [`load_changed`] would if it stood there.
pub fn load_instead(text: &str, path: &Path, changes: &[String], options: &Options<'_>) -> Result<Loaded, Problems> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut loaded = understood(&Named { text, name: &path.display().to_string(), folder, path: Some(path) }, changes, options)?;
    loaded.anchors = loaded.anchors.named(discover::in_repository);
    Ok(loaded)
}

/// Reads the text of a spec that goes by a name, with the folder at which its relative paths start.
pub fn load_text(text: &str, name: &str, base: &Path, options: &Options<'_>) -> Result<Loaded, Problems> {
    understood(&Named { text, name, folder: base, path: None }, &[], options)
}

fn understood(named: &Named<'_>, changes: &[String], options: &Options<'_>) -> Result<Loaded, Problems> {
    let mut files = Files::default();
    let written = extends::read(named, changes, &mut files);
    let (checks, broken_checks) = Checks::read(options.checks_dir.as_deref(), &mut files)?;
    let files = Arc::new(files);
    let mut problems = written.problems.clone();
    problems.extend(broken_checks);
    if !written.whole {
        return Err(Problems::new(files, problems, true));
    }
    let basis = Basis::new(&written, options.checks_dir.is_some());
    let cx = Reading::new(written.folders);
    let mut root = written.root;
    references::resolve(&mut root, options.env, options.exec, &cx);
    let read = read(&root, &checks, problems.is_empty(), options.env, &cx);
    let (found, warnings, redactor) = cx.finish();
    problems.extend(found);
    match read {
        Some(mut loaded) if problems.is_empty() => {
            loaded.settings.redactor = redactor;
            loaded.set = written.set;
            loaded.anchors = anchors::of(&root, &loaded.profile.rig, &files);
            loaded.basis = basis.became(root, std::mem::take(&mut loaded.basis));
            loaded.warnings = Problems::new(files, warnings, false);
            Ok(loaded)
        }
        _ => Err(Problems::new(files, problems, true)),
    }
}

/// Reads all sections. Cross-checks between sections run only where the sections themselves are sound.
fn read(root: &Node, checks: &Checks, sound: bool, env: &Env<'_>, cx: &Reading) -> Option<Loaded> {
    let document = Field::document(root);
    if root.entries().is_some_and(<[_]>::is_empty) {
        cx.problem(Problem::new(document.key, "the spec is empty").label("`rigcheck init` writes one"));
        return None;
    }
    let mut table = document.table(cx)?;
    // Known here, and read before: the tree is merged already.
    let _ = table.get("extends");
    if let Some(field) = table.need("version", "1", cx) {
        version(&field, cx);
    }
    let checks = checks.under(table.get("checks").as_ref(), cx)?;
    let catalogue = checks.cases.as_slice();
    let rig_name = table.need("rig", "staging", cx).and_then(|f| rig_name(&f, cx));
    let sources_field = table.get("sources");
    let declared = sources::declared(sources_field.as_ref(), cx);
    // A source whose name or kind is not understood may be the one that a metric comes from.
    let guessed = sources_field.as_ref().and_then(|f| f.node.entries()).is_some_and(|e| e.len() > declared.len());
    let truth = declared.iter().any(|d| d.kind == "truth");
    let target = table.get("target").map(|f| target::read(&f, truth, cx));
    let sources = sources::read(sources_field.as_ref(), &declared, cx);
    let metrics = table.get("metrics");
    let Metrics { claims: histograms, definitions } = metrics.as_ref().map(|f| metrics::read(f, &declared, guessed, cx)).unwrap_or_default();
    let environment = table.get("environment").map(|f| environment::read(&f, cx));
    let noise = table.get("noise").and_then(|f| noise::read(&f, cx));
    let network = table.get("network").map(|f| network::read(&f, env, cx));
    let resources = table.get("resources").map(|f| resources::read(&f, &declared, cx)).unwrap_or_default();
    let cases_field = table.get("cases");
    let mut slos = Slos::new();
    let cases = selection::read(cases_field.as_ref(), catalogue, &mut slos, cx);
    let require = table.get("require");
    let required = require.as_ref().and_then(|f| case_file::capabilities(f, cx));
    let waivers_field = table.get("waivers");
    let written = waivers_field.as_ref().map(|f| waivers::read(f, catalogue, cx)).unwrap_or_default();
    let gate = table.get("gate").map_or(Some(Gate::default()), |f| gate(&f, &checks.name, cx));
    table.close(cx);
    for problem in catalogue::bind(&cases) {
        cx.problem(problem);
    }
    if cx.count() > 0 || !sound {
        return None;
    }
    let target = target.flatten();
    two_units::warn(&sources, &declared, &histograms, metrics.as_ref(), cx);
    let mut rig = rig(rig_name?, target.as_ref(), &sources, histograms);
    own_sources(&mut rig, &resources.workloads);
    (rig.workloads, rig.usage) = (resources.workloads, resources.usage);
    let environment = environment.flatten();
    let fact_waivers_at = environment.as_ref().map(|section| section.waivers_at.clone()).unwrap_or_default();
    let environment = environment.map(|section| environment::put(section, &mut rig));
    if let Some(noise) = noise {
        noise::put(noise, &mut rig);
    }
    rig.definitions = definitions;
    rig.slo = slos.iter().map(|(quantity, (limit, _))| (*quantity, *limit)).collect();
    let network = network.flatten().map(|section| network::put(section, &mut rig));
    rig.capabilities = capabilities(&rig);
    slo::warn_of_unused(&slos, &rig, cx);
    if let (Some(field), Some(required)) = (require, required) {
        missing(&field, &required, &rig, cx);
    }
    let settings = Settings {
        target: target.map(|t| t.settings),
        sources: sources.into_iter().map(|s| (s.name, s.settings)).collect(),
        environment,
        network,
        ..Settings::default()
    };
    let gate = gate?;
    let changed = changes::of(&checks.edition, &cases, gate, &rig.capabilities);
    changes::warn(&changed, &checks.name, root, catalogue, cx);
    let profile = Profile {
        rig,
        cases_known: catalogue.len(),
        waivers: written.iter().map(|w| w.waiver.clone()).collect(),
        gate,
        checks: checks.name.clone(),
        cases,
        changed,
    };
    // Bound above already: what is refused here was told.
    let bound = profile.bind().ok()?;
    waivers::check(&written, &bound, &profile.rig, cx);
    let waivers_at = written.iter().map(|w| w.at).collect();
    Some(Loaded {
        profile,
        settings,
        cases: bound,
        newer: checks.newer,
        warnings: Problems::default(),
        set: vec![],
        anchors: Anchors::default(),
        waivers_at,
        fact_waivers_at,
        now: None,
        basis: Basis::selecting(checks.cases),
    })
}

fn version(field: &Field<'_>, cx: &Reading) {
    let told = field.text(cx);
    if told.as_deref().is_some_and(|t| t != "1") {
        cx.problem(field.refuse("is not known to this release", "write `version: 1`"));
    }
}

fn rig_name(field: &Field<'_>, cx: &Reading) -> Option<Name> {
    let text = field.text(cx)?;
    check_name("a rig", &text, field.node.at, cx).then(|| name(text))
}

fn gate(field: &Field<'_>, edition: &str, cx: &Reading) -> Option<Gate> {
    let mut table: Table<'_> = field.table(cx)?;
    let defaults = Gate::default();
    let mut part = |key, default| table.get(key).map_or(Some(default), |f| f.part(cx).inspect(|p| open_gate(*p, default, edition, &f, cx)));
    let (threshold, coverage) = (part("threshold", defaults.threshold), part("coverage", defaults.coverage));
    table.close(cx);
    Some(Gate { threshold: threshold?, coverage: coverage? })
}

fn open_gate(part: f64, default: f64, edition: &str, field: &Field<'_>, cx: &Reading) {
    if part <= 0.0 {
        cx.warn(field.refuse("of 0 lets everything through", "nothing can fall below it"));
    } else if part < default {
        let what = format!("of {part} is below the {default} of checks {edition}");
        cx.warn(field.refuse(what, "what passes by this gate alone is READY here only, and the report says so"));
    }
}

/// Puts the rig together: loads first, then logs, spans and histograms in the order of the spec.
fn rig(rig_name: Name, target: Option<&TargetSection>, sources: &[Source], histograms: Vec<Claim>) -> Rig {
    let mut infos: BTreeMap<Name, SourceInfo> = sources.iter().map(|s| (s.name.clone(), s.info.clone())).collect();
    let (loads, mut claims) = (target.map(|t| loads::of(t, sources)).unwrap_or_default(), vec![]);
    if let Some(target) = target {
        let load = target.chat.as_ref().map(|chat| &chat.load).or(target.embeddings.as_ref());
        if let Some(load) = load {
            let connection = &target.settings.connection;
            let place = format!("{}{}{}", connection.url, load.path, connection.through());
            infos.insert(name(LOAD), SourceInfo { kind: LOAD.into(), place, reads: String::new() });
        }
    }
    if let Some(chat) = target.and_then(|t| t.chat.as_ref()) {
        let claim = |(quantity, definition): &(Quantity, Name)| Claim {
            name: quantity.word().into(),
            source: name(LOAD),
            quantity: *quantity,
            by: By::Client { definition: definition.clone() },
        };
        claims.extend(chat.timing.iter().map(claim));
    }
    let per_request = |of: fn(&By) -> bool| sources.iter().flat_map(|s| &s.claims).filter(move |c| of(&c.by)).cloned();
    claims.extend(per_request(|by| matches!(by, By::LogField)));
    claims.extend(per_request(|by| matches!(by, By::Spans)));
    claims.extend(histograms);
    let clocks = sources.iter().filter(|s| s.settings.reads_wall_clock()).map(|s| s.name.clone()).collect();
    Rig { name: rig_name, clocks, target: target.map(|t| t.target.clone()), loads, sources: infos, claims, ..Rig::default() }
}

/// The kernel of this machine and the burn are sources where a workload needs them.
fn own_sources(rig: &mut Rig, workloads: &BTreeMap<Name, Workload>) {
    let mut own = |source: &str, place: String| rig.sources.insert(name(source), SourceInfo { kind: source.into(), place, reads: String::new() });
    if workloads.contains_key(HOST) {
        own(KERNEL, "this machine".into());
    }
    if let Some(act) = workloads.values().find_map(Workload::burn) {
        own(BURN, if act.contained { format!("container {BURN_CONTAINER}") } else { "this process".into() });
    }
}

/// What the spec declares to be there.
fn capabilities(rig: &Rig) -> BTreeSet<Capability> {
    let kind = |kinds: &[&str]| rig.sources.values().any(|s| kinds.contains(&s.kind.as_str()));
    let histogram = |c: &Claim| c.histogram().is_some_and(|_| rig.sources.get(&c.source).is_some_and(|s| METRICS.contains(&s.kind.as_str())));
    let traces = kind(&TRACES);
    let usage = |of: &dyn Fn(&UsageClaim) -> bool| rig.usage.iter().any(of);
    // Of something whose kernel is this machine's, and which we do not burn.
    let here = |of: &dyn Fn(Measure) -> bool| {
        let served = |c: &UsageClaim| rig.workloads.get(&c.workload).is_some_and(|w| w.burn().is_none() && w.found != Found::Elsewhere);
        rig.usage.iter().any(|c| of(c.measure) && served(c))
    };
    let there = |capability: &Capability| match capability {
        Capability::ControlledLoad => !rig.loads.is_empty(),
        Capability::KnownTruth => kind(&["truth"]),
        Capability::PerRequestServerRecord => rig.claims.iter().any(Claim::per_request),
        Capability::PerRequestTime => rig.claims.iter().any(|c| c.per_request() && c.of_requests()),
        Capability::PerRequestTotal => rig.claims.iter().any(|c| c.per_request() && c.quantity == Quantity::Total),
        Capability::Histogram => rig.claims.iter().any(histogram),
        Capability::RequestHistogram => rig.claims.iter().any(|c| histogram(c) && c.of_requests()),
        Capability::Exemplars => traces && rig.claims.iter().any(|c| c.histogram().is_some_and(|h| h.exemplars)),
        Capability::Slo => rig.claims.iter().any(|c| histogram(c) && rig.slo.contains_key(&c.quantity)),
        Capability::TotalHistogram => rig.claims_of(Quantity::Total).any(histogram),
        Capability::TotalSpans => rig.claims_of(Quantity::Total).any(|c| matches!(c.by, By::Spans)),
        Capability::Traces => traces,
        Capability::TracePage => kind(&["jaeger"]),
        Capability::AccessLog => kind(&["access_log"]),
        Capability::Streaming => rig.loads.values().any(|l| l.stream),
        Capability::Clocks => !rig.clocks.is_empty(),
        Capability::Workloads => rig.served().any(|(_, w)| w.found != Found::Elsewhere),
        Capability::UsageClaims => !rig.usage.is_empty(),
        Capability::CpuClaims => here(&|m| m == Measure::Cpu),
        Capability::MemoryClaims => here(&Measure::memory),
        Capability::NetworkClaims => here(&Measure::network),
        Capability::ScrapedUsage => usage(&|c| rig.sources.get(&c.source).is_some_and(|s| METRICS.contains(&s.kind.as_str()))),
        Capability::DockerStats => usage(&|c| c.told == Told::Own),
        Capability::KnownBurn => rig.burner().is_some_and(|(name, _)| rig.usage_of(name).any(|c| c.measure == Measure::Cpu)),
        Capability::KnownMemory => {
            rig.burner().is_some_and(|(name, act)| act.memory > 0 && rig.usage_of(name).any(|c| c.measure.memory() && c.measure != Measure::Cache))
        }
        Capability::Observers => rig.workloads.values().any(|w| w.observer),
        Capability::Environment => rig.environment.is_some(),
        Capability::Reference => rig.reference.is_some(),
        Capability::Database => rig.environment.as_ref().is_some_and(|e| e.parts.values().any(|kind| *kind == PartKind::Postgres)),
        Capability::IdleNoise => rig.noise.is_some(),
        Capability::Calibration => rig.noise.as_ref().is_some_and(|noise| noise.calibrate),
        Capability::NetworkEndpoints => rig.network.is_some(),
        Capability::NetworkReference => rig.network.as_ref().is_some_and(|n| n.reference.is_some()),
        Capability::NetworkBudget => rig.network.as_ref().is_some_and(|n| n.ttft.is_some()),
        Capability::NetworkLargeBody => rig.far_ends().any(|(_, far)| far.endpoint.large_body),
        Capability::StoredQueries => kind(&["prometheus", "dashboards"]),
    };
    Capability::ALL.into_iter().filter(there).collect()
}

fn missing(field: &Field<'_>, required: &[Capability], rig: &Rig, cx: &Reading) {
    for (item, capability) in field.list(cx).iter().zip(required) {
        if !rig.has(*capability) {
            cx.problem(
                Problem::new(item.node.at, format!("this spec requires `{}` and does not provide it", capability.word())).label(capability.how()),
            );
        }
    }
}
