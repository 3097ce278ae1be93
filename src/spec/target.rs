//! The section `target`: where load goes, and how much of it.

use super::{
    connection::{connection, stays_here},
    diagnostics::{Problem, nearest},
    settings::TargetSettings,
    table::{Field, Reading, Table},
};
use crate::{
    llm::definitions,
    model::{
        act::{Api, Destination, LoadAct, Traced},
        name::{Name, name},
        rig::{Allow, Quantity, Target},
        units::{Count, PerSecond},
    },
};
use reqwest::Url;

/// The section, resolved.
pub(super) struct TargetSection {
    pub(super) target: Target,
    pub(super) settings: TargetSettings,
    pub(super) url: Url,
    pub(super) chat: Option<Chat>,
    /// The load named `embeddings`.
    pub(super) embeddings: Option<LoadAct>,
}

/// The chat endpoint and the load on it.
pub(super) struct Chat {
    /// The load named `controlled`.
    pub(super) load: LoadAct,
    /// The definition behind each of the load's own figures.
    pub(super) timing: Vec<(Quantity, Name)>,
}

/// What may be spent on a loopback target unless the spec says otherwise: about a minute of load, free of cost.
pub const LOOPBACK_ALLOW: Allow = Allow { requests: Count(5_000), tokens: Count(1_000_000), rate: PerSecond(100.0) };
/// Requests per second of the controlled load unless told otherwise: 480 requests take half a minute.
const RATE: PerSecond = PerSecond(15.0);
const MAX_TOKENS: u32 = 64;
/// Where OpenAI-compatible servers answer chat completions.
const CHAT_PATH: &str = "/v1/chat/completions";
/// Where they answer embeddings.
const EMBEDDINGS_PATH: &str = "/v1/embeddings";

/// Reads the section. `truth` says whether a truth source is declared.
pub(super) fn read(field: &Field<'_>, truth: bool, cx: &Reading) -> Option<TargetSection> {
    let mut table = field.table(cx)?;
    let connection = connection(&mut table, "http://gateway:8000", cx);
    let loopback = connection.as_ref().map(|(c, url)| stays_here(url, c.proxy.as_ref()));
    let allow = allow(&mut table, loopback, cx);
    let chat = table.get("chat").map(|f| chat(&f, truth, allow, cx));
    let embeddings = table.get("embeddings").map(|f| embeddings(&f, truth, allow, cx));
    table.close(cx);
    let ((connection, url), allow) = (connection?, allow?);
    let target = Target { url: connection.url.clone(), loopback: loopback?, allow };
    // A chat endpoint that could not be read is a problem already.
    let chat = match chat {
        Some(read) => Some(read?),
        None => None,
    };
    let embeddings = match embeddings {
        Some(read) => Some(read?),
        None => None,
    };
    Some(TargetSection { target, settings: TargetSettings { connection, allow }, url, chat, embeddings })
}

fn allow(table: &mut Table<'_>, loopback: Option<bool>, cx: &Reading) -> Option<Allow> {
    let at = table.at();
    let Some(field) = table.get("allow") else {
        if loopback == Some(false) {
            cx.problem(
                Problem::new(at, "the target is not on this machine, and nothing says what may be spent on it")
                    .label("add `allow: {requests: 1000, tokens: 120k, rate: 20/s}`")
                    .help("nothing is ever sent beyond it; `rigcheck plan` prints what a run would send"),
            );
            return None;
        }
        return loopback.map(|_| LOOPBACK_ALLOW);
    };
    let mut table = field.table(cx)?;
    let local = loopback.unwrap_or(true);
    let [requests, tokens, rate] = [("requests", "700"), ("tokens", "60k"), ("rate", "20/s")]
        .map(|(key, example)| if local { table.get(key) } else { table.need(key, example, cx) });
    let (requests, tokens, rate) = (requests.map(|f| f.count(1, cx)), tokens.map(|f| f.count(1, cx)), rate.map(|f| f.rate(cx)));
    table.close(cx);
    if !local && (requests.is_none() || tokens.is_none() || rate.is_none()) {
        return None;
    }
    Some(Allow {
        requests: requests.unwrap_or(Some(LOOPBACK_ALLOW.requests))?,
        tokens: tokens.unwrap_or(Some(LOOPBACK_ALLOW.tokens))?,
        rate: rate.unwrap_or(Some(LOOPBACK_ALLOW.rate))?,
    })
}

