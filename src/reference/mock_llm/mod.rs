//! An OpenAI-compatible endpoint with exact delays and a log of what it really emitted.
//!
//! | route | answers |
//! |---|---|
//! | `POST /v1/chat/completions` | a completion, streamed or not |
//! | `POST /v1/embeddings` | vectors |
//! | `GET /v1/models` | the model names |
//! | `GET /metrics` | OpenMetrics if the `Accept` header asks for it, else Prometheus text 0.0.4 |
//! | `GET /metrics/native` | total and TTFT as native histograms (schema 5), in protobuf if the `Accept` header asks for it |
//! | `GET /rigcheck/emissions?from_us=&to_us=` | JSON lines of [`Emission`](crate::model::payload::Emission): the truth |
//! | `GET /healthz` | `{"status": "ok", ...}` with the pacing errors so far |
//!
//! A request asks for its delays by a [`Directive`](crate::llm::directive::Directive) in any message, or in the header
//! `x-rigcheck-directive`; without one the [`MockSettings`] hold. The emission log, not the delay that was asked for, is
//! the truth: a busy machine is late, and says by how much ([`Mock::pacing`]). Metrics, spans and access log are those of
//! a good gateway, unless a [`Misbehaviour`](crate::reference::faults::Misbehaviour) is seeded. No prompt is kept or logged.

mod api;
mod clock;
mod emission_log;
mod pacer;
mod pacing;
mod plan;
mod router;
mod served;
mod settings;
mod shared;
mod speech;
mod stream;
mod telemetry;
mod trace_context;

pub use pacing::Pacing;
pub use settings::{MockSettings, UsageChunk};

use axum::serve::ListenerExt;
use pacer::Pacer;
use shared::Shared;
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// How long requests in flight may still take when the mock is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// A running endpoint. It has a runtime of its own, so that a busy caller does not delay what it emits.
/// Dropping it ends it at once; [`Mock::stop`] also writes out what it still holds.
pub struct Mock {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stopping: CancellationToken,
    server: Option<JoinHandle<io::Result<()>>>,
    exporter: Option<telemetry::ExporterTask>,
    threads: Threads,
}

/// A runtime of one's own that may be dropped anywhere: tokio's panics if it is dropped among async tasks.
struct Threads(Option<Runtime>);

impl Mock {
    /// Binds the address and starts to serve. Errors: the address is taken, the access log cannot be written.
    #[allow(clippy::disallowed_methods, reason = "the reference endpoint listens and serves")]
    pub fn start(settings: MockSettings) -> io::Result<Mock> {
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).map_err(|e| io::Error::new(e.kind(), format!("listening on {listen}: {e}")))?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        // At most 15 characters, or Linux cuts them: `mock-65535-pace`.
        let name = format!("mock-{}", addr.port());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name(&name).enable_all().build()?;
        let (runtime, threads) = (runtime.handle().clone(), Threads(Some(runtime)));
        let (telemetry, exporter) = telemetry::Telemetry::start(&settings, &name, &runtime)?;
        let shared = Arc::new(Shared::new(settings, telemetry, Pacer::start(&name)?));
        let stopping = CancellationToken::new();
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        // Nagle would hold a chunk back until the one before it is acknowledged. A socket that is already gone needs none.
        let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
        let serving = axum::serve(listener, router::router(shared.clone())).with_graceful_shutdown(stopping.clone().cancelled_owned());
        let server = runtime.spawn(async move { serving.await });
        Ok(Mock { addr, shared, stopping, server: Some(server), exporter, threads })
    }

    /// Where it listens; the port is the real one, also if 0 was asked for.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How exactly it kept the delays that were asked for.
    pub fn pacing(&self) -> Pacing {
        self.shared.pacing.summary()
    }

    /// Spans that the OTLP receiver did not take, after retries.
    pub fn spans_lost(&self) -> u64 {
        self.exporter.as_ref().map_or(0, telemetry::ExporterTask::lost)
    }

    /// Ends it: no new requests, two seconds for those in flight, then two for the spans and all for the log lines; after that its
    /// threads are gone. Must be called inside a tokio runtime.
    #[allow(clippy::disallowed_methods, reason = "waits for its own threads off the caller's")]
    pub async fn stop(mut self) {
        self.stopping.cancel();
        let (server, exporter) = (self.server.take(), self.exporter.take());
        let Some(runtime) = self.threads.0.take() else { return };
        let flushed = runtime.spawn(async move {
            if let Some(server) = server {
                drop(tokio::time::timeout(GRACE, server).await);
            }
            if let Some(exporter) = exporter {
                drop(tokio::time::timeout(GRACE, exporter.finish()).await);
            }
        });
        drop(flushed.await);
        let shared = self.shared.clone();
        // Both wait for threads, which must not happen on the caller's async threads.
        let ended = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(Duration::from_secs(1));
            shared.close();
        });
        drop(ended.await);
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
