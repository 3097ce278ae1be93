//! Environments on disk: baselines, snapshots, documents; and what is expected of them.
#![allow(clippy::disallowed_methods, reason = "looks for what the user names")]

use crate::{
    audits::config_match::ConfigMatch,
    engine::Elsewhere,
    fidelity::{Expectations, Half, How, compare},
    kept::variables::Variables,
    model::{
        audit::Audit as _,
        case::Case,
        comparison::{Class, Comparison, Match},
        environment::{Environment, PartKind},
        evidence::Evidence,
        key::World,
        name::name,
        rows::InMemory,
        snapshot::{About, of_part},
        units::Wall,
    },
    spec::{
        Loaded, bounded_file,
        catalogue::Catalogue,
        declared::{self, Declared, Form},
        environment::BASELINES,
    },
    store::{baseline, snapshot},
};
use anyhow::{anyhow, bail};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// What environments are read and compared by: what a spec says of them, else what this release says.
pub struct Yardstick {
    /// What is expected of facts.
    pub expectations: Expectations,
    /// How variables in documents are told.
    variables: Variables,
    /// What is called otherwise, scaled, accepted.
    environment: Environment,
}

impl Yardstick {
    /// By a spec, if there is one; `checks` are those of this release unless told.
    pub fn of(loaded: Option<&Loaded>, checks: Option<&Path>) -> anyhow::Result<Yardstick> {
        let of = |cases: &[Case]| cases.iter().find(|case| case.audit.as_str() == ConfigMatch::NAME).map(|case| case.params.read::<ConfigMatch>());
        let found = match loaded.and_then(|l| of(&l.profile.cases)) {
            Some(found) => Some(found),
            None => of(&Catalogue::load(checks)?.cases),
        };
        let found = found.ok_or_else(|| anyhow!("none of the cases compares configurations: there is nothing to judge a difference by"))?;
        let expectations = found.map_err(|bad| anyhow!("what is expected of facts cannot be read: {bad}"))?.facts;
        let variables = loaded.and_then(|l| l.settings.environment.as_ref()).map(|e| e.variables.clone()).unwrap_or_default();
        Ok(Yardstick { expectations, variables, environment: loaded.and_then(|l| l.profile.rig.environment.clone()).unwrap_or_default() })
    }

    /// Reads an environment: the folder of a baseline, a snapshot, or a document of a person, of Compose or of Kubernetes.
    pub fn open(&self, path: &Path) -> anyhow::Result<Evidence> {
        if path.is_dir() {
            if !baseline::is(path) {
                bail!("{} is no baseline: it has no evidence.jsonl; `rigcheck baseline accept SNAPSHOT --as NAME` makes one", path.display());
            }
            return Ok(baseline::open(path)?);
        }
        if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            return document(path, self);
        }
        Ok(snapshot::read(path)?)
    }

    /// Lays one environment beside another.
    pub fn beside(&self, here: &Evidence, there: &Evidence, names: [&str; 2]) -> Comparison {
        let Environment { called, scale, waivers, .. } = &self.environment;
        let how = How { expectations: &self.expectations, called, scale, waivers, now: crate::engine::wall_now() };
        compare(&Half::of(here, &World::Live, names[0]), &Half::of(there, &World::Live, names[1]), &how)
    }
}

/// Is it a file, or the folder of a baseline? Else it may be a run.
pub fn is(path: &Path) -> bool {
    path.is_file() || baseline::is(path)
}

/// What a person wrote, or what Compose or Kubernetes is told, as evidence.
fn document(path: &Path, how: &Yardstick) -> anyhow::Result<Evidence> {
    let text = bounded_file::yaml(path).map_err(|why| anyhow!("{}: {why}", path.display()))?;
    let shown = path.display().to_string();
    let written = || path.metadata().and_then(|m| m.modified()).ok().and_then(|at| jiff::Timestamp::try_from(at).ok());
    let of_others = |parts, by: &str| Declared {
        name: name(path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()),
        as_of: written().map_or_else(crate::engine::wall_now, |at| Wall(at.as_microsecond())),
        by: by.into(),
        parts,
    };
    let told = match declared::form(&text) {
        Some(Form::Declared) => declared::read_text(&text, &shown, &|part, fact| how.expectations.kind(&name(part), fact))?,
        Some(Form::Compose) => of_others(declared::compose(&text, &shown, &how.variables)?, "the compose file"),
        Some(Form::Kubernetes) => of_others(declared::kubernetes(&text, &shown, &how.variables)?, "the objects for Kubernetes"),
        None => bail!(
            "{shown} is no document of an environment: one begins with `environment: NAME`, `as_of: 2027-01-31` and `by: WHO`; files of Compose \
             (`services`) and of Kubernetes (`apiVersion`, `kind`) are read, too"
        ),
    };
    let parts = told.parts.keys().map(|part| (part.clone(), PartKind::guessed(part))).collect();
    let about = About { name: told.name.0, as_of: told.as_of, by: told.by, parts, key: how.variables.key_id(), ..About::default() };
    let mut evidence = Evidence::default();
    let facts = told.parts.into_iter().map(|(part, table)| about.told(&of_part(&part), table, &shown)).collect::<Vec<_>>();
    for fact in facts.into_iter().chain([about.fact(&shown)]) {
        evidence.put(fact.key, fact.answer);
    }
    Ok(evidence)
}

/// A path, or the name of a baseline of this project.
pub fn find(wanted: &str, home: &Path) -> anyhow::Result<PathBuf> {
    let named = home.join(BASELINES).join(wanted);
    if !wanted.contains('/') && baseline::is(&named) {
        return Ok(named);
    }
    let path = PathBuf::from(wanted);
    if path.exists() {
        return Ok(path);
    }
    let known: Vec<String> = baseline::list(&home.join(BASELINES))?.into_iter().map(|(name, _)| name.0).collect();
    let known = if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) };
    bail!("`{wanted}` is neither a file nor a baseline in {} ({known})", home.join(BASELINES).display())
}

/// The environment that a spec names as its reference, for a run.
pub fn reference(loaded: &Loaded) -> anyhow::Result<BTreeMap<World, Elsewhere>> {
    let place = loaded.settings.environment.as_ref().and_then(|e| e.reference.as_ref());
    let Some((name, place)) = loaded.profile.rig.reference.as_ref().zip(place) else { return Ok(BTreeMap::new()) };
    if !place.exists() {
        bail!(
            "environment.reference: {} does not exist; `rigcheck snapshot capture FILE` on the other environment makes a snapshot, \
             `rigcheck baseline accept FILE --as {name}` a baseline",
            place.display()
        );
    }
    let evidence = Yardstick::of(Some(loaded), None)?.open(place)?;
    Ok([(World::Reference(name.clone()), Elsewhere { evidence, blobs: Arc::new(InMemory::default()) })].into())
}

/// How a command ends that compared two environments: 0 where nothing material differs, 1 where something does, 3 where that
/// could not be told.
pub fn ending(comparison: &Comparison) -> ExitCode {
    let open = comparison.of(Class::Unknown).any(|row| row.wanted);
    match comparison.verdict() {
        Match::Differs => 1.into(),
        Match::Unknown | Match::Untold => 3.into(),
        _ if open => 3.into(),
        Match::Matches | Match::Conditional => ExitCode::SUCCESS,
    }
}
