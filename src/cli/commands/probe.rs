//! `rigcheck plan --probe`: one request, and where it appeared.

use crate::{
    cli::{
        asking::ask,
        hold::{Wait, hold},
        outputs::rows,
        progress::Progress,
    },
    engine::Plan,
    model::{
        key::{Key, Query},
        redactor::UNCLEAN,
        rig::{Claim, Rig},
        units::{Count, Ms},
    },
    report::probe::{self, Probe, State},
    sources,
    spec::Loaded,
};
use anyhow::{Context as _, bail};
use std::{collections::BTreeSet, fmt::Write as _, path::Path, sync::Arc};

/// Says what it will send, sends it, and finds it again; nothing if the user ended it.
pub async fn probe(loaded: Loaded, folder: &Path, wait: Wait) -> anyhow::Result<Option<Probe>> {
    let rig = &loaded.profile.rig;
    let redactor = loaded.settings.redactor.clone();
    let (Some(target), Some(load)) = (&rig.target, probe::load(rig).cloned()) else {
        bail!("there is nothing to probe: the spec has no target with a `chat` endpoint");
    };
    let needs = probe::needs(rig, &load);
    let sources = sources::build(rig, &loaded.settings);
    let steps = Plan::of(needs.clone(), &sources).steps();
    let tokens: u64 = steps.iter().map(|s| s.tokens).sum();
    let allow = target.allow;
    if allow.requests.0 < 1 || allow.tokens.0 < tokens {
        bail!(
            "one request takes at most {tokens} tokens, and `target.allow` is {} requests and {} tokens: raise it, or lessen `target.chat.max_tokens`",
            allow.requests,
            allow.tokens
        );
    }
    // An audit under way would take the one request for a stranger's.
    let Some(_alone) = hold(None, "rigcheck plan --probe", folder, rig, wait).await? else { return Ok(None) };
    eprintln!(
        "Sends 1 request to {}{}: model {}, at most {} tokens; it is not repeated, and nothing is recorded.",
        redactor.clean(target.url.trim_end_matches('/')),
        load.path,
        load.model,
        Count(tokens).up()
    );
    let progress = Arc::new(Progress::waiting_for(needs.iter().map(|need| (need.key.clone(), waited_for(&need.key, rig)))));
    // What a probe learns holds labels of others' series: it is shown, and never written down.
    let Some(evidence) = ask(&loaded, "probe", sources, needs, &progress).await? else { return Ok(None) };
    let units = |claim: &_| loaded.settings.unit_ms(claim);
    let found = Probe::of(rig, &loaded.profile.cases, &load, &evidence, &units);
    // What is shown quotes the rig as it was asked, whose texts may hold a secret.
    let found = redactor.strip(found).context(UNCLEAN)?;
    Ok(Some(found))
}

/// What a question waits for, as the user knows it.
fn waited_for(key: &Key, rig: &Rig) -> String {
    match &key.query {
        Query::Perform(_) => "the target's answer".into(),
        Query::Histogram(q) => {
            let claim = rig.claims.iter().find(|c| c.source == key.source && c.name == q.claim);
            claim.and_then(Claim::histogram).map_or_else(|| key.to_string(), |of| of.metric.clone())
        }
        Query::Risen(_) => format!("whatever else {} counts", key.source),
        _ => key.to_string(),
    }
}

/// For people.
pub fn human(found: &Probe) -> String {
    let value = |ms: Option<f64>| ms.map_or("–".to_owned(), |ms| Ms(ms).to_string());
    let cells = found.rows.iter().map(|row| {
        let (source, claim, appeared, beside) = (row.source.to_string(), row.claim.clone(), row.appeared.clone(), row.beside.clone());
        [glyph(row.state).to_owned(), source, claim, appeared, value(row.value_ms), value(row.client_ms), beside]
    });
    let mut text = rows(["", "source", "claim", "appeared", "value", "client", "beside the client's own"], &cells.collect::<Vec<_>>());
    for row in found.rows.iter().filter(|r| !r.says.is_empty()) {
        let _ = writeln!(text, "\n{} {} {}", glyph(row.state), row.source, row.claim);
        for say in &row.says {
            let _ = writeln!(text, "  {say}");
        }
    }
    text.push('\n');
    for remark in &found.vantage {
        let _ = writeln!(text, "{} {}", glyph(remark.state), remark.text);
    }
    let of = |state: State| found.rows.iter().filter(|r| r.state == state).count();
    let doubtful = match (of(State::Doubtful), found.vantage.iter().any(|v| v.state != State::Right)) {
        (0, true) => "Everything that the spec maps appeared, but not from a place from which the audit can settle its margins.".to_owned(),
        (n, _) => format!("{n} of {} could not be confirmed. Nothing is proven wrong.", found.rows.len()),
    };
    let verdict = match found.state() {
        State::Right => {
            "Everything that the spec maps appeared once, with a plausible value. The audit says whether the values are right.".to_owned()
        }
        State::Doubtful => doubtful,
        // Of a request that failed nothing else is expected.
        State::Wrong if found.rows.len() == 1 => "The request failed as it is; nothing else could be looked at.".to_owned(),
        State::Wrong => format!("{} of {} are mapped wrongly{}.", of(State::Wrong), found.rows.len(), also(of(State::Doubtful))),
    };
    let _ = writeln!(text, "{verdict}{}", replica(found));
    text
}

/// What one request cannot show: replicas that did not serve it may be scraped by nobody.
fn replica(found: &Probe) -> String {
    let seen: BTreeSet<&str> = found.rows.iter().flat_map(|r| &r.instances).map(String::as_str).collect();
    if seen.is_empty() {
        return String::new();
    }
    let seen = seen.into_iter().collect::<Vec<_>>().join(" and ");
    format!("\nOne request shows one replica: {seen} counted it. If more serve, probe again until each was seen.")
}

fn also(doubtful: usize) -> String {
    if doubtful == 0 { String::new() } else { format!(", {doubtful} could not be confirmed") }
}

/// A glyph and a word always say the same; the words are beside it.
fn glyph(state: State) -> &'static str {
    match state {
        State::Right => "✓",
        State::Doubtful => "?",
        State::Wrong => "✗",
    }
}
