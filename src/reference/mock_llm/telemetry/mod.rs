//! What a gateway would tell of its requests: a metrics page, an access log, spans. The stamps are those of the emission
//! log, the code path is its own, and a seeded fault bends only what goes through here ([`distort`], [`bend`]).

mod access_log;
mod bend;
mod distort;
mod exporter;
mod metrics;
mod native;
mod process;
mod spans;

pub use exporter::ExporterTask;

use super::{served::Served, settings::MockSettings};
use crate::reference::faults::Misbehaviour;
use access_log::{AccessLog, Line};
use exporter::Exporter;
use metrics::{Metrics, Observed};
use native::NativeMetrics;
use process::ProcessPage;
use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
};
use tokio::runtime::Handle;

/// The last line of a page in OpenMetrics.
const END: &str = "# EOF\n";

/// All that a mock tells beside its emission log.
pub struct Telemetry {
    fault: Option<Misbehaviour>,
    models: Vec<String>,
    metrics: Metrics,
    native: NativeMetrics,
    process: ProcessPage,
    log: Option<AccessLog>,
    exporter: Option<Exporter>,
    /// Wall clock at which the first request was received, ns: a clock that steps does so some time after it.
    first: OnceLock<u64>,
    /// Trace id of the request before, for faults that mix requests up.
    before: Mutex<Option<String>>,
}

impl Telemetry {
    /// Opens the log and starts the exporter on the given runtime, as far as the settings name them.
    pub fn start(settings: &MockSettings, mock: &str, runtime: &Handle) -> io::Result<(Telemetry, Option<ExporterTask>)> {
        let exporter = settings.otlp.as_ref().map(|url| exporter::start(url, &settings.service, runtime)).transpose()?;
        let (exporter, task) = exporter.unzip();
        let telemetry = Telemetry {
            fault: settings.fault,
            models: settings.models.clone(),
            metrics: Metrics::new(settings.fault),
            native: NativeMetrics::default(),
            process: ProcessPage::new(settings.fault),
            log: settings.access_log.as_deref().map(|path| AccessLog::open(path, mock)).transpose()?,
            exporter,
            first: OnceLock::new(),
            before: Mutex::new(None),
        };
        Ok((telemetry, task))
    }

    /// The first content is about to be handed over.
    pub fn first_content(&self, served: &Served) {
        if self.fault == Some(Misbehaviour::LogWrittenEarly) && served.stream {
            let now = Served { closed: served.chunks.first().copied().unwrap_or(served.received), status: 200, ..served.clone() };
            self.write(&now);
        }
    }

    /// The last write is about to be handed over.
    pub fn finished(&self, served: &Served) {
        let served = &Served { ahead_from: distort::ahead_from(self.fault, *self.first.get_or_init(|| served.wall_ns)), ..served.clone() };
        let spans = distort::spans(self.fault, served, spans::of(served));
        let recorded = spans.is_some() || self.fault == Some(Misbehaviour::DanglingExemplars);
        if let Some(observed) = distort::metrics(self.fault, served, Observed::of(served)) {
            let trace_id = (recorded && self.exporter.is_some()).then(|| self.exemplar(served)).flatten();
            let labels = self.labels(served);
            self.metrics.observe(&labels, served, &observed, trace_id.as_deref());
            self.native.observe(&labels, served, &observed, trace_id.as_deref());
        }
        if let (Some(exporter), Some(spans)) = (&self.exporter, spans) {
            exporter.send(spans);
        }
        let written = self.fault == Some(Misbehaviour::LogWrittenEarly) && served.stream && !served.chunks.is_empty();
        if !written {
            self.write(served);
        }
    }

    /// The metrics page in the format that the `Accept` header asks for, with its content type. `None` where it is refused.
    pub fn page(&self, accept: &str) -> Result<Option<(&'static str, String)>, std::fmt::Error> {
        let (content_type, page) = self.metrics.page(accept)?;
        let end = page.len() - page.strip_suffix(END).map_or(0, |_| END.len());
        let Some(lines) = self.process.lines(end < page.len()) else { return Ok(None) };
        Ok(Some((content_type, [&page[..end], &lines, &page[end..]].concat())))
    }

    /// The page of native histograms, in protobuf if the `Accept` header names it, with its content type.
    pub fn native_page(&self, accept: &str) -> (&'static str, Vec<u8>) {
        self.native.page(accept)
    }

    /// Writes out the log and ends its thread. Lines that come later are lost.
    pub fn close(&self) {
        if let Some(log) = &self.log {
            log.close();
        }
    }

    fn write(&self, served: &Served) {
        if let Some(log) = &self.log {
            for line in distort::log(self.fault, served, Line::of(served)) {
                log.write(line);
            }
        }
    }

    /// Names from outside must not become labels without bound.
    fn labels(&self, served: &Served) -> metrics::Labels {
        let known = self.models.iter().find(|m| **m == served.model);
        metrics::Labels { route: served.route.to_owned(), model: known.map_or("other", String::as_str).to_owned() }
    }

    fn exemplar(&self, served: &Served) -> Option<String> {
        let own = served.trace.trace_id.clone();
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).replace(own.clone());
        if self.fault == Some(Misbehaviour::StaleExemplars) { before } else { Some(own) }
    }
}
