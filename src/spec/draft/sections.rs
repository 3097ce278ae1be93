//! The sections of the file, in the order in which a reader meets them.

use super::{
    Judged,
    found::{Asked, Family, Found, Target},
    logs,
    mapping::{self, Proposal},
    snippets::route,
    text::{Text, headers, labels},
};
use crate::{
    model::rig::{Allow, Quantity},
    spec::{
        EDITION, LOOPBACK_ALLOW,
        loads::TRUTH_MODEL,
        write::{scalar, verbatim},
    },
};
use std::collections::BTreeSet;

/// A file in the making, with what is to be said beside it.
#[derive(Default)]
pub struct Written {
    /// The file.
    pub text: Text,
    /// Lines that are to be looked at.
    pub to_confirm: Vec<String>,
    /// Lines to paste elsewhere.
    pub snippets: Vec<(String, String)>,
}

/// What was written.
pub struct Done {
    pub text: String,
    pub to_confirm: Vec<String>,
    pub snippets: Vec<(String, String)>,
}

impl Written {
    /// A comment that marks the line below it as guessed.
    pub fn guess(&mut self, indent: usize, what: &str) {
        self.text.comment(indent, &format!("GUESS {what}; confirm with `rigcheck plan --probe`"));
        self.to_confirm.push(what.to_owned());
    }
}

/// Writes all sections.
pub fn write(found: &Found, judged: &Judged<'_>) -> Done {
    let mut out = Written::default();
    out.text.comment(0, "yaml-language-server: $schema=rigcheck.schema.json");
    out.text.comment(0, "The line above is for editors; `rigcheck generate schema > rigcheck.schema.json` writes that file.");
    out.text.comment(0, &format!("A draft by `rigcheck init` {}. Nothing but GET requests was sent to make it.", env!("CARGO_PKG_VERSION")));
    out.text.comment(0, "Look at what is marked GUESS or CONFIRM, then: rigcheck validate, rigcheck plan, rigcheck audit");
    out.text.line("version: 1");
    out.text.line(&format!("checks: \"{EDITION}\"    # the edition of the checks: fixes rules, thresholds and weights"));
    out.text.line(&format!("rig: {}", scalar(&found.rig)));
    let chat_path = target(&mut out, found, judged);
    sources(&mut out, found);
    metrics(&mut out, found, chat_path.as_deref());
    slos(&mut out);
    missing(&mut out, judged);
    Done { text: out.text.finish(), to_confirm: out.to_confirm, snippets: out.snippets }
}

/// The target; returns the chat path that is known of it.
fn target(out: &mut Written, found: &Found, judged: &Judged<'_>) -> Option<String> {
    out.text.gap();
    let Some(target) = &found.target else {
        out.text.comment(
            0,
            "The API under test: none was given, and nothing on this host's usual ports looks like an LLM gateway. Without it no load is sent.",
        );
        for other in &found.other_targets {
            out.text.comment(0, &format!("Prometheus scrapes metrics of an LLM API at {other}"));
        }
        out.text.off(0, "target:");
        out.text.off(0, "  url: http://gateway:8000");
        out.text.off(0, &format!("  chat: {{path: /v1/chat/completions, model: {TRUTH_MODEL}, max_tokens: 64}}"));
        out.text.off(0, "  allow: {requests: 1000, tokens: 120k, rate: 20/s}    # nothing is sent beyond this");
        return None;
    };
    out.text.line("target:");
    if target.asked == Asked::Usual {
        out.text.comment(2, "CONFIRM nobody named it: it answers on one of this host's usual ports and looks like an LLM gateway");
        out.to_confirm.push(format!("target.url: {} was found on this host, nobody named it", target.url));
    }
    for other in &found.other_targets {
        out.text.comment(2, &format!("{other} looks like one, too"));
    }
    out.text.line(&format!("  url: {}", verbatim(&target.url)));
    if !target.headers.is_empty() {
        out.text.line(&format!("  headers: {}    # sent to this origin only", headers(&target.headers)));
    }
    chat(out, found, target);
    if target.loopback {
        let Allow { requests, tokens, rate } = LOOPBACK_ALLOW;
        let most = format!("On this machine at most {requests} requests, {tokens} tokens and {rate} are sent, unless `allow` says otherwise.");
        out.text.comment(2, &most);
    } else {
        let allow = judged.allow;
        let (requests, tokens) = (allow.requests, allow.tokens);
        out.text.comment(2, "CONFIRM what may be spent on it: the need of the default audit and a tenth more. Nothing is sent beyond this.");
        out.text.line(&format!("  allow: {{requests: {requests}, tokens: {tokens}, rate: {}}}", allow.rate));
        out.to_confirm.push(format!("target.allow: {requests} requests, {tokens} tokens, {} may be sent to {}", allow.rate, target.url));
    }
    target.chat_path.clone().or_else(|| routed(&found.families))
}