fn chat(field: &Field<'_>, truth: bool, allow: Option<Allow>, cx: &Reading) -> Option<Chat> {
    let mut table = field.table(cx)?;
    let path = table.get("path").map_or(Some(CHAT_PATH.to_owned()), |f| path(&f, CHAT_PATH, cx));
    let model = table.need("model", "rigcheck-truth", cx).and_then(|f| f.text(cx));
    let max_tokens = table.get("max_tokens").map_or(Some(MAX_TOKENS), |f| max_tokens(&f, cx));
    let stream = table.get("stream").map_or(Some(true), |f| f.flag(cx));
    let limit = allow.map_or(f64::INFINITY, |a| a.rate.0);
    let rate = table.get("rate").map_or(Some(PerSecond(RATE.0.min(limit))), |f| rate(&f, limit, cx));
    let planted = table.get("planted").map_or(Some(truth), |f| f.flag(cx));
    let timing = table.get("timing");
    let timing = timing.map_or_else(|| Some(Quantity::ALL.map(default_definition).to_vec()), |f| timing_of(&f, cx));
    table.close(cx);
    let (stream, rate) = (stream?, rate?);
    let load = LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: model?,
        path: path?,
        stream,
        per_kilosecond: (rate.0 * 1000.0).round() as u64,
        max_tokens: max_tokens?,
        planted: planted?,
        traced: Traced::All,
    };
    let mut timing = timing?;
    timing.retain(|(quantity, _)| stream || *quantity != Quantity::InterChunk);
    Some(Chat { load, timing })
}

fn path(field: &Field<'_>, usual: &str, cx: &Reading) -> Option<String> {
    let path = field.text(cx)?;
    if !path.starts_with('/') || path.contains(char::is_whitespace) {
        cx.problem(field.refuse("is not a path below the target's URL", format!("write `{usual}`")));
        return None;
    }
    Some(path)
}

fn max_tokens(field: &Field<'_>, cx: &Reading) -> Option<u32> {
    let count = field.count(1, cx)?;
    let fits = u32::try_from(count.0).ok();
    if fits.is_none() {
        cx.problem(field.refuse("is larger than any model answers", "write `64`"));
    }
    fits
}

fn rate(field: &Field<'_>, limit: f64, cx: &Reading) -> Option<PerSecond> {
    let rate = field.rate(cx)?;
    if rate.0 > limit {
        let more = format!("write `{limit}/s` or less, or raise `target.allow.rate`");
        cx.problem(field.refuse(format!("of {rate} is above `target.allow.rate`, {limit}/s"), more));
        return None;
    }
    if (rate.0 * 1000.0).round() < 1.0 {
        cx.problem(field.refuse("is slower than one request in 1000 seconds", "write `15/s`"));
        return None;
    }
    Some(rate)
}

fn default_definition(quantity: Quantity) -> (Quantity, Name) {
    (quantity, name(definitions::default_of(quantity).name))
}

fn timing_of(field: &Field<'_>, cx: &Reading) -> Option<Vec<(Quantity, Name)>> {
    let mut table = field.table(cx)?;
    let read: Vec<_> = Quantity::ALL.map(|q| table.get(q.word()).map_or(Some(default_definition(q)), |f| definition(&f, q, cx))).to_vec();
    table.close(cx);
    read.into_iter().collect()
}

fn definition(field: &Field<'_>, quantity: Quantity, cx: &Reading) -> Option<(Quantity, Name)> {
    let text = field.text(cx)?;
    let fitting = || definitions::ALL.iter().filter(|d| d.quantity == quantity).map(|d| d.name);
    match definitions::named(&text) {
        Some(found) if found.quantity == quantity => Some((quantity, name(text))),
        Some(found) => {
            let known = fitting().collect::<Vec<_>>().join(", ");
            cx.problem(field.refuse(format!("times {}, but `{text}` times {}", quantity.title(), found.quantity.title()), format!("known: {known}")));
            None
        }
        None => {
            let mut problem = Problem::unknown(field.node.at, "definition", &text, fitting());
            if nearest(&text, fitting()).is_none() {
                problem = problem.help(
                    definitions::ALL
                        .iter()
                        .filter(|d| d.quantity == quantity)
                        .map(|d| format!("{}: {}", d.name, d.from_to))
                        .collect::<Vec<_>>()
                        .join("; "),
                );
            }
            cx.problem(problem);
            None
        }
    }
}

fn embeddings(field: &Field<'_>, truth: bool, allow: Option<Allow>, cx: &Reading) -> Option<LoadAct> {
    let mut table = field.table(cx)?;
    let path = table.get("path").map_or(Some(EMBEDDINGS_PATH.to_owned()), |f| path(&f, EMBEDDINGS_PATH, cx));
    let model = table.need("model", "rigcheck-truth-embed", cx).and_then(|f| f.text(cx));
    let limit = allow.map_or(f64::INFINITY, |a| a.rate.0);
    let rate = table.get("rate").map_or(Some(PerSecond(RATE.0.min(limit))), |f| rate(&f, limit, cx));
    let planted = table.get("planted").map_or(Some(truth), |f| f.flag(cx));
    table.close(cx);
    Some(LoadAct {
        name: name("embeddings"),
        to: Destination::Target,
        api: Api::Embeddings,
        model: model?,
        path: path?,
        stream: false,
        per_kilosecond: (rate?.0 * 1000.0).round() as u64,
        max_tokens: 0,
        planted: planted?,
        traced: Traced::All,
    })
}
