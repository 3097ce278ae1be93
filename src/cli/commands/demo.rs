//! `rigcheck demo`: a real audit of the embedded reference rig.

use crate::{
    cli::{
        against::Against,
        args::OutputArgs,
        hold::WaitArgs,
        outputs::{Outputs, print},
        run::{self, How},
    },
    reference::{faults, rig::ReferenceRig},
    report::Format,
    spec::{self, diagnostics::Problems},
    store::Shelf,
};
use anyhow::{Context, anyhow};
use std::{fmt::Write as _, process::ExitCode};

/// `rigcheck demo`.
#[derive(Debug, clap::Args)]
pub struct Demo {
    /// Seed this fault into the rig and see it caught
    #[arg(long, value_name = "NAME")]
    pub fault: Option<String>,
    /// List the faults that can be seeded
    #[arg(long)]
    pub list_faults: bool,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
    /// What to do while another run goes on.
    #[command(flatten)]
    pub wait: WaitArgs,
}

/// The least at which every rule can pass: 0 of 299 is the first count whose 95 % bound is below 1 % (LAT-10). Takes 20 s.
const REQUESTS: u64 = 300;

pub async fn run(args: Demo, color: bool) -> anyhow::Result<ExitCode> {
    if args.list_faults {
        print(&list())?;
        return Ok(ExitCode::SUCCESS);
    }
    let fault = match &args.fault {
        None => None,
        Some(wanted) => Some(faults::by_name(wanted).ok_or_else(|| no_fault(wanted))?),
    };
    let outputs = Outputs::new(&args.out, color, &[(Format::Html, "rigcheck-report.html")])?;
    let home = super::home(None)?;
    let mut against = Against::open(&args.out, &Shelf::of(&home), None)?;
    let folder = tempfile::Builder::new().prefix("rigcheck-demo-").tempdir().context("making a folder for the rig")?;
    let rig = ReferenceRig::start(folder.path(), fault, REQUESTS).context("starting the reference rig on 127.0.0.1")?;
    let mut loaded = spec::load_text(
        &rig.spec(),
        "the reference rig's spec",
        folder.path(),
        &spec::Options { checks_dir: None, env: &|_| None, exec: spec::Exec::Refused },
    )?;
    // Who runs a demo has not written this spec; what it leaves out stands in the report's head.
    loaded.warnings = Problems::default();
    if let Some(against) = &mut against {
        // Its target has another port each time.
        against.of_rig(&loaded.profile.rig, None)?;
    }
    let remark =
        fault.map_or("reference rig on 127.0.0.1".to_owned(), |f| format!("reference rig on 127.0.0.1 · fault seeded: {} ({})", f.name, f.title));
    let how = How {
        folder: &home,
        command: "rigcheck demo",
        wait: args.wait.into(),
        remark: Some(remark),
        outputs,
        ending: args.out.ending(),
        against,
        prove: false,
    };
    let code = run::run(loaded, how).await;
    let pacing = rig.pacing();
    rig.stop().await;
    eprintln!("The rig's own pacing error: {pacing}.");
    code
}

fn list() -> String {
    let width = faults::ALL.iter().map(|f| f.name.len()).max().unwrap_or(0);
    let mut text = String::from("Faults that `rigcheck demo --fault NAME` can seed, and the rules that must find them:\n\n");
    for fault in faults::ALL {
        let _ = writeln!(text, "  {:width$}   {}\n  {:width$}   found by {}", fault.name, fault.title, "", fault.found_by.join(", "));
    }
    text
}

fn no_fault(wanted: &str) -> anyhow::Error {
    let near = faults::ALL.iter().map(|f| (strsim::jaro_winkler(f.name, wanted), f.name)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = near.filter(|(score, _)| *score > 0.7).map(|(_, name)| format!("; did you mean `{name}`?")).unwrap_or_default();
    anyhow!("there is no fault `{wanted}`{hint} (`rigcheck demo --list-faults` names them all)")
}
