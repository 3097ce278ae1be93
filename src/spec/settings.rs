//! How to reach what the rig names, resolved, with secrets. Never recorded, never shown: only sources read it.

use super::{base64::base64, postgres::PostgresServer};
use crate::{
    kept::variables::Variables,
    model::{
        name::Name,
        redactor::Redactor,
        rig::{Allow, Claim, Quantity},
        secret::Secret,
        units::Ms,
    },
};
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

/// Everything that sources need beside the rig.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The API under test.
    pub target: Option<TargetSettings>,
    /// One entry per source of the spec.
    pub sources: BTreeMap<Name, SourceSettings>,
    /// How the configuration is read, where it is.
    pub environment: Option<EnvironmentSettings>,
    /// How endpoints are reached, where the way to them is measured.
    pub network: Option<NetworkSettings>,
    /// Knows every secret of the spec.
    pub redactor: Redactor,
}

impl Settings {
    /// The unit that the spec gives to the field behind a log's claim, ms; none for other claims.
    pub fn unit_ms(&self, claim: &Claim) -> Option<f64> {
        let Some(SourceSettings::AccessLog(log)) = self.sources.get(&claim.source) else { return None };
        let field = match claim.quantity {
            Quantity::Ttft => &log.ttft,
            Quantity::Total => &log.total,
            Quantity::InterChunk => &log.inter_chunk,
        };
        field.as_ref().map(|f| f.unit_ms)
    }
}

/// How the configuration of an environment is read, and what it is compared with.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentSettings {
    /// The reference: a folder of an accepted baseline, a snapshot, or a document.
    pub reference: Option<PathBuf>,
    /// Which variables are shown, and the key of fingerprints of all others.
    pub variables: Variables,
}

/// How endpoints are reached, and what the ways are compared with.
#[derive(Clone, Debug, Default)]
pub struct NetworkSettings {
    /// The reference: a folder of an accepted baseline, a recording, or a document.
    pub reference: Option<PathBuf>,
    /// By endpoint.
    pub reach: BTreeMap<Name, NetworkReach>,
    /// Another pace than the polite one; only where all endpoints are in a laboratory.
    pub pace: Option<NetworkPace>,
}

/// How one endpoint is reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkReach {
    /// PEM file of authorities that are trusted beside the machine's.
    pub ca_file: Option<PathBuf>,
    /// URL of the proxy that an application here would use for it.
    pub proxy: Option<String>,
}

/// How fast endpoints in a laboratory are connected to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkPace {
    /// Mean time between the beginnings of two connects.
    pub mean_gap: Ms,
    /// Pause between two rounds.
    pub between_rounds: Ms,
}

/// One HTTP origin and what is shown to it, and to it only.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// Base URL without credentials and without a trailing slash.
    pub url: String,
    /// Headers sent with each request.
    pub headers: Vec<(String, Secret)>,
    /// `Authorization`.
    pub auth: Auth,
    /// PEM file of an additional trust root.
    pub ca_file: Option<PathBuf>,
    /// What proves who we are where the server asks for it.
    pub client_cert: Option<ClientCert>,
    /// What stands between, if anything. Never one that the environment names.
    pub proxy: Option<Proxy>,
}

impl Connection {
    /// Where this leads, as people are told.
    pub fn place(&self) -> String {
        format!("{}{}", self.url, self.through())
    }
    /// What stands between, to append to a place: nothing, or ` through the proxy URL`.
    pub fn through(&self) -> String {
        self.proxy.as_ref().map(|proxy| format!(" through the proxy {}", proxy.url)).unwrap_or_default()
    }
}

/// A certificate and its private key, in PEM files.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientCert {
    /// The certificate, then those between it and the root, if any.
    pub cert: PathBuf,
    /// The key; without it, the certificate's file holds it, too.
    pub key: Option<PathBuf>,
}

/// An HTTP proxy: `http` requests are sent to it whole, `https` is tunnelled by CONNECT.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Its URL, `http://HOST:PORT`, without credentials.
    pub url: String,
    /// What is shown to it, and to nobody else: none or basic.
    pub auth: Auth,
}

