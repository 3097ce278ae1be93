//! A streamed request through a gateway, as its spans tell it.

use rigcheck::model::payload::SpanRow;

/// The trace id of [`gateway`].
pub const ID: &str = "0af7651916cd43dd8448eb211c80319c";
/// When it began, ns since the epoch.
pub const BEGAN: u64 = 1_700_000_000_000_000_000;

/// One span, its times in µs after the request began.
pub fn span(id: u64, parent: u64, name: &str, kind: &str, from_us: u64, to_us: u64) -> SpanRow {
    SpanRow {
        trace_id: ID.into(),
        span_id: format!("{id:016x}"),
        parent_id: Some(format!("{parent:016x}")),
        name: name.into(),
        kind: kind.into(),
        service: "gateway".into(),
        start_ns: BEGAN + from_us * 1_000,
        end_ns: BEGAN + to_us * 1_000,
        ..SpanRow::default()
    }
}

/// Stages with a gap between authentication and routing, a failed adaptation, 60 pieces of a stream, and a task that outlasts
/// the request.
pub fn gateway() -> Vec<SpanRow> {
    let of = |row: SpanRow, key: &str, value: &str| SpanRow { attributes: [(key.to_owned(), value.to_owned())].into(), ..row };
    let ours = 0x8448_eb21_1c80_319c;
    let mut trace = vec![
        span(1, ours, "POST /v1/chat/completions", "server", 0, 482_300),
        of(span(2, 1, "POST /v1/chat/completions http receive", "internal", 300, 900), "asgi.event.type", "http.request"),
        span(3, 1, "RateLimitMiddleware", "internal", 1_000, 4_100),
        span(4, 1, "auth", "internal", 4_200, 19_000),
        of(span(5, 4, "GET", "client", 5_000, 17_800), SpanRow::SCOPE, "opentelemetry.instrumentation.redis"),
        span(6, 1, "routing", "internal", 25_100, 28_900),
        span(7, 1, "adapt request", "internal", 28_900, 31_200),
        of(span(8, 1, "provider call", "client", 31_400, 470_200), "gen_ai.operation.name", "chat"),
        of(span(9, 8, "POST", "client", 33_000, 140_000), SpanRow::SCOPE, "opentelemetry.instrumentation.httpx"),
        SpanRow { service: "vllm".into(), ..span(10, 9, "POST /v1/chat/completions", "server", 36_200, 468_000) },
        SpanRow { service: "vllm".into(), ..span(11, 10, "llm_request", "internal", 38_000, 466_000) },
        SpanRow { error: true, ..span(12, 1, "adapt response", "internal", 470_300, 476_000) },
        span(13, 1, "log usage", "internal", 479_000, 530_000),
    ];
    let piece = |n: u64| span(100 + n, 1, "POST /v1/chat/completions http send", "internal", 150_000 + n * 5_300, 150_080 + n * 5_300);
    trace.extend((0..60).map(|n| of(piece(n), "asgi.event.type", "http.response.body")));
    trace
}
