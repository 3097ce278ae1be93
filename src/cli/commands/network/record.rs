use crate::{
    audits::network_baseline::{NetworkBaseline, key},
    cli::{
        args::SpecArgs,
        asking::ask,
        commands::{folder_of, load},
        exit,
        hold::{WaitArgs, hold},
        outputs::{flowing, print},
        progress::Progress,
        run::hostname,
    },
    engine,
    model::{
        audit::{Audit as _, Effort, Need},
        environment::{ENVIRONMENT, SNAPSHOT},
        evidence::{Evidence, digest},
        key::{Facts, World},
        name::name,
        network::FarEnd,
        payload::FactValue,
        recording::{Recorded, Recording},
        snapshot::of_part,
        units::Count,
        workload::HOST,
    },
    report::ways,
    sources,
    spec::{Exec, Loaded, endpoints::Endpoints, environment::BASELINES},
    store::{self, baseline::Of, snapshot},
};
use anyhow::{Context as _, bail};
use std::{fmt::Write as _, fs, path::PathBuf, process::ExitCode, sync::Arc};

/// `rigcheck network record`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Connects to the endpoints that the spec names under `network`, and to nobody else: at most two connects a second to each, \
                  without credentials, nothing that costs; a 429 ends it. 400 connects to an endpoint take some four minutes.")]
pub struct Record {
    /// Where to write it; `-` for standard output
    #[arg(required_unless_present = "name", conflicts_with = "name")]
    pub to: Option<PathBuf>,
    /// Accept it as the ways of the environment of this name, below baselines/ beside the spec
    #[arg(long = "as", value_name = "NAME", requires = "by", requires = "because")]
    pub name: Option<String>,
    /// With --as: who answers for it
    #[arg(long, value_name = "WHO", requires = "name")]
    pub by: Option<String>,
    /// With --as: why it is accepted
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub because: Option<String>,
    /// Connects to each endpoint [default: those of the audit, 400]
    #[arg(long, value_name = "COUNT")]
    pub connects: Option<Count>,
    /// ... in so many rounds [default: those of the audit, 5]
    #[arg(long, value_name = "COUNT")]
    pub rounds: Option<Count>,
    /// Replace what is there
    #[arg(long)]
    pub replace: bool,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Run the programs that the spec names in ${exec:PROGRAM ARG ...}, for secrets
    #[arg(long)]
    pub allow_exec: bool,
    /// What to do while another run goes on.
    #[command(flatten)]
    pub wait: WaitArgs,
}

#[allow(clippy::disallowed_methods, reason = "writes the file that the user names")]
pub async fn run(args: Record) -> anyhow::Result<ExitCode> {
    let (spec, loaded) = looking(&args)?;
    let folder = folder_of(&spec);
    let accepted = args.name.as_ref().map(|called| baseline_of(&args, called, folder)).transpose()?;
    if let Some(to) = args.to.as_ref().filter(|to| to.as_os_str() != "-" && to.exists() && !args.replace) {
        bail!("{} is there already; name another file, or say --replace", to.display());
    }
    let Some(_alone) = hold(None, "rigcheck network record", folder, &loaded.profile.rig, args.wait.into()).await? else {
        return Ok(exit::interrupted());
    };
    let Some(evidence) = measured(&args, &loaded).await? else { return Ok(exit::interrupted()) };
    let mut said = String::new();
    let whole = told(&evidence, &mut said);
    match (&args.to, accepted) {
        (_, Some(path)) => {
            if !whole {
                eprint!("{said}");
                bail!("what is not whole is not accepted as the ways of an environment; write it to a file to keep it, or record it again");
            }
            Of::Network.write(&path, &evidence)?;
            let name = args.name.as_deref().unwrap_or_default();
            let _ = writeln!(said, "accepted as {name}; it is text: review and commit {}", path.display());
        }
        (Some(to), None) => {
            let text = snapshot::text(&evidence)?;
            if to.as_os_str() == "-" {
                print(&text)?;
            } else {
                fs::write(to, text).with_context(|| format!("writing {}", to.display()))?;
                let _ = writeln!(said, "written to {}", to.display());
            }
        }
        (None, None) => bail!("say where to write it: a file, or --as NAME"),
    }
    eprint!("{said}");
    Ok(if whole { ExitCode::SUCCESS } else { 3.into() })
}

/// The spec with its section `network`, and with one `environment`, so that the machine that measured is known.
fn looking(args: &Record) -> anyhow::Result<(PathBuf, Loaded)> {
    let mut spec = args.spec.clone();
    let (path, first) = load(&spec, Exec::NotRun)?;
    if first.profile.rig.network.is_none() {
        bail!(
            "{}: it names no endpoint: add `network: {{endpoints: {{bedrock: {{from: bedrock-runtime, region: us-east-1}}}}}}`; \
             `rigcheck network endpoints` lists those that are known by name",
            path.display()
        );
    }
    if first.profile.rig.environment.is_none() {
        spec.set.push("environment={}".into());
    }
    load(&spec, if args.allow_exec { Exec::Allowed } else { Exec::Refused })
}