/// The `Authorization` header.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// None.
    #[default]
    None,
    /// `Bearer TOKEN`.
    Bearer(Secret),
    /// `Basic`, from user and password.
    Basic {
        /// User.
        user: String,
        /// Password.
        password: Secret,
    },
}

impl Auth {
    /// The value of the header, if there is one.
    pub fn header(&self) -> Option<Secret> {
        match self {
            Auth::None => None,
            Auth::Bearer(token) => Some(Secret::new(format!("Bearer {}", token.expose()))),
            Auth::Basic { user, password } => Some(Secret::new(format!("Basic {}", base64(format!("{user}:{}", password.expose()).as_bytes())))),
        }
    }
}

/// The API under test.
#[derive(Clone, Debug)]
pub struct TargetSettings {
    /// Where.
    pub connection: Connection,
    /// What may be spent.
    pub allow: Allow,
}

/// How to ask one source.
#[derive(Clone, Debug)]
pub enum SourceSettings {
    /// A server that speaks the Prometheus HTTP API.
    Prometheus {
        /// Where.
        connection: Connection,
    },
    /// A metrics page, read directly.
    Scrape {
        /// The page's full URL.
        connection: Connection,
        /// Time between readings.
        interval: Ms,
    },
    /// A Jaeger query service.
    Jaeger {
        /// Where.
        connection: Connection,
        /// The service whose traces are searched.
        service: String,
        /// How long nothing new may come before what is missing is not coming any more.
        settle: Ms,
    },
    /// Exported spans, in the form of OTLP.
    Otlp {
        /// How they come to us.
        from: OtlpPlace,
        /// Only spans of this service count; empty means any.
        service: String,
        /// How long nothing new may come before what is missing is not coming any more.
        settle: Ms,
    },
    /// An access log.
    AccessLog(AccessLog),
    /// The emission log of `rigcheck mock`.
    Truth {
        /// The mock's base URL, as seen from here.
        connection: Connection,
    },
    /// How far the clock of a host may be off.
    Clock(ClockBy),
    /// Docker's daemon.
    Docker {
        /// Its socket; none for that of `DOCKER_HOST`, or the usual one.
        socket: Option<PathBuf>,
    },
    /// Metrics of a cloud, exported to a file: CloudWatch's `get-metric-data`, time series of Google Cloud Monitoring, CSV.
    Cloud {
        /// The file.
        path: PathBuf,
        /// What one value covers, where the file does not tell.
        period: Option<Ms>,
        /// How long it is waited for until it covers an act.
        settle: Ms,
    },
    /// Dashboards as JSON.
    Dashboards {
        /// A file, or a folder's files by a `*` in the name.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres {
        /// Where, and as whom.
        server: PostgresServer,
    },
}

/// Who tells how far a host's clock may be off.
#[derive(Clone, Debug)]
pub enum ClockBy {
    /// chronyd, by its own protocol.
    Chrony {
        /// `HOST:PORT` at which it takes commands.
        at: String,
    },
    /// The kernel, as node_exporter shows it.
    Timex {
        /// The page's full URL.
        connection: Connection,
    },
    /// ptp4l, over its own socket: the clock of this machine.
    Ptp {
        /// Its socket (`uds_address`).
        socket: PathBuf,
        /// The only domain in which it answers (`domainNumber`).
        domain: u8,
    },
    /// A time in the header of a response.
    Header {
        /// What is asked.
        connection: Connection,
        /// The header, lower case.
        name: String,
        /// Milliseconds per unit of a number since the epoch; none for a date.
        unit_ms: Option<f64>,
    },
}

impl ClockBy {
    fn reads(&self) -> String {
        match self {
            ClockBy::Chrony { .. } => "chrony tracking".into(),
            ClockBy::Timex { .. } => "timex".into(),
            ClockBy::Ptp { domain, .. } => format!("PTP data sets of domain {domain}"),
            ClockBy::Header { name, unit_ms: Some(ms), .. } => format!("header {name} in {ms} ms"),
            ClockBy::Header { name, unit_ms: None, .. } => format!("header {name}"),
        }
    }
}

