//! `rigcheck plan`: what an audit would do. Sends nothing.

use super::load;
use crate::{
    cli::{args::SpecArgs, outputs::print},
    engine::Plan,
    model::units::{Count, Ms},
    sources,
};
use std::{fmt::Write as _, process::ExitCode};

pub fn run(args: &SpecArgs) -> anyhow::Result<ExitCode> {
    let (path, loaded) = load(args)?;
    let rig = &loaded.profile.rig;
    let steps = Plan::make(&loaded.cases, rig, &sources::build(rig, &loaded.settings)).steps();
    let mut text = format!("Plan for rig {} ({}). Nothing was sent.\n\n", rig.name, path.display());
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["", "step", "about", "requests", "tokens at most", "asks"]);
    for (at, s) in steps.iter().enumerate() {
        let amount = |n: u64| if n == 0 { "–".to_owned() } else { Count(n).to_string() };
        table.add_row([(at + 1).to_string(), s.title.clone(), s.lasting.to_string(), amount(s.requests), amount(s.tokens), s.asks.join("\n")]);
    }
    let (time, requests, tokens) = steps.iter().fold((0.0, 0, 0), |(t, r, k), s| (t + s.lasting.0, r + s.requests, k + s.tokens));
    let _ = writeln!(text, "{table}\n\nIn all about {}, {} requests and at most {} tokens to the target.", Ms(time), requests, Count(tokens));
    match &rig.target {
        Some(target) => {
            let allow = target.allow;
            let _ = writeln!(text, "Allowed: {} requests, {} tokens, {} to {}.", allow.requests, allow.tokens, allow.rate, target.url);
            if requests > allow.requests.0 || tokens > allow.tokens.0 {
                let _ = writeln!(text, "! That is more than `target.allow` permits: the load would be refused. Raise it or ask for less.");
            }
        }
        None => text.push_str("No target: no load is sent, and rules that need one are out of scope.\n"),
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
