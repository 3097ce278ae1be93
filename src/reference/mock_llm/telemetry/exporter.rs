//! Spans to an OTLP receiver: in batches, over HTTP, as protobuf. The SDK's exporter would bring a second HTTP client.
#![allow(clippy::disallowed_methods, reason = "sends spans beside the requests that they are of")]

use super::spans::{Program, Spans, attribute};
use crate::reference::mock_llm::trace_context::new_span_id;
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{InstrumentationScope, any_value::Value},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans},
};
use prost::Message as _;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::mpsc::{Receiver, Sender, channel},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Spans wait this long for company.
const BATCH_EVERY: Duration = Duration::from_millis(200);
/// Traces in one batch at most.
const BATCH: usize = 128;
/// Traces that may wait; more are lost and counted.
const WAITING: usize = 10_000;
/// A batch that is not taken is offered this often, with this pause.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(250);
const TIMEOUT: Duration = Duration::from_secs(2);

/// Takes the spans of finished requests, never waits.
pub struct Exporter {
    queue: Sender<Spans>,
    lost: Arc<AtomicU64>,
}

/// The task behind it.
pub struct ExporterTask {
    task: JoinHandle<()>,
    finish: CancellationToken,
    lost: Arc<AtomicU64>,
}

/// Starts to export to `{url}/v1/traces`.
pub fn start(url: &str, service: &str, runtime: &Handle) -> io::Result<(Exporter, ExporterTask)> {
    let (queue, waiting) = channel(WAITING);
    let (finish, lost) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)));
    let (gateway, provider) = (instance_of(service), instance_of(service));
    let sender = Batches {
        client: client().map_err(io::Error::other)?,
        url: format!("{}/v1/traces", url.trim_end_matches('/')),
        programs: [(Program::Gateway, gateway), (Program::Provider, provider)],
        finish: finish.clone(),
        lost: lost.clone(),
    };
    let task = runtime.spawn(sender.run(waiting));
    Ok((Exporter { queue, lost: lost.clone() }, ExporterTask { task, finish, lost }))
}

impl Exporter {
    /// Queues the spans of a request.
    pub fn send(&self, spans: Spans) {
        let count = 1 + spans.stages.len() as u64;
        if self.queue.try_send(spans).is_err() {
            self.lost.fetch_add(count, Ordering::Relaxed);
        }
    }
}

impl ExporterTask {
    /// Sends what waits, and ends.
    pub async fn finish(self) {
        self.finish.cancel();
        drop(self.task.await);
    }
    /// Spans that nobody took.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

struct Batches {
    client: reqwest::Client,
    url: String,
    programs: [(Program, Resource); 2],
    finish: CancellationToken,
    lost: Arc<AtomicU64>,
}

impl Batches {
    async fn run(self, mut waiting: Receiver<Spans>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let ending = self.finish.is_cancelled();
            if !ending {
                tokio::select! {
                    () = self.finish.cancelled() => {}
                    () = tokio::time::sleep(BATCH_EVERY) => {}
                }
            }
            while let Ok(spans) = waiting.try_recv() {
                batch.push(spans);
                if batch.len() == BATCH {
                    self.export(&mut batch).await;
                }
            }
            self.export(&mut batch).await;
            if ending {
                return;
            }
        }
    }
    async fn export(&self, batch: &mut Vec<Spans>) {
        if batch.is_empty() {
            return;
        }
        let scope = InstrumentationScope { name: "rigcheck.mock".into(), version: env!("CARGO_PKG_VERSION").into(), ..Default::default() };
        let (mut resource_spans, mut count) = (vec![], 0);
        for (program, resource) in &self.programs {
            let spans: Vec<_> = batch.iter().flat_map(|s| s.to_proto(*program)).collect();
            if !spans.is_empty() {
                count += spans.len() as u64;
                let scope_spans = vec![ScopeSpans { scope: Some(scope.clone()), spans, schema_url: String::new() }];
                resource_spans.push(ResourceSpans { resource: Some(resource.clone()), scope_spans, schema_url: String::new() });
            }
        }
        batch.clear();
        let request = ExportTraceServiceRequest { resource_spans };
        let body = bytes::Bytes::from(request.encode_to_vec());
        for _ in 0..TRIES {
            let post = self.client.post(&self.url).header("content-type", "application/x-protobuf").body(body.clone());
            if post.send().await.is_ok_and(|response| response.status().is_success()) {
                return;
            }
            if self.finish.is_cancelled() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.lost.fetch_add(count, Ordering::Relaxed);
    }
}

/// A program of its own under the service's name.
fn instance_of(service: &str) -> Resource {
    let attributes = vec![
        attribute("service.name", Value::StringValue(service.into())),
        attribute("service.instance.id", Value::StringValue(new_span_id())),
        attribute("telemetry.sdk.language", Value::StringValue("rust".into())),
    ];
    Resource { attributes, ..Resource::default() }
}

/// No proxy from the environment and no redirects: spans go where they were told to go. Where the host has no CA store,
/// reqwest refuses to build a client at all, even for http://; then the bundled roots do.
fn client() -> reqwest::Result<reqwest::Client> {
    let builder = || reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
    builder().build().or_else(|_| {
        let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| reqwest::Certificate::from_der(der).ok());
        builder().tls_certs_only(bundled).build()
    })
}