/// The folder of the baseline, if it may be written.
fn baseline_of(args: &Record, called: &str, folder: &std::path::Path) -> anyhow::Result<PathBuf> {
    for (what, text) in [("--by", &args.by), ("--because", &args.because)] {
        if text.as_ref().is_none_or(|text| text.trim().is_empty()) {
            bail!("{what}: say it; a baseline shows who accepted it, when and why");
        }
    }
    if called.is_empty() || called.starts_with('.') || !called.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c)) {
        bail!("--as {called}: a baseline's name has letters, digits, `-`, `_` and `.` only: it is a folder's name");
    }
    let path = folder.join(BASELINES).join(called);
    if Of::Network.is(&path) && !args.replace {
        bail!("{} has recorded ways already; say --replace, and look at what changes (`git diff`)", path.display());
    }
    Ok(path)
}

/// What is measured now, with what the recording says of itself; nothing if the user ended it.
async fn measured(args: &Record, loaded: &Loaded) -> anyhow::Result<Option<Evidence>> {
    let rig = &loaded.profile.rig;
    let audit = loaded.profile.cases.iter().find(|case| case.audit.as_str() == NetworkBaseline::NAME);
    let audit = audit.and_then(|case| case.params.read::<NetworkBaseline>().ok());
    let usual = |of: fn(&NetworkBaseline) -> Count, else_: u64| audit.as_ref().map_or(else_, |audit| of(audit).0);
    let effort = Effort {
        requests: args.connects.map_or_else(|| usual(|a| a.connects, 400), |n| n.0),
        rounds: args.rounds.map_or_else(|| usual(|a| a.rounds, 5), |n| n.0),
        ..Effort::default()
    };
    let about = [SNAPSHOT, HOST].map(|scope| Need { key: of_part(&name(scope)), effort: Effort::default() });
    let ways = rig.far_ends().map(|(_, far)| Need { key: key(World::Live, far), effort });
    let sources = sources::build(rig, &loaded.settings);
    let asked = ask(loaded, "network record", sources, about.into_iter().chain(ways).collect(), &Arc::new(Progress::new())).await?;
    let Some(mut evidence) = asked else { return Ok(None) };
    only_the_host(&mut evidence);
    let recording = about_itself(args, loaded, &evidence)?;
    let fact = recording.fact("rigcheck network record");
    evidence.put(fact.key, fact.answer);
    Ok(Some(evidence))
}

/// Of the environment only the machine is told: it is what measured.
fn only_the_host(evidence: &mut Evidence) {
    evidence.alter(&name(ENVIRONMENT), &Facts { scope: name(SNAPSHOT) }, |table| {
        table.0.retain(|fact, _| !fact.starts_with("parts.") || fact == "parts.host");
        table.put("parts", FactValue::List(1), "");
    });
}

fn about_itself(args: &Record, loaded: &Loaded, evidence: &Evidence) -> anyhow::Result<Recording> {
    let rig = &loaded.profile.rig;
    let host = evidence.get(&World::Live, &name(ENVIRONMENT), &Facts { scope: name(HOST) });
    let fingerprint = host.ok().and_then(|got| serde_json::to_vec(got.value).ok()).map(|facts| digest(&facts)).unwrap_or_default();
    let now = engine::wall_now();
    let accepted = args.by.as_ref().zip(args.because.as_ref()).map(|(by, why)| (by.trim().to_owned(), now, why.trim().to_owned()));
    let reach = loaded.settings.network.as_ref().map(|network| &network.reach);
    let recorded = |far: &FarEnd| {
        let proxy = reach.and_then(|reach| reach.get(&far.endpoint.name)).and_then(|reach| reach.proxy.clone());
        Recorded {
            host: Some(far.endpoint.host.clone()),
            port: Some(far.endpoint.port),
            region: far.region.clone(),
            proxy: Some(proxy.unwrap_or_else(|| "none".into())),
            ..Recorded::default()
        }
    };
    Ok(Recording {
        name: args.name.clone().unwrap_or_else(|| rig.name.0.clone()),
        as_of: now,
        tool: store::THIS.into(),
        host: hostname(),
        catalogue: Endpoints::embedded()?.version,
        fingerprint,
        accepted,
        endpoints: rig.far_ends().map(|(name, far)| (name.clone(), recorded(far))).collect(),
        ..Recording::default()
    })
}

/// Says what was recorded; is it whole?
fn told(evidence: &Evidence, said: &mut String) -> bool {
    let mut whole = true;
    for (key, answer) in evidence.iter() {
        let gap = match answer {
            Ok(seen) => seen.partial.as_ref(),
            Err(gap) => Some(gap),
        };
        if let Some(gap) = gap {
            whole &= key.source.as_str() == ENVIRONMENT;
            *said += &flowing(&format!("? {key}: {gap}"), 0);
        }
    }
    *said += &ways::listed(evidence);
    said.push('\n');
    whole
}
