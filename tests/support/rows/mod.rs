//! The rows of the fault matrix on the real stack: what is done to which part, and what an audit must make of it.
//! Only data, so that the tests on the reference rig can read it, too.

#![allow(unused_imports, reason = "one of the targets that share it runs no row")]

pub mod environment;
mod list;
pub mod network;
pub mod noise;
pub mod resources;
mod traces;

pub use environment::{UNLIKE, Unlike};
pub use list::ROWS;
pub use network::{STRAY, Stray};
pub use noise::{LOUD, Loud};
pub use resources::{USED, Used};
pub use traces::{TOGETHER, Together};

/// A fault of the real stack, and what must come of it.
pub struct Row {
    pub name: &'static str,
    /// One sentence without a full stop.
    pub title: &'static str,
    /// The real part to which it is done.
    pub part: &'static str,
    pub does: &'static [Does],
    /// Who is judged by this row: the beginnings of subjects. Everybody else must stay quiet.
    pub touches: &'static [&'static str],
    /// Rules that must fail.
    pub must: &'static [&'static str],
    /// Rules that may fail too, since the same thing is wrong in their eyes.
    pub may: &'static [&'static str],
    /// Rules that compare those touched with others, and may fail there.
    pub pairs: &'static [&'static str],
    /// Rules that must say of somebody that they could not tell, and must not pass anywhere among those touched.
    pub untold: &'static [&'static str],
    /// Rules that must pass for a subject all the same.
    pub passes: &'static [(&'static str, &'static str)],
    /// What the report must say.
    pub notes: &'static [&'static str],
    /// What the recorded answers must show, where no rule does: that it happened at all.
    pub shows: Shows,
    /// How far off it makes things, ms: the bounds of the rules that must fail hold it.
    pub planted: Option<f64>,
    pub verdict: Wanted,
}

/// The verdict that a fault deserves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    NotReady,
    /// Could not tell, or worse: never ready.
    NeverReady,
    /// No figure is wrong: what the other rules say decides.
    Any,
}

/// What the recorded answers show of a disturbance.
#[derive(Clone, Copy, PartialEq)]
pub enum Shows {
    Nothing,
    /// A reading of this source failed.
    FailedReading(&'static str),
    /// For so long, ms, Prometheus read nothing.
    Hole(f64),
    /// So many traces of others were among what Jaeger returned.
    Foreign(u64),
}

/// What is really done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// The gateway is started with this fault (`examples/fastapi-gateway/gateway/faults.py`).
    Gateway(&'static str),
    /// The gateway's wall clock is off by so much from the start.
    Clock(&'static str),
    /// The gateway's wall clock steps to this offset during the load.
    Step(&'static str),
    /// The load generator under audit times the total by this definition.
    Total(&'static str),
    /// A claim more under `metrics`, in YAML.
    Claim(&'static str),
    /// The spec reads the log's durations from fields that are named in seconds.
    LogNamedInSeconds,
    /// The claims on histograms say that there are exemplars.
    Exemplars,
    /// An OpenTelemetry collector with these options stands between the gateway and Jaeger.
    Collector(&'static [&'static str]),
    /// nginx stands before the gateway, with `proxy_buffering` so, and its log claims the total time.
    Front(&'static str),
    /// A second engine scrapes the gateway and answers for the same claims.
    Engine(&'static str),
    /// A setting of the case, in YAML.
    Case(&'static str),
    /// From shortly before the audit on Prometheus scrapes in this interval.
    Interval(&'static str),
    /// Prometheus ends during the load and is started again on its data.
    RestartPrometheus,
    /// Prometheus stands still for 4 s during the load.
    FreezePrometheus,
    /// The metrics page answers 503 for 4 s during the load.
    RefusePages,
    /// The metrics page answers 503 from the middle of the load on.
    RefusePagesForGood,
    /// The files in which one worker counts, or all of them do, are deleted during the load.
    WipeOneWorker,
    WipeAllWorkers,
    /// So many foreign traces of the same service reach Jaeger during the load.
    ForeignTraces(usize),
    /// A second gateway of the same name, with traffic of its own, reports to the same Jaeger.
    SecondGateway,
}

impl Row {
    /// Nothing may fail or be left open because of it.
    pub fn is_quiet(&self) -> bool {
        [self.must, self.may, self.pairs, self.untold].concat().is_empty()
    }

    /// Do the two touch somebody in common?
    pub fn meets(&self, other: &Row) -> bool {
        let meet = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
        self.touches.iter().any(|a| other.touches.iter().any(|b| meet(a, b)))
    }
}

const LOG: &[&str] = &["access_log"];
// The gateway's own histograms; what Prometheus records of them are claims of their own.
const METRICS: &[&str] = &["prometheus:ttft", "prometheus:total", "scrape"];
const PROMETHEUS: &[&str] = &["prometheus:ttft", "prometheus:total"];
const TRACES: &[&str] = &["jaeger"];
const ALL: &[&str] = &[""];

const PLAIN: Row = Row {
    name: "",
    title: "",
    part: "",
    does: &[],
    touches: &[],
    must: &[],
    may: &[],
    pairs: &[],
    untold: &[],
    passes: &[],
    notes: &[],
    shows: Shows::Nothing,
    planted: None,
    verdict: Wanted::NotReady,
};
/// nginx's log is a witness of its own: whatever is held back, its total ends when the last byte is sent.
const NGINX_LOG: &[(&str, &str)] = &[("LAT-02", "nginx_log"), ("LAT-13", "nginx_log"), ("LAT-14", "nginx_log:total")];
const IN_LOG: Row = Row { part: "gateway, access log", touches: LOG, ..PLAIN };
const IN_METRICS: Row = Row { part: "gateway, metrics page", touches: METRICS, ..PLAIN };
const IN_TRACES: Row = Row { part: "gateway, OpenTelemetry", touches: TRACES, ..PLAIN };
const IN_TRAFFIC: Row = Row { part: "gateway, stream", touches: ALL, ..PLAIN };
const AT_PROMETHEUS: Row = Row { part: "Prometheus", touches: PROMETHEUS, ..PLAIN };

/// Rigs without a fault: no rule may fail on any of them.
pub const CLEAN: &[Row] = &[
    Row { name: "clean", title: "as it is", touches: ALL, verdict: Wanted::Any, ..PLAIN },
    Row { name: "clean-collector", title: "a collector before Jaeger", does: &[Does::Collector(&[])], touches: ALL, verdict: Wanted::Any, ..PLAIN },
    Row {
        name: "clean-nginx",
        title: "nginx before the gateway, unbuffered",
        does: &[Does::Front("off")],
        touches: ALL,
        passes: NGINX_LOG,
        verdict: Wanted::Any,
        ..PLAIN
    },
    Row {
        name: "clean-prometheus3",
        title: "Prometheus 3 beside Prometheus 2",
        does: &[Does::Engine("prometheus3")],
        touches: ALL,
        verdict: Wanted::Any,
        ..PLAIN
    },
    Row {
        name: "clean-victoria",
        title: "VictoriaMetrics beside Prometheus",
        does: &[Does::Engine("victoria")],
        touches: ALL,
        verdict: Wanted::Any,
        ..PLAIN
    },
];
