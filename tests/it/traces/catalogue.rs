//! The stages that are told without a word from the user, by what the instrumentations of the field write.

use rigcheck::{model::payload::SpanRow, spec::catalogue::Catalogue, traces::Stages};

/// The stages of this release.
pub fn stages() -> Stages {
    let catalogue = Catalogue::load(None).unwrap();
    catalogue.case("PERF_INFRA_MONITORING_GRANULARITY_TRACE_003").unwrap().params.get("stages").unwrap().read().unwrap()
}

fn span(name: &str, kind: &str, attributes: &[(&str, &str)]) -> SpanRow {
    let attributes = attributes.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    SpanRow { name: name.into(), kind: kind.into(), service: "gateway".into(), attributes, ..SpanRow::default() }
}

#[test]
fn the_spans_of_the_field_have_their_stages() {
    let stages = stages();
    let scope = |name: &'static str| [(SpanRow::SCOPE, name)];
    let rows = [
        // FastAPI and httpx.
        ("POST /v1/chat/completions http receive", "internal", &[("asgi.event.type", "http.request")][..], Some("request")),
        ("POST /v1/chat/completions http send", "internal", &[("asgi.event.type", "http.response.body")], Some("response")),
        ("POST", "client", &scope("opentelemetry.instrumentation.httpx"), Some("provider")),
        ("POST /v1/chat/completions", "server", &scope("opentelemetry.instrumentation.fastapi"), None),
        // SDKs of the providers.
        ("chat", "client", &[("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai")], Some("provider")),
        ("chat", "client", &scope("opentelemetry.instrumentation.botocore.bedrock-runtime"), None),
        (
            "chat",
            "client",
            &[
                ("gen_ai.system", "aws.bedrock"),
                ("gen_ai.operation.name", "chat"),
                (SpanRow::SCOPE, "opentelemetry.instrumentation.botocore.bedrock-runtime"),
            ],
            Some("provider"),
        ),
        ("Bedrock Runtime.InvokeModel", "client", &scope("opentelemetry.instrumentation.botocore.bedrock-runtime"), Some("provider")),
        (
            "generate_content",
            "client",
            &[("gen_ai.operation.name", "generate_content"), (SpanRow::SCOPE, "opentelemetry.instrumentation.google_genai")],
            Some("provider"),
        ),
        ("vertexai.generate_content", "client", &scope("opentelemetry.instrumentation.vertexai"), Some("provider")),
        ("openai.chat", "client", &scope("opentelemetry.instrumentation.openai.v1"), Some("provider")),
        // LiteLLM.
        ("Received Proxy Server Request", "server", &scope("litellm"), None),
        ("auth", "internal", &scope("litellm"), Some("auth")),
        ("router", "internal", &scope("litellm"), Some("routing")),
        ("proxy_pre_call", "internal", &scope("litellm"), Some("middleware")),
        ("litellm_request", "internal", &scope("litellm"), Some("provider")),
        ("raw_gen_ai_request", "internal", &scope("litellm"), Some("provider")),
        ("execute_guardrail", "internal", &scope("litellm"), Some("middleware")),
        ("redis", "internal", &scope("litellm"), Some("store")),
        // LangChain.
        ("ChatOpenAI.chat", "client", &[("llm.request.type", "chat"), (SpanRow::SCOPE, "opentelemetry.instrumentation.langchain")], Some("provider")),
        ("RunnableSequence.workflow", "internal", &scope("opentelemetry.instrumentation.langchain"), None),
        ("ChatOpenAI", "internal", &[("openinference.span.kind", "LLM")], Some("provider")),
        ("RunnableSequence", "internal", &[("openinference.span.kind", "CHAIN")], None),
        // A server span that says which operation it serves is no call of a provider.
        ("POST /v1/chat/completions", "server", &[("gen_ai.operation.name", "chat")], None),
        // A gateway's own words.
        ("RateLimitMiddleware", "internal", &[], Some("middleware")),
        ("authenticate", "internal", &[], Some("auth")),
        ("verify_api_key", "internal", &[], Some("auth")),
        ("adapt response", "internal", &[], Some("adaptation")),
        ("anything", "internal", &[("rigcheck.stage", "routing")], Some("routing")),
        ("reroute", "internal", &[], None),
    ];
    for (name, kind, attributes, stage) in rows {
        assert_eq!(stages.of(&span(name, kind, attributes)).map(rigcheck::model::Name::as_str), stage, "{name} {attributes:?}");
    }
}

#[test]
fn five_stages_must_be_there() {
    let stages = stages();
    let required: Vec<_> = stages.required("chat").map(|(name, _)| name.as_str()).collect();
    assert_eq!(required, ["auth", "routing", "middleware", "adaptation", "provider"]);
}
