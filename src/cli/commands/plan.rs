//! `rigcheck plan`: what an audit would do. Sends nothing.

use super::{Outlook, load};
use crate::spec::Exec;
use crate::{
    cli::{
        args::SpecArgs,
        outputs::{print, table},
    },
    model::units::Count,
};
use std::{fmt::Write as _, process::ExitCode};

pub fn run(args: &SpecArgs) -> anyhow::Result<ExitCode> {
    let (path, loaded) = load(args, Exec::NotRun)?;
    if !loaded.warnings.is_empty() {
        eprintln!("{}", loaded.warnings);
    }
    let rig = &loaded.profile.rig;
    let outlook = Outlook::of(&loaded);
    let mut text = format!("Plan for rig {} ({}). Nothing was sent.\n\n", rig.name, path.display());
    if outlook.steps.is_empty() {
        text.push_str("Nothing would be asked: no rule is in scope (`rigcheck validate` says what would bring them in).\n");
    } else {
        let mut table = table(["", "step", "about", "requests", "tokens at most", "asks"]);
        let amount = |n: u64| if n == 0 { "–".to_owned() } else { Count(n).up().to_string() };
        for (at, s) in outlook.steps.iter().enumerate() {
            table.add_row([(at + 1).to_string(), s.title.clone(), s.lasting.about(), amount(s.requests), amount(s.tokens), s.asks.join("\n")]);
        }
        let (time, requests, tokens) = (outlook.lasting.about(), outlook.requests, Count(outlook.tokens).up());
        let _ = writeln!(text, "{table}\n\nIn all about {time}, {requests} requests and at most {tokens} tokens to the target.");
    }
    match &rig.target {
        Some(target) => {
            let allow = target.allow;
            let (requests, tokens) = (allow.requests.up(), allow.tokens.up());
            let place = rig.sources.get("load").map_or(&target.url, |load| &load.place);
            let _ = writeln!(text, "Allowed: {requests} requests, {tokens} tokens, {} to {place}.", allow.rate);
            if let Some(over) = outlook.over(&loaded) {
                let _ = writeln!(text, "! Too much: {over}.");
            }
        }
        None => text.push_str("No target: no load is sent, and rules that need one are out of scope.\n"),
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