fn chat(out: &mut Written, found: &Found, target: &Target) {
    let mock = found
        .truth
        .as_ref()
        .map_or_else(|| if target.loopback { "http://127.0.0.1:9100" } else { "http://HOST-OF-THE-MOCK:9100" }.to_owned(), |t| t.at.clone());
    match &target.models {
        Ok(models) if models.truth => {
            out.text.comment(2, &format!("{TRUTH_MODEL} is one of its {} models: by it the load is free and its delays are known.", models.count));
        }
        told => {
            let told = match told {
                Ok(models) => format!("is not among its {} models", models.count),
                Err(why) => format!("may or may not be one of its models: /v1/models {why}"),
            };
            let what = format!("{TRUTH_MODEL} {told}. Route it to `rigcheck mock`, free and of known delays; no other model is chosen for you");
            out.text.comment(2, &format!("CONFIRM {what}:"));
            out.text.quoted(2, &route(&mock));
            out.to_confirm.push(format!("target.chat.model: {what}"));
            out.snippets.push((format!("a model of the gateway that leads to `rigcheck mock`, at {mock} as the gateway sees it"), route(&mock)));
        }
    }
    let path = match (&target.chat_path, routed(&found.families)) {
        (Some(path), _) => {
            out.text.comment(2, "the path is from its /openapi.json");
            path.clone()
        }
        (None, Some(path)) => {
            out.guess(2, "target.chat.path: a label of its histograms names it");
            path
        }
        (None, None) => {
            out.guess(2, "target.chat.path: the usual one of OpenAI-compatible APIs; it has no /openapi.json that tells");
            "/v1/chat/completions".to_owned()
        }
    };
    out.text.line(&format!("  chat: {{path: {}, model: {TRUTH_MODEL}, max_tokens: 64}}", scalar(&path)));
}

/// The path that the labels of the target's own histograms name.
fn routed(families: &[Family]) -> Option<String> {
    let values = families.iter().filter(|f| f.of_target).flat_map(|f| &f.series).flat_map(|s| s.values());
    let paths: BTreeSet<&String> = values.filter(|v| v.starts_with('/') && v.ends_with("/chat/completions")).collect();
    paths.into_iter().min_by_key(|p| p.len()).cloned()
}

