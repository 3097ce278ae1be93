//! `rigcheck noise`: what this machine does while nothing is asked of the rig, and who does it.

use super::{folder_of, load, load_at};
use crate::{
    audits::no_interference::NoInterference,
    cli::{
        against::{Against, same_rig},
        args::{OutputArgs, SpecArgs},
        hold::WaitArgs,
        outputs::Outputs,
        run::{self, hostname},
    },
    model::{audit::Audit as _, units::Ms},
    spec::{self, Exec, Loaded, discover::NotFound},
    store::Shelf,
};
use anyhow::bail;
use std::{path::PathBuf, process::ExitCode};

/// `rigcheck noise`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Watches, and runs small fixed loads of some 20 ms; asks nothing of the rig and changes nothing. Needs no spec: with one, \
                        its `resources` tell who belongs to the rig and who only watches. Recorded like an audit: later ones compare with it.")]
pub struct Noise {
    /// How long the machine is watched; 60s for a look, 10min for a sign-off
    #[arg(long = "for", value_name = "DURATION")]
    pub length: Option<Ms>,
    /// Only watch: run no loads
    #[arg(long)]
    pub no_calibration: bool,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
    /// What to do while another run goes on.
    #[command(flatten)]
    pub wait: WaitArgs,
}

/// The case that this command judges.
const CASE: &str = "PERF_INFRA_ENVIRONMENT_NO_INTERFERENCE_003";
/// A shorter window tells nothing, a longer one than a day is none.
const SHORTEST: Ms = Ms(10_000.0);
const LONGEST: Ms = Ms(86_400_000.0);

pub async fn run(args: Noise, color: bool) -> anyhow::Result<ExitCode> {
    if let Some(length) = args.length.filter(|length| *length < SHORTEST || *length > LONGEST) {
        bail!("--for {length}: a window of 10 s at the least and 24 h at the most tells something; 60s is usual, 10min for a sign-off");
    }
    let outputs = Outputs::new(&args.out, color, &[])?;
    let (folder, mut loaded) = understood(&args)?;
    keep_one(&mut loaded)?;
    let mut against = Against::open(&args.out, &Shelf::of(&folder), None)?;
    same_rig(&mut against, &loaded.profile.rig)?;
    let how = run::How {
        folder: &folder,
        command: "rigcheck noise",
        wait: args.wait.into(),
        remark: Some("this machine, while nothing is asked of the rig".into()),
        outputs,
        ending: args.out.ending(),
        against,
        prove: false,
    };
    run::run(loaded, how).await
}

/// The spec with what the arguments change of it, and the folder that keeps the runs; where there is no spec, this machine.
fn understood(args: &Noise) -> anyhow::Result<(PathBuf, Loaded)> {
    match load(&args.spec, Exec::NotRun) {
        Ok((path, loaded)) => {
            let mut changes = args.spec.set.clone();
            changes.extend(loaded.profile.rig.noise.is_none().then(|| "noise={}".to_owned()));
            changes.extend(args.no_calibration.then(|| "noise.calibrate=false".to_owned()));
            let checks = args.spec.checks.checks.as_deref();
            let window = args.length.map(|length| format!("{}ms", length.0));
            let tried = window.iter().map(|window| [&changes[..], &[format!("cases.{CASE}.audit.window={window}")]].concat());
            // A spec that only lists its cases has none that a value could be changed of.
            let listed = window.iter().map(|window| [&changes[..], &[format!("cases={{{CASE}: {{audit: {{window: {window}}}}}}}")]].concat());
            let mut all =
                tried.chain(listed).chain(window.is_none().then(|| changes.clone())).map(|changes| load_at(&path, &changes, checks, Exec::NotRun));
            let loaded = all.find(Result::is_ok).unwrap_or_else(|| load_at(&path, &changes, checks, Exec::NotRun))?;
            Ok((folder_of(&path).to_owned(), loaded))
        }
        Err(error) if matches!(error.downcast_ref(), Some(NotFound::Nowhere { .. })) => Ok((".".into(), without_spec(args)?)),
        Err(error) => Err(error),
    }
}

fn without_spec(args: &Noise) -> anyhow::Result<Loaded> {
    let text = format!(
        "version: 1\nrig: {}\nnoise: {{calibrate: {}}}\ncases: {{{CASE}: {{audit: {{window: {}ms}}}}}}\n",
        rig_name(&hostname()),
        !args.no_calibration,
        args.length.map_or(60_000.0, |length| length.0)
    );
    let options = spec::Options { checks_dir: args.spec.checks.checks.clone(), env: &|_| None, exec: Exec::NotRun };
    if let Some(change) = args.spec.set.first() {
        bail!("--set {change}: there is no {} here or above it that it could change; name one with --spec", spec::discover::FILE_NAME);
    }
    Ok(spec::load_text(&text, "rigcheck noise", std::path::Path::new("."), &options)?)
}

/// A host's name as the name of a rig.
fn rig_name(host: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = host.chars().take(40).map(fits).collect();
    let name = name.trim_matches('-');
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name.to_owned() } else { "this-machine".into() }
}

/// Of all cases the one that looks at the machine.
fn keep_one(loaded: &mut Loaded) -> anyhow::Result<()> {
    loaded.profile.cases.retain(|case| case.audit.as_str() == NoInterference::NAME);
    loaded.cases.retain(|case| case.case().audit.as_str() == NoInterference::NAME);
    if loaded.cases.is_empty() {
        bail!("the spec leaves {CASE} out: add it to `cases`, or run this where no spec is");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_name_becomes_the_name_of_a_rig() {
        for (host, name) in [("perf-1", "perf-1"), ("Perf_1.example", "perf-1-example"), ("10.0.0.1", "this-machine"), ("", "this-machine")] {
            assert_eq!(rig_name(host), name);
        }
    }
}
