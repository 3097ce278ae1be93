//! `POST /v1/traces`, as <https://opentelemetry.io/docs/specs/otlp/#otlphttp> has it.

use super::intake::Intake;
use crate::sources::spans::{NotOtlp, NotProtobuf, read_json, read_protobuf};
use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use flate2::read::MultiGzDecoder;
use std::{future::Future, io::Read as _, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

/// Exports beyond this many bytes, as sent or unpacked, are refused.
pub const BODY_CAP: usize = 16 << 20;
/// Exports that are read at once: with their unpacked form and the spans made of them this bounds what they take.
const AT_ONCE: usize = 4;
/// A body that is not there after this time is not coming.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long open connections may take to finish when we stop; idle ones are closed at once.
const FAREWELL: Duration = Duration::from_millis(300);

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

struct Shared {
    intake: Arc<Intake>,
    turns: Semaphore,
}

/// Serves until the work is done; then the port is free and no connection is left open, so that a sender must come to
/// whoever listens next.
pub async fn serve<T>(listener: TcpListener, intake: Arc<Intake>, work: impl Future<Output = T>) -> T {
    let stop = CancellationToken::new();
    // Connections live in tasks of their own: they are told to end even if we are dropped in the middle.
    let _stop_at_drop = stop.clone().drop_guard();
    let shared = Arc::new(Shared { intake, turns: Semaphore::new(AT_ONCE) });
    let app = Router::new().route("/v1/traces", post(export)).with_state(shared);
    let serving = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    let serving = async { serving.await };
    tokio::pin!(serving, work);
    let done = tokio::select! {
        done = &mut work => done,
        // Serving never ends by itself; if it does, the work still knows what it has.
        _ = &mut serving => return work.await,
    };
    stop.cancel();
    let _ = tokio::time::timeout(FAREWELL, serving).await;
    done
}

async fn export(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let intake = &shared.intake;
    intake.count(|r| r.requests += 1);
    let (parts, body) = request.into_parts();
    let (content_type, encoding) = (word(&parts.headers, header::CONTENT_TYPE), word(&parts.headers, header::CONTENT_ENCODING));
    let json = content_type == JSON;
    let outcome = if !json && content_type != PROTOBUF {
        Err(Refusal::Unsupported)
    } else {
        let Ok(_turn) = shared.turns.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
        take(body, &encoding, json, intake).await
    };
    match outcome {
        Ok(()) if json => ([(header::CONTENT_TYPE, JSON)], "{}").into_response(),
        // An empty `ExportTraceServiceResponse` has no bytes.
        Ok(()) => ([(header::CONTENT_TYPE, PROTOBUF)], Body::empty()).into_response(),
        Err(refusal) => {
            intake.count(|r| if refusal == Refusal::TooLarge { r.too_large += 1 } else { r.unreadable += 1 });
            refusal.status().into_response()
        }
    }
}

async fn take(body: Body, encoding: &str, json: bool, intake: &Intake) -> Result<(), Refusal> {
    let read = tokio::time::timeout(BODY_TIME, to_bytes(body, BODY_CAP)).await.map_err(|_| Refusal::Unreadable)?;
    let sent = read.map_err(|e| if is_length_limit(&e) { Refusal::TooLarge } else { Refusal::Unreadable })?;
    intake.count(|r| r.bytes += sent.len() as u64);
    let plain = match encoding {
        "" | "identity" => sent.to_vec(),
        "gzip" => unpacked(&sent)?,
        _ => return Err(Refusal::Unsupported),
    };
    let (rows, without_id) = if json {
        if plain.trim_ascii() == b"{}" {
            (vec![], 0)
        } else {
            read_json(&plain).map_err(|e| if e == NotOtlp::TooMany { Refusal::TooLarge } else { Refusal::Unreadable })?
        }
    } else {
        read_protobuf(&plain).map_err(|e| if e == NotProtobuf::TooMany { Refusal::TooLarge } else { Refusal::Unreadable })?
    };
    intake.put(rows, without_id);
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Refusal {
    TooLarge,
    Unsupported,
    Unreadable,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::Unreadable => StatusCode::BAD_REQUEST,
        }
    }
}

fn unpacked(sent: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut plain = vec![];
    MultiGzDecoder::new(sent).take(BODY_CAP as u64 + 1).read_to_end(&mut plain).map_err(|_| Refusal::Unreadable)?;
    if plain.len() > BODY_CAP { Err(Refusal::TooLarge) } else { Ok(plain) }
}

/// A header's value without parameters, lower case.
fn word(headers: &HeaderMap, name: HeaderName) -> String {
    let value = headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_length_limit(error: &axum::Error) -> bool {
    // The limit's own error type is not public in axum.
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(e) = cause {
        if e.to_string().contains("length limit") {
            return true;
        }
        cause = e.source();
    }
    false
}