fn sources(out: &mut Written, found: &Found) {
    out.text.gap();
    let declared = found.prometheus.is_some()
        || !found.pages.is_empty()
        || found.jaeger.is_some()
        || found.logs.iter().any(logs::usable)
        || found.truth.is_some();
    out.text.head(declared, "sources:");
    match &found.prometheus {
        Some(place) => {
            let told = place.said.as_ref().map_or_else(|why| format!("silent now: {why}"), |s| format!("{}, {} histograms", s.title, s.histograms));
            out.text.comment(2, &format!("{told}{}", place.asked.unasked()));
            out.text.line(&format!("  prometheus: {{url: {}}}", place.scalar()));
        }
        None => out.text.off(2, "prometheus: {url: http://prometheus:9090}    # stored histograms; none was given or found"),
    }
    pages(out, found);
    jaeger(out, found);
    if found.logs.is_empty() {
        out.text.comment(2, "an access log with an id and a duration for each request; none was given (`rigcheck init --log PATH` reads its fields)");
        out.text.off(2, "access_log: {path: logs/access.jsonl, id: request_id, duration: {field: duration_ms, unit: ms}}");
        if !found.containers.is_empty() {
            let names: Vec<_> = found.containers.iter().map(|c| c.name.as_str()).collect();
            out.text.comment(2, &format!("or what a container writes, `--log docker:NAME`; here run {}", names.join(", ")));
        }
    }
    for (nth, log) in found.logs.iter().enumerate() {
        let name = if nth == 0 { "access_log".to_owned() } else { format!("access_log_{}", nth + 1) };
        logs::write(out, &name, log);
    }
    match &found.truth {
        Some(place) => {
            let told = place
                .said
                .as_ref()
                .map_or_else(|why| format!("silent now: {why}; start `rigcheck mock`"), |_| "`rigcheck mock` answers there".into());
            out.text.comment(2, &format!("{told}{}: what it sent and when is known", place.asked.unasked()));
            out.text.line(&format!("  truth: {{url: {}}}", place.scalar()));
        }
        None => out.text.off(2, "truth: {url: http://127.0.0.1:9100}    # `rigcheck mock`, as seen from here; it was not found running"),
    }
}

fn pages(out: &mut Written, found: &Found) {
    if found.pages.is_empty() {
        out.text.off(2, "scrape: {url: http://gateway:8000/metrics}    # a metrics page, read directly; none was given or found");
    }
    let instances = found.families.iter().filter(|f| f.of_target).map(|f| f.instances).max().unwrap_or(0);
    for (nth, page) in found.pages.iter().enumerate() {
        let told = page.said.as_ref().map_or_else(
            |why| format!("silent now: {why}"),
            |p| match p.families {
                0 => "no metrics on it yet; send a request, then run init again".to_owned(),
                n => format!("{n} families, {} of them histograms", p.histograms),
            },
        );
        out.text.comment(2, &format!("metrics page: {told}{}", page.asked.unasked()));
        let line = if nth == 0 {
            format!("scrape: {{url: {}}}", page.scalar())
        } else {
            format!("scrape_{}: {{kind: scrape, url: {}}}", nth + 1, page.scalar())
        };
        if page.asked != Asked::Given && instances > 1 {
            out.text.comment(
                2,
                &format!("left out: {instances} instances have these histograms, and each reading of one address could be of another one"),
            );
            out.text.off(2, &line);
        } else {
            out.text.line(&format!("  {line}"));
        }
    }
}

fn jaeger(out: &mut Written, found: &Found) {
    let Some(place) = &found.jaeger else {
        out.text.off(2, "jaeger: {url: http://jaeger:16686, service: gateway}    # traces; no Jaeger was given or found");
        return;
    };
    let (service, why) = match &place.said {
        Err(why) => ("gateway".to_owned(), format!("jaeger.service: it is silent now ({why}), and the name is only the usual one")),
        Ok(services) => service(&services.names, found),
    };
    if place.asked != Asked::Given {
        out.text.comment(2, &format!("Jaeger{}", place.asked.unasked()));
    }
    out.guess(2, &why);
    out.text.comment(2, "add `claims: [total, ttft]` if its server spans carry gen_ai.response.time_to_first_chunk or a first-token event");
    out.text.line(&format!("  jaeger: {{url: {}, service: {}}}", place.scalar(), scalar(&service)));
}

/// The service that is most likely the target, and why.
fn service(names: &[String], found: &Found) -> (String, String) {
    let own: Vec<&String> = names.iter().filter(|n| !n.to_lowercase().contains("jaeger")).collect();
    let host = found.target.as_ref().map(|t| t.url.to_lowercase()).unwrap_or_default();
    let like = |name: &str| {
        let name = name.to_lowercase();
        let product = ["gateway", "litellm", "proxy", "vllm", "llm", "api"].iter().position(|p| name.contains(p)).map_or(0, |at| 10 - at);
        product + if host.contains(&name) { 20 } else { 0 } + if name == found.rig { 20 } else { 0 }
    };
    match own.as_slice() {
        [] => ("gateway".into(), "jaeger.service: it knows no service yet, and the name is only the usual one".into()),
        [one] => ((*one).clone(), "jaeger.service: the only one that it knows".into()),
        many => {
            let best = many.iter().max_by_key(|n| (like(n), std::cmp::Reverse(**n))).map(|n| (**n).clone()).unwrap_or_default();
            let others: Vec<_> = many.iter().filter(|n| ***n != best).take(8).map(|n| n.as_str()).collect();
            let why = format!("jaeger.service: one of {}, by its name; the others: {}", many.len(), others.join(", "));
            (best, why)
        }
    }
}

