//! What a family measures, by the words of its name and help text, where the name itself is not known.

use crate::model::rig::Quantity;
use std::collections::BTreeSet;

/// What a family seems to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// The quantity.
    pub quantity: Quantity,
    /// How sure; only the order matters.
    pub score: u32,
    /// `its name`, `HELP`, or both.
    pub by: &'static str,
}

/// Words of parts of a request, of other work, and of what is no time.
const OTHER: [&str; 61] = [
    "queue",
    "queued",
    "queueing",
    "wait",
    "waiting",
    "prefill",
    "decode",
    "scrape",
    "gc",
    "db",
    "sql",
    "redis",
    "postgres",
    "connect",
    "connection",
    "connections",
    "handshake",
    "tls",
    "dns",
    "tokenize",
    "tokenization",
    "tokenizer",
    "batch",
    "size",
    "bytes",
    "length",
    "cpu",
    "go",
    "python",
    "process",
    "promhttp",
    "prometheus",
    "scheduler",
    "embedding",
    "embeddings",
    "rerank",
    "image",
    "images",
    "audio",
    "tool",
    "retrieval",
    "cache",
    "lock",
    "kv",
    "overhead",
    "upstream",
    "backend",
    "provider",
    "callback",
    "hook",
    "guardrail",
    "health",
    "validation",
    "auth",
    "cost",
    "spend",
    "budget",
    "retry",
    "retries",
    "load",
    "stage",
];
const TIME: [&str; 12] =
    ["duration", "latency", "latencies", "time", "elapsed", "seconds", "milliseconds", "ms", "took", "secs", "microseconds", "us"];
const WHOLE: [&str; 16] = [
    "request",
    "requests",
    "response",
    "http",
    "e2e",
    "chat",
    "completion",
    "completions",
    "server",
    "handler",
    "api",
    "llm",
    "generate",
    "generation",
    "inference",
    "end",
];

/// Reads a family's name and help text.
pub fn read(name: &str, help: &str) -> Option<Reading> {
    let (in_name, in_help) = (of_text(name), of_text(help));
    match (in_name, in_help) {
        (Some((quantity, score)), Some((same, _))) if quantity == same => Some(Reading { quantity, score: score + 10, by: "name and HELP" }),
        (Some((quantity, score)), _) => Some(Reading { quantity, score, by: "name" }),
        // A name that speaks of something else is not overruled by its prose.
        (None, Some((quantity, score))) if !words(name).iter().any(|w| OTHER.contains(&w.as_str())) => {
            Some(Reading { quantity, score: score / 2, by: "HELP" })
        }
        _ => None,
    }
}

fn of_text(text: &str) -> Option<(Quantity, u32)> {
    let words = words(text);
    let has = |list: &[&str]| list.iter().any(|w| words.contains(*w));
    let flat = text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let part = |list: &[&str]| list.iter().any(|p| flat.contains(p));
    if has(&OTHER) {
        return None;
    }
    if has(&["ttft"]) || part(&["time_to_first", "first_token", "first_chunk"]) {
        return Some((Quantity::Ttft, 60));
    }
    if has(&["ttfb"]) || part(&["first_byte"]) {
        return Some((Quantity::Ttft, 30));
    }
    if has(&["itl", "tpot"]) || part(&["inter_token", "inter_chunk", "intertoken", "interchunk", "between_tokens", "between_chunks"]) {
        return Some((Quantity::InterChunk, 60));
    }
    if part(&["time_per_output", "per_token", "per_output_token"]) {
        return Some((Quantity::InterChunk, 30));
    }
    (has(&TIME) && has(&WHOLE)).then_some((Quantity::Total, 40))
}

fn words(text: &str) -> BTreeSet<String> {
    text.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names_and_helps() {
        let quantity = |name: &str, help: &str| read(name, help).map(|r| r.quantity);
        assert_eq!(quantity("gateway_ttft_seconds", ""), Some(Quantity::Ttft));
        assert_eq!(quantity("acme_llm_latency", "Time to first token"), Some(Quantity::Total), "the name goes before its prose");
        assert_eq!(quantity("acme_stream_itl_ms", ""), Some(Quantity::InterChunk));
        assert_eq!(quantity("acme_first_seconds", "Time to first token of a stream"), Some(Quantity::Ttft));
        assert_eq!(quantity("gateway_request_duration_seconds", "Time from receipt to end"), Some(Quantity::Total));
        for (name, help) in [
            ("http_request_size_bytes", "Size of requests"),
            ("gateway_queue_time_seconds", "Time a request waits"),
            ("request_prefill_time_seconds", "Histogram of time spent in PREFILL phase for request"),
            ("http_requests", "Requests served"),
            ("prometheus_http_request_duration_seconds", "Histogram of latencies for HTTP requests"),
            ("go_gc_duration_seconds", "A summary of pauses"),
            ("request_prompt_tokens", "Number of prefill tokens processed"),
        ] {
            assert_eq!(quantity(name, help), None, "{name}");
        }
    }
}
