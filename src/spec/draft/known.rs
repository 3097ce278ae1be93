//! Histograms of known gateways and servers, by their names.
//!
//! Sources: vLLM "Production metrics", SGLang "Production Metrics", text-generation-inference "Metrics", LiteLLM
//! `integrations/prometheus.py`, NVIDIA NIM "Observability", Dynamo frontend metrics, Triton `docs/user_guide/metrics.md`,
//! OpenTelemetry semantic conventions (HTTP, GenAI), prometheus-fastapi-instrumentator, starlette-exporter, Kong's Prometheus
//! plugin, Envoy and Istio statistics, ingress-nginx, Traefik, APISIX, Ray Serve.

use crate::model::rig::Quantity;

/// What is known of a name.
pub struct Known {
    /// The family's name.
    pub name: &'static str,
    /// Whose it is.
    pub product: &'static str,
    /// What it measures.
    pub what: Measures,
    /// The spec's word for its unit.
    pub unit: &'static str,
}

/// What a known family measures.
#[derive(Clone, Copy)]
pub enum Measures {
    /// This quantity.
    Quantity(Quantity),
    /// Something that looks like one of our quantities but is none: why.
    No(&'static str),
}

use Measures::No;

const TOTAL: Measures = Measures::Quantity(Quantity::Total);
const TTFT: Measures = Measures::Quantity(Quantity::Ttft);
const GAP: Measures = Measures::Quantity(Quantity::InterChunk);

const fn known(name: &'static str, product: &'static str, what: Measures, unit: &'static str) -> Known {
    Known { name, product, what, unit }
}

/// All of them.
pub const ALL: &[Known] = &[
    known("vllm:e2e_request_latency_seconds", "vLLM", TOTAL, "s"),
    known("vllm:time_to_first_token_seconds", "vLLM", TTFT, "s"),
    known("vllm:inter_token_latency_seconds", "vLLM", GAP, "s"),
    known("vllm:time_per_output_token_seconds", "vLLM before 0.11", GAP, "s"),
    known("vllm:request_time_per_output_token_seconds", "vLLM", No("one mean per request, not one gap per chunk"), "s"),
    known("vllm:request_inference_time_seconds", "vLLM", No("without the time in the queue"), "s"),
    known("sglang:e2e_request_latency_seconds", "SGLang", TOTAL, "s"),
    known("sglang:time_to_first_token_seconds", "SGLang", TTFT, "s"),
    known("sglang:inter_token_latency_seconds", "SGLang", GAP, "s"),
    known("sglang:time_per_output_token_seconds", "SGLang before 0.5", GAP, "s"),
    known("sglang:request_time_per_output_token_seconds", "SGLang", No("one mean per request, not one gap per chunk"), "s"),
    known("litellm_request_total_latency_metric", "LiteLLM", TOTAL, "s"),
    known("litellm_llm_api_time_to_first_token_metric", "LiteLLM", No("from the call of the provider on, without the gateway's own time"), "s"),
    known("litellm_llm_api_latency_metric", "LiteLLM", No("the provider's time only, without the gateway's own"), "s"),
    known("litellm_overhead_latency_metric", "LiteLLM", No("the gateway's own time only"), "s"),
    known("litellm_deployment_latency_per_output_token", "LiteLLM", No("total time over tokens, first token included: no gap between chunks"), "s"),
    known("tgi_request_duration", "text-generation-inference", TOTAL, "s"),
    known("tgi_request_inference_duration", "text-generation-inference", No("without validation and queue"), "s"),
    known(
        "tgi_request_mean_time_per_token_duration",
        "text-generation-inference",
        No("inference time over tokens, first token included: no gap between chunks"),
        "s",
    ),
    known("dynamo_frontend_request_duration_seconds", "NVIDIA Dynamo", TOTAL, "s"),
    known("dynamo_frontend_time_to_first_token_seconds", "NVIDIA Dynamo", TTFT, "s"),
    known("dynamo_frontend_inter_token_latency_seconds", "NVIDIA Dynamo", GAP, "s"),
    known("trtllm_e2e_request_latency_seconds", "TensorRT-LLM", TOTAL, "s"),
    known("trtllm_time_to_first_token_seconds", "TensorRT-LLM", TTFT, "s"),
    known("trtllm_time_per_output_token_seconds", "TensorRT-LLM", No("one mean per request, not one gap per chunk"), "s"),
    known("e2e_request_latency_seconds", "NVIDIA NIM", TOTAL, "s"),
    known("time_to_first_token_seconds", "NVIDIA NIM", TTFT, "s"),
    known("time_per_output_token_seconds", "NVIDIA NIM", GAP, "s"),
    known("nv_inference_first_response_histogram_ms", "Triton", TTFT, "ms"),
    known("gen_ai_server_request_duration_seconds", "OpenTelemetry GenAI", TOTAL, "s"),
    known("gen_ai_server_time_to_first_token_seconds", "OpenTelemetry GenAI", TTFT, "s"),
    known("gen_ai_server_time_per_output_token_seconds", "OpenTelemetry GenAI", No("one mean per request, not one gap per chunk"), "s"),
    known("gen_ai_client_operation_duration_seconds", "OpenTelemetry GenAI", TOTAL, "s"),
    known("gen_ai_client_operation_time_to_first_chunk_seconds", "OpenTelemetry GenAI", TTFT, "s"),
    known("gen_ai_client_operation_time_per_output_chunk_seconds", "OpenTelemetry GenAI", GAP, "s"),
    known("http_server_request_duration_seconds", "OpenTelemetry HTTP", TOTAL, "s"),
    known("http_server_duration_milliseconds", "OpenTelemetry HTTP, old names", TOTAL, "ms"),
    known("http_request_duration_seconds", "usual of HTTP servers, such as FastAPI instrumentator", TOTAL, "s"),
    known("http_request_duration_highr_seconds", "FastAPI instrumentator", No("over all routes: no label tells ours"), "s"),
    known("starlette_request_duration_seconds", "starlette-exporter", TOTAL, "s"),
    known("starlette_requests_processing_time_seconds", "starlette-prometheus", TOTAL, "s"),
    known("kong_request_latency_ms", "Kong", TOTAL, "ms"),
    known("kong_upstream_latency_ms", "Kong", No("the upstream's time only, without Kong's own"), "ms"),
    known("kong_kong_latency_ms", "Kong", No("Kong's own time only"), "ms"),
    known("apisix_http_latency", "APISIX", TOTAL, "ms"),
    known("envoy_http_downstream_rq_time", "Envoy", TOTAL, "ms"),
    known("envoy_cluster_upstream_rq_time", "Envoy", No("the upstream's time only"), "ms"),
    known("istio_request_duration_milliseconds", "Istio", TOTAL, "ms"),
    known("nginx_ingress_controller_request_duration_seconds", "ingress-nginx", TOTAL, "s"),
    known("nginx_ingress_controller_response_duration_seconds", "ingress-nginx", No("the upstream's time only"), "s"),
    known("nginx_http_response_time_seconds_hist", "nginxlog exporter", TOTAL, "s"),
    known("traefik_service_request_duration_seconds", "Traefik", TOTAL, "s"),
    known("traefik_entrypoint_request_duration_seconds", "Traefik", No("over all services of an entry point"), "s"),
    known("ray_serve_http_request_latency_ms", "Ray Serve", TOTAL, "ms"),
];

/// What is known of a family.
pub fn of(name: &str) -> Option<&'static Known> {
    // Ray exports vLLM's own metrics below its prefix, with the colon turned into an underscore.
    let plain = name.strip_prefix("ray_").filter(|rest| rest.starts_with("vllm"));
    let vllm = plain.map(|rest| rest.replacen("vllm_", "vllm:", 1));
    let name = vllm.as_deref().unwrap_or(name);
    ALL.iter().find(|known| known.name == name)
}
