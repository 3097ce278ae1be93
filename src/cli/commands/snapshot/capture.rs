use crate::{
    cli::{
        args::SpecArgs,
        asking::ask,
        commands::{environment, load},
        outputs::{flowing, print},
        progress::Progress,
        run::hostname,
    },
    model::{
        audit::{Effort, Need},
        environment::{ENVIRONMENT, SNAPSHOT},
        evidence::Evidence,
        key::Facts,
        name::name,
        snapshot::of_part,
    },
    report::facts,
    sources,
    spec::{self, Exec, Loaded, discover::NotFound},
    store::snapshot,
};
use anyhow::{Context as _, bail};
use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// `rigcheck snapshot capture`.
#[derive(Debug, clap::Args)]
#[command(after_help = "On another machine: `ssh HOST rigcheck snapshot capture - --workload gateway=container:gateway > gateway.snapshot`. What \
                  could not be told is said, with what would help; a snapshot of fewer facts is never silently a smaller one.")]
pub struct Capture {
    /// Where to write it; `-` for standard output
    pub to: PathBuf,
    /// Without a spec: a workload to look at, as NAME=WAY:WHAT; ways are container, label, process, port, pid and cgroup; repeatable
    #[arg(long, value_name = "NAME=WAY:WHAT", value_parser = workload, conflicts_with = "spec")]
    pub workload: Vec<String>,
    /// What the environment is called [default: the rig of the spec, else this machine's name]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Run the programs that the spec names in ${exec:PROGRAM ARG ...}, for secrets
    #[arg(long)]
    pub allow_exec: bool,
}

/// As YAML of the section `resources`.
fn workload(text: &str) -> Result<String, String> {
    let parts = text.split_once('=').and_then(|(name, rest)| Some((name, rest.split_once(':')?)));
    let Some((name, (way, what))) = parts else { return Err("write it as gateway=container:gateway".into()) };
    let quoted = |text: &str| serde_json::to_string(text).map_err(|e| e.to_string());
    Ok(format!("{}: {{{}: {}}}", quoted(name)?, quoted(way)?, quoted(what)?))
}

#[allow(clippy::disallowed_methods, reason = "writes the file that the user names")]
pub async fn run(args: &Capture) -> anyhow::Result<ExitCode> {
    let stdout = args.to.as_os_str() == "-";
    if !stdout && args.to.exists() && !args.force {
        bail!("{} is there already; name another file, or say --force", args.to.display());
    }
    let Some(evidence) = captured(&loaded(args)?, args.name.clone()).await? else { return Ok(crate::cli::exit::interrupted()) };
    let text = snapshot::text(&evidence)?;
    let (summary, gaps) = facts::summary(&evidence);
    if stdout {
        print(&text)?;
    } else {
        fs::write(&args.to, text).with_context(|| format!("writing {}", args.to.display()))?;
    }
    let mut said = String::new();
    for gap in &gaps {
        said += &flowing(&format!("? {gap}"), 0);
    }
    let whereto = if stdout { String::new() } else { format!(", written to {}", args.to.display()) };
    let _ = writeln!(said, "{summary}{whereto}");
    eprint!("{said}");
    Ok(ExitCode::SUCCESS)
}

/// The spec with its section `environment`; without a spec one that names what the arguments name.
fn loaded(args: &Capture) -> anyhow::Result<Loaded> {
    let found = args.workload.is_empty().then(|| looking(&args.spec, args.allow_exec));
    match found {
        Some(Ok((_, loaded))) => Ok(loaded),
        Some(Err(error)) if !matches!(error.downcast_ref(), Some(NotFound::Nowhere { .. })) => Err(error),
        _ => {
            let rig = args.name.clone().unwrap_or_else(hostname);
            let workloads = args.workload.iter().map(|w| format!("  {w}")).collect::<Vec<_>>().join("\n");
            let resources = if workloads.is_empty() { String::new() } else { format!("resources:\n{workloads}\n") };
            let text = format!("version: 1\nrig: {}\nenvironment: {{}}\n{resources}", serde_json::to_string(&rig)?);
            let options = spec::Options { checks_dir: args.spec.checks.checks.clone(), env: &environment, exec: Exec::Refused };
            Ok(spec::load_text(&text, "the arguments", Path::new(""), &options)?)
        }
    }
}

/// The spec, which wants the configuration to be read whether or not it says so. Programs that tell secrets run once.
pub fn looking(spec: &SpecArgs, allow_exec: bool) -> anyhow::Result<(PathBuf, Loaded)> {
    let mut spec = spec.clone();
    if load(&spec, Exec::NotRun)?.1.profile.rig.environment.is_none() {
        spec.set.push("environment={}".into());
    }
    load(&spec, if allow_exec { Exec::Allowed } else { Exec::Refused })
}

/// What is there now; nothing if the user ended it.
pub async fn captured(loaded: &Loaded, called: Option<String>) -> anyhow::Result<Option<Evidence>> {
    let rig = &loaded.profile.rig;
    let Some(environment) = &rig.environment else { bail!("the spec has no `environment`: there is nothing to look at") };
    let scopes = [name(SNAPSHOT)].into_iter().chain(environment.parts.keys().cloned());
    let needs: Vec<Need> = scopes.map(|scope| Need { key: of_part(&scope), effort: Effort::default() }).collect();
    let sources = sources::build(rig, &loaded.settings);
    let mut evidence = ask(loaded, "snapshot", sources, needs, &Arc::new(Progress::new())).await?;
    if let (Some(called), Some(evidence)) = (called, &mut evidence) {
        evidence.alter(&name(ENVIRONMENT), &Facts { scope: name(SNAPSHOT) }, |table| table.set("name", called));
    }
    Ok(evidence)
}
