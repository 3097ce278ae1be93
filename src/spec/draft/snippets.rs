//! Lines to paste elsewhere: a log that holds our ids, and a model that leads to `rigcheck mock`.

use super::TRUTH_MODEL;

/// nginx: JSON lines with the id that the client sent and a duration in milliseconds' resolution.
pub const NGINX: &str = r#"log_format rigcheck escape=json '{"request_id":"$http_x_request_id","traceparent":"$http_traceparent",'
  '"ts":"$time_iso8601","status":$status,"duration_s":"$request_time"}';
access_log /var/log/nginx/access.jsonl rigcheck;"#;

/// uvicorn, or any ASGI server: a middleware that writes its line when the last byte has gone out.
pub const ASGI: &str = r#"import json, logging, time

class AccessLog:                                    # app.add_middleware(AccessLog); uvicorn --no-access-log
    def __init__(self, app): self.app = app
    async def __call__(self, scope, receive, send):
        if scope["type"] != "http": return await self.app(scope, receive, send)
        began, line = time.perf_counter(), {"ts": time.time()}
        line["request_id"] = dict(scope["headers"]).get(b"x-request-id", b"").decode()
        async def watched(message):
            if message["type"] == "http.response.start": line["status"] = message["status"]
            await send(message)
        try: await self.app(scope, receive, watched)
        finally:
            line["duration_ms"] = round((time.perf_counter() - began) * 1000, 3)
            logging.getLogger("access").info(json.dumps(line))"#;

/// structlog: the id bound once, in each line of the request.
pub const STRUCTLOG: &str = r#"structlog.configure(processors=[structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"), structlog.processors.JSONRenderer()])
structlog.contextvars.bind_contextvars(request_id=request.headers.get("x-request-id"))   # at the request's start
log.info("request", status=response.status_code, duration_ms=(time.perf_counter() - began) * 1000)   # after its last byte"#;

/// How a gateway is told that a model leads to the mock, whose address is the one that the gateway sees.
pub fn route(mock: &str) -> String {
    format!(
        "LiteLLM, config.yaml:\n  \
         model_list:\n  \
         \x20 - model_name: {TRUTH_MODEL}\n  \
         \x20   litellm_params: {{model: openai/{TRUTH_MODEL}, api_base: {mock}/v1, api_key: none}}\n\
         own table of providers: model {TRUTH_MODEL} → OpenAI-compatible, base_url {mock}/v1, any API key\n\
         one provider by environment: OPENAI_BASE_URL={mock}/v1 OPENAI_API_KEY=none"
    )
}
