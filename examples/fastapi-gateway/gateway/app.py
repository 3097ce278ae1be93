"""The gateway: POST /api/v1/chat/completions goes to the provider, streamed or whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.background import BackgroundTask

from . import sse
from .access_log import AccessLog
from .call import Call, Telemetry
from .faults import Faults
from .metrics import Metrics
from .settings import Settings
from .tracing import Tracing

settings = Settings.from_env()
faults = Faults(settings.faults)
tracing = Tracing(settings, faults)
telemetry = Telemetry(Metrics(settings, faults), AccessLog(settings.access_log, faults), tracing, faults)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(
        base_url=settings.provider_url,
        timeout=httpx.Timeout(60, connect=5),
        limits=httpx.Limits(max_connections=500, max_keepalive_connections=100),
    ) as client:
        app.state.provider = client
        yield
    tracing.shutdown()


# Recent FastAPI makes spans of its own; here they are the business of OpenTelemetry's instrumentation (tracing.py).
app = FastAPI(title="gateway", lifespan=lifespan, telemetry={"tracing": False})
tracing.instrument(app)


class ChatRequest(BaseModel):
    """What the gateway looks at; the rest of the body goes to the provider as it came."""

    model_config = ConfigDict(extra="allow")
    model: str
    messages: list[dict]
    stream: bool = False


@app.post("/api/v1/chat/completions")
async def chat(body: ChatRequest, request: Request) -> Response:
    with tracing.handler_span(request):
        call = Call(telemetry, request, body.model)
        try:
            answer = await ask_provider(request.app.state.provider, body, call)
        except httpx.HTTPError as error:
            call.status = 502
            call.finish()
            return JSONResponse({"error": {"message": f"provider: {type(error).__name__}"}}, 502, {"x-request-id": call.request_id})
        call.status = answer.status_code
        headers = {"x-request-id": call.request_id}
        after = BackgroundTask(call.after_response)
        if body.stream and answer.is_success:
            call.streaming()
            headers |= {"cache-control": "no-cache"}
            return StreamingResponse(relay(answer, call), answer.status_code, headers, "text/event-stream", after)
        await answer.aread()
        await answer.aclose()
        call.finish()
        return Response(answer.content, answer.status_code, headers, answer.headers.get("content-type"), after)


async def ask_provider(provider: httpx.AsyncClient, body: ChatRequest, call: Call) -> httpx.Response:
    """The provider's answer, its body still to be read."""

    async def once() -> httpx.Response:
        ask = provider.build_request(
            "POST", "/v1/chat/completions", json=body.model_dump(exclude_unset=True), headers={"x-request-id": call.request_id}
        )
        return await provider.send(ask, stream=True)

    if faults.retries():
        await (await once()).aclose()
    return await once()


async def relay(answer: httpx.Response, call: Call) -> AsyncIterator[bytes]:
    """The provider's events, one by one."""
    held = []
    try:
        async for event in sse.events(answer.aiter_bytes()):
            if sse.has_content(event):
                call.first_chunk()
            if settings.repaired and sse.is_done(event):
                # A total stamped after the last write may include a wait that the client never sees.
                call.finish()
            if faults.buffers_stream:
                held.append(event)
            else:
                yield event
        if held:
            yield b"".join(held)
    except (asyncio.CancelledError, GeneratorExit):
        call.status = 499
        raise
    except httpx.HTTPError:
        call.status = 502
        raise
    finally:
        call.finish()
        await answer.aclose()


@app.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    if telemetry.metrics.refused():
        return Response("overloaded", 503)
    page, content_type = telemetry.metrics.page()
    return Response(page, headers={"content-type": content_type})


@app.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    return {"status": "ok"}
