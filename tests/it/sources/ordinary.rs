//! What common instrumentations write into spans when nobody told them to record more: none of it is a secret.

use super::secrets::found;

/// `opentelemetry-instrumentation-fastapi` and `-asgi` 0.66, old and new names.
const FASTAPI: &[(&str, &str)] = &[
    ("http.scheme", "http"),
    ("http.host", "10.0.0.5:8000"),
    ("net.host.port", "8000"),
    ("http.flavor", "1.1"),
    ("http.target", "/v1/chat/completions"),
    ("http.url", "http://gateway.svc:8000/v1/chat/completions?api-version=2024-10-21"),
    ("http.method", "POST"),
    ("http.server_name", "gateway.svc:8000"),
    ("http.user_agent", "OpenAI/Python 1.99.9"),
    ("net.peer.ip", "10.0.0.7"),
    ("net.peer.port", "51234"),
    ("http.route", "/v1/chat/completions"),
    ("http.status_code", "200"),
    ("asgi.event.type", "http.response.body"),
    ("http.request.method", "POST"),
    ("url.scheme", "https"),
    ("url.path", "/v1/chat/completions"),
    ("url.query", "api-version=2024-10-21"),
    ("client.address", "10.0.0.7"),
    ("server.address", "gateway.svc"),
    ("network.protocol.version", "1.1"),
    ("user_agent.original", "python-httpx/0.28.1"),
    ("http.response.status_code", "200"),
    ("http.request.header.content_type", "application/json"),
    ("http.request.header.authorization", "[REDACTED]"),
    ("http.request.header.x_request_id", "3f0e8a3c-6d5e-4b6f-9a54-1f0f3c0e7d11"),
    ("http.request.header.traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
];

/// `opentelemetry-instrumentation-httpx` and `-botocore`.
const CLIENTS: &[(&str, &str)] = &[
    ("url.full", "https://api.openai.com/v1/chat/completions"),
    ("http.url", "https://REDACTED:REDACTED@proxy.internal:3128/"),
    ("server.port", "443"),
    ("error.type", "ReadTimeout"),
    ("rpc.system", "aws-api"),
    ("rpc.service", "Bedrock Runtime"),
    ("rpc.method", "ConverseStream"),
    ("aws.region", "eu-central-1"),
    ("cloud.region", "eu-central-1"),
    ("aws.request_id", "b5f9c8f3-1f5c-4a3e-9f3e-1a2b3c4d5e6f"),
    ("retry_attempts", "0"),
    ("gen_ai.request.model", "eu.anthropic.claude-sonnet-4-20250514-v1:0"),
    ("aws.bedrock.guardrail.id", "sgi5gkybzqak"),
    ("db.connection_string", "postgresql://app:***@db:5432/app"),
    ("db.statement", "SELECT token, key FROM \"LiteLLM_VerificationToken\" WHERE token = $1"),
    ("db.redis.args_length", "3"),
];

/// The GenAI instrumentations of OpenTelemetry and OpenLLMetry for OpenAI and LangChain, and OpenInference's, contents off.
const MODELS: &[(&str, &str)] = &[
    ("gen_ai.operation.name", "chat"),
    ("gen_ai.system", "openai"),
    ("gen_ai.provider.name", "openai"),
    ("gen_ai.request.model", "gpt-4o-mini"),
    ("gen_ai.request.max_tokens", "64"),
    ("gen_ai.request.temperature", "0.7"),
    ("gen_ai.response.id", "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012"),
    ("gen_ai.response.model", "gpt-4o-mini-2024-07-18"),
    ("gen_ai.response.finish_reasons", "(\"stop\",)"),
    ("gen_ai.usage.input_tokens", "12"),
    ("gen_ai.usage.output_tokens", "64"),
    ("gen_ai.usage.prompt_tokens", "12"),
    ("gen_ai.usage.completion_tokens", "64"),
    ("gen_ai.usage.cache_read.input_tokens", "0"),
    ("gen_ai.token.type", "input"),
    ("gen_ai.output.type", "text"),
    ("gen_ai.openai.api_base", "https://api.openai.com/v1/"),
    ("gen_ai.openai.system_fingerprint", "fp_0f0e0d0c0b"),
    ("gen_ai.openai.response.service_tier", "default"),
    ("openai.api_version", "2024-10-21"),
    ("llm.request.type", "chat"),
    ("llm.is_streaming", "True"),
    ("llm.headers", "None"),
    ("llm.usage.total_tokens", "76"),
    ("llm.token_count.prompt", "12"),
    ("llm.token_count.completion", "64"),
    ("llm.model_name", "gpt-4o-mini"),
    ("llm.invocation_parameters", "{\"model\": \"gpt-4o-mini\", \"max_tokens\": 64, \"stream\": true}"),
    ("input.value", "__REDACTED__"),
    ("input.mime_type", "application/json"),
    ("output.value", "__REDACTED__"),
    ("openinference.span.kind", "LLM"),
    ("gen_ai.prompt.0.role", "user"),
    ("gen_ai.completion.0.role", "assistant"),
    ("gen_ai.completion.0.finish_reason", "stop"),
    ("traceloop.span.kind", "task"),
    ("traceloop.entity.name", "ChatPromptTemplate"),
    ("traceloop.entity.path", ""),
    ("traceloop.workflow.name", "RunnableSequence"),
    ("traceloop.association.properties.ls_provider", "openai"),
    ("traceloop.association.properties.thread_id", "abc"),
];

/// LiteLLM's own callback, `turn_off_message_logging: true`.
const LITELLM: &[(&str, &str)] = &[
    ("gen_ai.prompt.0.content", "redacted-by-litellm"),
    ("gen_ai.completion.0.content", "redacted-by-litellm"),
    ("gen_ai.input.messages", "[{\"role\": \"user\", \"parts\": [{\"type\": \"text\", \"content\": \"redacted-by-litellm\"}]}]"),
    ("metadata.user_api_key_hash", "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"),
    ("metadata.user_api_key", "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b"),
    ("metadata.user_api_key_alias", "load-test"),
    ("metadata.user_api_key_team_id", "3f0e8a3c-6d5e-4b6f-9a54-1f0f3c0e7d11"),
    ("metadata.user_api_key_user_id", "default_user_id"),
    ("metadata.user_api_key_spend", "0.0123"),
    ("metadata.user_api_key_auth_metadata", "{}"),
    ("metadata.requester_ip_address", "10.0.0.7"),
    ("metadata.spend_logs_metadata", "None"),
    ("metadata.usage_object", "{'completion_tokens': 64, 'prompt_tokens': 12, 'total_tokens': 76}"),
    ("hidden_params", "{\"model_id\": \"1f0f3c0e7d11\", \"cache_key\": null, \"api_base\": \"https://api.openai.com\", \"response_cost\": 0.00004}"),
    ("gen_ai.cost.total_cost", "0.00004"),
    ("llm.openai.stream_options", "{'include_usage': True}"),
    ("service", "redis"),
    ("call_type", "acompletion"),
];

/// What SDKs tell of the program.
const RESOURCE: &[(&str, &str)] = &[
    ("telemetry.sdk.name", "opentelemetry"),
    ("telemetry.sdk.version", "1.45.2"),
    ("telemetry.auto.version", "0.66b2"),
    ("service.version", "1.0.0"),
    ("service.instance.id", "627cc493-f310-47de-96bd-71410b7dec09"),
    ("deployment.environment", "production"),
    ("process.command", "/usr/bin/python3"),
    ("process.command_line", "python3 -m uvicorn gateway:app --port 8000 --workers 4"),
    ("container.id", "8f3b1a2c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8"),
    ("host.id", "fdbf79e8af94cb7f9e8df36789187052"),
    ("k8s.pod.uid", "275ecb36-5aa8-4c2a-9c47-d8bb681b9aff"),
    ("k8s.container.name", "secret-manager"),
];

#[test]
fn nothing_ordinary_is_a_secret() {
    for (of, set) in [("FastAPI", FASTAPI), ("clients", CLIENTS), ("models", MODELS), ("LiteLLM", LITELLM), ("resource", RESOURCE)] {
        assert_eq!(found(set), [], "{of}");
    }
}