fn metrics(out: &mut Written, found: &Found, chat_path: Option<&str>) {
    out.text.gap();
    let able = found.prometheus.is_some() || !found.pages.is_empty();
    let mapping = mapping::propose(&found.families, chat_path);
    let any = able && !mapping.proposals.is_empty();
    out.text.comment(0, "Which histogram claims to measure what.");
    out.text.head(any, "metrics:");
    let answered: BTreeSet<&str> = found.families.iter().flat_map(|f| &f.sources).map(String::as_str).collect();
    for quantity in Quantity::ALL {
        let mut of = mapping.proposals.iter().filter(|p| p.quantity == quantity);
        let Some(best) = of.next() else {
            let (unit, example) = ("s", format!("gateway_{quantity}_seconds"));
            out.text.off(2, &format!("{quantity}: {{histogram: {example}, unit: {unit}}}    # {}: no such histogram was found", quantity.title()));
            continue;
        };
        out.guess(2, &format!("metrics.{quantity} {}", told(best)));
        out.text.line(&format!("  {quantity}: {}", claim(best, &answered)));
        for other in of.take(3) {
            let equal = if other.score == best.score { "equally likely" } else { "less likely" };
            out.text.comment(2, &format!("{equal}, {}:", told(other)));
            out.text.off(2, &format!("{quantity}: {}", claim(other, &answered)));
        }
    }
    for (name, why) in mapping.unusable.iter().take(12) {
        out.text.comment(2, &format!("not proposed: {name}, {why}"));
    }
    if mapping.unusable.len() > 12 {
        out.text.comment(2, &format!("and {} more", mapping.unusable.len() - 12));
    }
}

/// Nothing that can be looked at says what users may expect.
fn slos(out: &mut Written) {
    out.text.gap();
    out.text.comment(0, "What users may expect of it, if that is written down: a histogram must have a bucket edge there.");
    out.text.off(0, "cases:");
    out.text.off(0, "  PERF_INFRA_MONITORING_LATENCY_ACCURACY_001: {slo: {ttft: 500ms, total: 10s}}");
}

fn told(proposal: &Proposal) -> String {
    let doubt = proposal.doubt.as_ref().map(|d| format!("; {d}")).unwrap_or_default();
    let exemplars = if proposal.exemplars { "; its page shows exemplars: add `exemplars: true` if the store keeps them" } else { "" };
    format!("{}{doubt}{exemplars}", proposal.why)
}

fn claim(proposal: &Proposal, answered: &BTreeSet<&str>) -> String {
    let mut parts = vec![format!("histogram: {}", scalar(&proposal.metric)), format!("unit: {}", proposal.unit)];
    if !proposal.labels.is_empty() {
        parts.push(format!("match: {}", labels(&proposal.labels)));
    }
    // Every source is asked, unless one that answered does not have it.
    if !answered.iter().all(|s| proposal.sources.contains(*s))
        && let Some(source) = proposal.sources.iter().next()
    {
        parts.push(format!("source: {source}"));
    }
    format!("{{{}}}", parts.join(", "))
}

/// What is not there, and what it would bring.
fn missing(out: &mut Written, judged: &Judged<'_>) {
    if judged.missing.is_empty() {
        return;
    }
    out.text.gap();
    out.text.comment(0, "Out of scope until it is there (`rigcheck explain RULE` says what a rule is for):");
    for (capability, rules) in judged.missing {
        out.text.comment(0, &format!("- {}: {}", capability.how(), rules.join(", ")));
    }
}
