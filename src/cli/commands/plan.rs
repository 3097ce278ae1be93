//! `rigcheck plan`: what an audit would do. Sends nothing, unless one request is asked for.

use super::{Outlook, folder_of, load, outlook::Load, probe};
use crate::{
    cli::{
        args::SpecArgs,
        exit,
        hold::{Wait, WaitArgs},
        outputs::{print, rows},
    },
    model::{event::Step, redactor::UNCLEAN, units::Count},
    report::probe::Probe,
    spec::{Exec, Loaded},
};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::{fmt::Write as _, process::ExitCode};

/// What to plan.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 an audit can be run · 2 usage or spec error, or more than target.allow\n\nExit codes with --probe: 0 everything that the spec maps appeared once, with a plausible value, and the margins can be \
    settled from here · 1 a mapping is proven wrong (unit, route, service, id field, model) · 2 usage or spec error · 3 something did not appear or \
    could not be told · 70 our bug · 130 interrupted"
)]
pub struct Plan {
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Send ONE request to the target, within target.allow, and show where it appeared, each with its value; nothing is recorded
    #[arg(long)]
    pub probe: bool,
    /// How long to wait for another run.
    #[command(flatten)]
    pub wait: WaitArgs,
    /// Run the programs that the spec names in ${exec:PROGRAM ARG ...}, for secrets that the probe needs
    #[arg(long, requires = "probe")]
    pub allow_exec: bool,
    /// How to show it
    #[arg(long, short, value_enum, default_value_t = Shape::Human)]
    pub output: Shape,
}

/// For whom.
#[derive(Clone, Copy, Debug, PartialEq, clap::ValueEnum)]
pub enum Shape {
    /// For a terminal.
    Human,
    /// For programs.
    Json,
}

pub async fn run(args: &Plan) -> anyhow::Result<ExitCode> {
    let exec = match (args.probe, args.allow_exec) {
        (false, _) => Exec::NotRun,
        (true, true) => Exec::Allowed,
        (true, false) => Exec::Refused,
    };
    if !args.probe && Wait::from(args.wait) != Wait::No {
        bail!("--wait: a plan sends nothing and waits for nobody; it goes with --probe");
    }
    let (path, loaded) = load(&args.spec, exec)?;
    if !loaded.warnings.is_empty() {
        eprintln!("{}", loaded.warnings);
    }
    let outlook = Outlook::of(&loaded);
    if args.probe {
        let planned = json(&loaded, &outlook)?;
        let Some(found) = probe::probe(loaded, folder_of(&path), args.wait.into()).await? else { return Ok(exit::interrupted()) };
        match args.output {
            Shape::Human => print(&probe::human(&found))?,
            Shape::Json => shown(&with(planned, &found))?,
        }
        return Ok(exit::probed(found.state()));
    }
    let redactor = &loaded.settings.redactor;
    match args.output {
        Shape::Human => print(&redactor.clean(&human(&path.display().to_string(), &loaded, &outlook)))?,
        Shape::Json => shown(&json(&loaded, &outlook)?)?,
    }
    Ok(exit::usage_if(outlook.over(&loaded).is_some()))
}

fn shown(value: &Value) -> anyhow::Result<()> {
    print(&format!("{value:#}\n"))
}

fn with(mut planned: Value, found: &Probe) -> Value {
    planned["probe"] = json!({"state": found.state(), "rows": found.rows, "vantage": found.vantage});
    planned
}

fn json(loaded: &Loaded, outlook: &Outlook) -> anyhow::Result<Value> {
    let rig = &loaded.profile.rig;
    let steps: Vec<Value> = outlook
        .steps
        .iter()
        .map(|s| json!({"title": s.title, "lasting_ms": s.lasting.0, "requests": s.requests, "tokens": s.tokens, "reference": s.reference, "asks": s.asks}))
        .collect();
    let target = rig.target.as_ref().map(|t| {
        json!({"url": t.url, "allow": {"requests": t.allow.requests.0, "tokens": t.allow.tokens.0, "per_second": t.allow.rate.0}, "refused": outlook.over(loaded)})
    });
    let (to, free) = (outlook.target, outlook.reference);
    let reference = json!({"requests": free.requests, "tokens": free.tokens});
    let total = json!({"lasting_ms": outlook.lasting.0, "requests": to.requests, "tokens": to.tokens, "reference": reference});
    let planned = json!({"schema": "rigcheck.plan/1", "rig": rig.name, "steps": steps, "total": total, "target": target});
    loaded.settings.redactor.strip(planned).context(UNCLEAN)
}

fn human(path: &str, loaded: &Loaded, outlook: &Outlook) -> String {
    let rig = &loaded.profile.rig;
    let mut text = format!("Plan for rig {} ({path}). Nothing was sent.\n\n", rig.name);
    if outlook.steps.is_empty() {
        text.push_str("Nothing would be asked: no rule is in scope (`rigcheck validate` says what would bring them in).\n");
    } else {
        let amount = |n: u64| if n == 0 { "–".to_owned() } else { Count(n).up().to_string() };
        let sent = |s: &Step| if s.reference { format!("{} (free)", amount(s.requests)) } else { amount(s.requests) };
        let row = |(at, s): (usize, &Step)| [(at + 1).to_string(), s.title.clone(), s.lasting.about(), sent(s), amount(s.tokens), s.asks.join("\n")];
        let steps: Vec<_> = outlook.steps.iter().enumerate().map(row).collect();
        let table = rows(["", "step", "about", "requests", "tokens at most", "asks"], &steps);
        let all = |load: Load| format!("{} requests and at most {} tokens", load.requests, Count(load.tokens).up());
        let (time, to, free) = (outlook.lasting.about(), outlook.target, outlook.reference);
        let beside = if free.requests > 0 { format!("; {} to the reference endpoint, free", all(free)) } else { String::new() };
        let _ = writeln!(text, "{table}\nIn all about {time}, {} to the target{beside}.", all(to));
    }
    match &rig.target {
        Some(target) => {
            let allow = target.allow;
            let (requests, tokens) = (allow.requests.up(), allow.tokens.up());
            let place = rig.sources.get("load").map_or(&target.url, |load| &load.place);
            let _ = writeln!(text, "Allowed: {requests} requests, {tokens} tokens, {} to {place}.", allow.rate);
            if let Some(over) = outlook.over(loaded) {
                let _ = writeln!(text, "! Too much: {over}.");
            }
        }
        None => text.push_str("No target: no load is sent, and rules that need one are out of scope.\n"),
    }
    if let Some(never) = loaded.never_ready() {
        let _ = writeln!(text, "! {never}.");
    }
    text
}