impl SourceSettings {
    /// Are wall-clock times of its host read, which must then agree with ours?
    pub fn reads_wall_clock(&self) -> bool {
        match self {
            SourceSettings::Jaeger { .. } | SourceSettings::Otlp { .. } | SourceSettings::Clock(_) => true,
            SourceSettings::AccessLog(log) => log.at.is_some(),
            SourceSettings::Prometheus { .. }
            | SourceSettings::Scrape { .. }
            | SourceSettings::Truth { .. }
            | SourceSettings::Docker { .. }
            | SourceSettings::Cloud { .. }
            | SourceSettings::Dashboards { .. }
            | SourceSettings::Postgres { .. } => false,
        }
    }
    /// What is read of the source, where the spec chooses ([`SourceInfo::reads`](crate::model::rig::SourceInfo::reads)).
    pub fn reads(&self) -> String {
        match self {
            SourceSettings::Jaeger { service, .. } | SourceSettings::Otlp { service, .. } => format!("spans of service {service}"),
            SourceSettings::AccessLog(log) => log.reads(),
            SourceSettings::Clock(by) => by.reads(),
            SourceSettings::Cloud { period: Some(period), .. } => format!("values of {period}"),
            SourceSettings::Prometheus { .. }
            | SourceSettings::Scrape { .. }
            | SourceSettings::Truth { .. }
            | SourceSettings::Docker { .. }
            | SourceSettings::Cloud { .. }
            | SourceSettings::Dashboards { .. }
            | SourceSettings::Postgres { .. } => String::new(),
        }
    }
}

/// How exported spans come to us.
#[derive(Clone, Debug, PartialEq)]
pub enum OtlpPlace {
    /// They are sent to our own receiver of OTLP over HTTP, which listens here.
    Listen(SocketAddr),
    /// They are written as OTLP-JSON to a file with its rotated siblings, or to a folder's files by a `*` in the name.
    File(PathBuf),
}

/// An access log and how its lines are read.
#[derive(Clone, Debug)]
pub struct AccessLog {
    /// Where the lines are.
    pub from: LogPlace,
    /// How a line is read.
    pub format: LogFormat,
    /// The field with the request's id: either our `x-request-id` or the trace id; both are tried.
    pub id: String,
    /// The field with the time of the line, if any (RFC 3339 text, or seconds, milliseconds since the epoch).
    pub at: Option<String>,
    /// The field with the HTTP status, if any.
    pub status: Option<String>,
    /// Total time.
    pub total: Option<Field>,
    /// Time to first token.
    pub ttft: Option<Field>,
    /// Mean gap between chunks.
    pub inter_chunk: Option<Field>,
}

impl AccessLog {
    /// What is read of a line, in words that differ where it differs.
    fn reads(&self) -> String {
        let AccessLog { from: _, format, id, at, status, total, ttft, inter_chunk } = self;
        let timed = |word: &str, field: &Option<Field>| field.as_ref().map(|f| format!(", {word} {} in {} ms", f.field, f.unit_ms));
        let named = |word: &str, field: &Option<String>| field.as_ref().map(|f| format!(", {word} {f}"));
        let format = match format {
            LogFormat::JsonLines => "JSON lines".to_owned(),
            LogFormat::Nginx(text) => format!("lines like `{text}`"),
        };
        let fields = [named("at", at), named("status", status), timed("total", total), timed("ttft", ttft), timed("inter-chunk", inter_chunk)];
        format!("{format}: id {id}{}", fields.into_iter().flatten().collect::<String>())
    }
}

/// A numeric field and what one unit of it is in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name; dots descend into objects.
    pub field: String,
    /// Milliseconds per unit.
    pub unit_ms: f64,
}

/// Where log lines are.
#[derive(Clone, Debug, PartialEq)]
pub enum LogPlace {
    /// A file with its rotated siblings (`x.log.1`, `x.log.2.gz`), or a folder's files by a `*` in the name.
    File(PathBuf),
    /// A container's standard output and error.
    Docker(String),
    /// Standard input.
    Stdin,
}

/// How a line is read.
#[derive(Clone, Debug, PartialEq)]
pub enum LogFormat {
    /// One JSON object a line; a prefix before the first `{` is skipped.
    JsonLines,
    /// nginx's `log_format` text, such as `$remote_addr [$time_iso8601] "$request" $status $request_time $http_x_request_id`.
    /// Field names are the variables without the dollar sign.
    Nginx(String),
}
