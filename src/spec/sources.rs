//! The section `sources`: who can be asked, and which of them claim a value for each request.

use super::{
    access_log, clock,
    connection::connection,
    diagnostics::{Problem, nearest},
    postgres,
    settings::{OtlpPlace, SourceSettings},
    table::{Field, Reading, Table, check_name},
};
use crate::model::{
    environment::ENVIRONMENT,
    name::{Name, name},
    node::At,
    rig::{By, Claim, Quantity, SourceInfo},
    units::Ms,
    workload::{BURN, KERNEL},
};
use reqwest::Url;
use std::{collections::HashMap, net::SocketAddr};

/// The kinds of this release.
pub(super) const KINDS: [&str; 11] =
    ["prometheus", "scrape", "jaeger", "otlp", "access_log", "truth", "clock", "docker", "cloud", "dashboards", "postgres"];
/// Kinds that hold traces.
pub(super) const TRACES: [&str; 2] = ["jaeger", "otlp"];
/// Kinds that hold histograms.
pub(super) const METRICS: [&str; 2] = ["prometheus", "scrape"];
/// Kinds that hold series of what workloads use.
pub(super) const SERIES: [&str; 3] = ["prometheus", "scrape", "cloud"];
/// The load generator's own name among the sources.
pub(super) const LOAD: &str = "load";
/// Names of sources that are always there.
const OWN: [(&str, &str); 4] = [
    (LOAD, "rigcheck's own load"),
    (KERNEL, "what rigcheck reads of this machine's kernel"),
    (BURN, "rigcheck's own burn"),
    (ENVIRONMENT, "what rigcheck reads of configurations"),
];
/// Where OTLP over HTTP is received unless told otherwise (the port that IANA registered for it).
const OTLP: ([u8; 4], u16) = ([127, 0, 0, 1], 4318);
/// A batch span processor exports every 5 s by default (OpenTelemetry's specification, `OTEL_BSP_SCHEDULE_DELAY`).
const SETTLE: Ms = Ms(6_000.0);
/// Nobody waits longer for the report of a run of a minute; samplers that wait for whole traces decide after 30 s by default
/// (`decision_wait` of the collector's tail sampling processor).
const LONGEST_SETTLE: Ms = Ms(600_000.0);
/// Prometheus servers scrape every 15 s or more; a page that we read ourselves is small enough for 1 s.
const SCRAPE_INTERVAL: Ms = Ms(1_000.0);

/// A source as it was declared, whether or not its section could be read: others may refer to it.
pub(super) struct Declared {
    pub(super) name: Name,
    pub(super) kind: &'static str,
    pub(super) at: At,
}

/// A source, resolved.
pub(super) struct Source {
    pub(super) name: Name,
    pub(super) info: SourceInfo,
    pub(super) settings: SourceSettings,
    pub(super) claims: Vec<Claim>,
    /// Of a truth source: where it is.
    pub(super) url: Option<Url>,
}

/// The names and kinds of a `sources` section.
pub(super) fn declared(section: Option<&Field<'_>>, cx: &Reading) -> Vec<Declared> {
    let entries = section.map(|s| s.entries(cx)).unwrap_or_default();
    entries.iter().filter_map(|(key, field)| Some(Declared { name: name(*key), kind: kind(key, field, cx)?, at: field.key })).collect()
}

/// Reads the declared sources, in the order of the spec.
pub(super) fn read(section: Option<&Field<'_>>, declared: &[Declared], cx: &Reading) -> Vec<Source> {
    for kind in ["truth", "stdin"] {
        only_one(kind, section, declared, cx);
    }
    let entries = section.map(|s| s.entries(cx)).unwrap_or_default();
    let of: HashMap<&str, &Declared> = declared.iter().map(|d| (d.name.as_str(), d)).collect();
    entries.into_iter().filter_map(|(key, field)| source(of.get(key)?, &field, cx)).collect()
}

fn kind(key: &str, field: &Field<'_>, cx: &Reading) -> Option<&'static str> {
    let known = KINDS.iter().find(|k| **k == key).copied();
    if let Some((own, what)) = OWN.iter().find(|(own, _)| *own == key) {
        cx.problem(Problem::new(field.key, format!("`{own}` is the name of {what}")).label("choose another name"));
        return None;
    }
    if !check_name("a source", key, field.key, cx) {
        return None;
    }
    let told = field.node.get("kind");
    match (known, told) {
        (Some(kind), None) => Some(kind),
        (_, Some(told)) => {
            let told = Field { path: format!("{}.kind", field.path), key: told.at, node: told };
            let kind = told.word("kind of source", &KINDS.map(|k| (k, k)), cx)?;
            if known.is_some_and(|known| known != kind) {
                cx.problem(
                    Problem::new(told.node.at, format!("a source named `{key}` of kind `{kind}` misleads"))
                        .label("choose a name that is no other kind"),
                );
                return None;
            }
            Some(kind)
        }
        (None, None) => {
            cx.problem(unknown(key, field.key));
            None
        }
    }
}

fn unknown(key: &str, at: At) -> Problem {
    let problem = Problem::new(at, format!("unknown source `{key}`"));
    match nearest(key, KINDS) {
        Some(near) => problem.label(format!("did you mean `{near}`?")),
        None => problem.label(format!("a name of your own needs `kind:`, one of {}", KINDS.join(", "))),
    }
}

/// Calibration needs to know which reference endpoint; standard input can be read once.
fn only_one(what: &str, section: Option<&Field<'_>>, declared: &[Declared], cx: &Reading) {
    let reads_stdin = |d: &Declared| section.and_then(|s| s.node.get(d.name.as_str())?.get("path")?.text()) == Some("-");
    let matching = declared.iter().filter(|d| if what == "stdin" { d.kind == "access_log" && reads_stdin(d) } else { d.kind == what });
    let matching: Vec<_> = matching.collect();
    for more in matching.iter().skip(1) {
        let title = if what == "stdin" { "standard input can be read by one source only" } else { "more than one source of kind `truth`" };
        cx.problem(Problem::new(more.at, title).label("remove one of them").also(matching[0].at, "the first one"));
    }
}

fn source(declared: &Declared, field: &Field<'_>, cx: &Reading) -> Option<Source> {
    let mut table = field.table(cx)?;
    // Its meaning was read with the names.
    let _ = table.get("kind");
    let (name, mut claims, mut url) = (&declared.name, vec![], None);
    let read = match declared.kind {
        "prometheus" => connection(&mut table, "http://prometheus:9090", cx).map(|(c, _)| (c.place(), SourceSettings::Prometheus { connection: c })),
        "scrape" => scrape(&mut table, cx),
        "jaeger" => {
            let connection = connection(&mut table, "http://jaeger:16686", cx);
            let service = table.need("service", "gateway", cx).and_then(|f| f.text(cx));
            let settle = settle(&mut table, SETTLE, cx);
            claims = span_claims(&mut table, name, cx);
            let told = connection.zip(service).zip(settle);
            told.map(|(((connection, _), service), settle)| (connection.place(), SourceSettings::Jaeger { connection, service, settle }))
        }
        "otlp" => {
            let from = otlp_place(&mut table, cx);
            let service = table.get("service").map_or_else(|| Some(String::new()), |f| f.text(cx));
            let settle = settle(&mut table, SETTLE, cx);
            claims = span_claims(&mut table, name, cx);
            from.zip(service).zip(settle).map(|(((place, from), service), settle)| (place, SourceSettings::Otlp { from, service, settle }))
        }
        "access_log" => access_log::read(&mut table, cx).map(|log| {
            claims = log.claims(name);
            (log.place, SourceSettings::AccessLog(log.settings))
        }),
        "truth" => connection(&mut table, "http://127.0.0.1:9999", cx).map(|(c, at)| {
            url = Some(at);
            (c.place(), SourceSettings::Truth { connection: c })
        }),
        "docker" => docker(&mut table, cx),
        "cloud" => cloud(&mut table, cx),
        "dashboards" => {
            table.need("path", "dashboards/*.json", cx).and_then(|f| Some((f.text(cx)?, SourceSettings::Dashboards { path: f.file(cx)? })))
        }
        "postgres" => postgres::read(&mut table, cx).map(|server| (server.url.clone(), SourceSettings::Postgres { server })),
        "clock" => clock::read(&mut table, cx).map(|(place, by)| (place, SourceSettings::Clock(by))),
        other => {
            // A kind of KINDS without an arm here.
            cx.problem(Problem::new(declared.at, format!("sources of kind `{other}` cannot be read by this release")));
            return None;
        }
    };
    table.close(cx);
    let (place, settings) = read?;
    let info = SourceInfo { kind: declared.kind.into(), place, reads: settings.reads() };
    Some(Source { name: name.clone(), info, settings, claims, url })
}

fn scrape(table: &mut Table<'_>, cx: &Reading) -> Option<(String, SourceSettings)> {
    let connection = connection(table, "http://gateway:8000/metrics", cx);
    let interval = table.get("interval").map_or(Some(SCRAPE_INTERVAL), |f| f.ms(cx));
    let (mut connection, url) = connection?;
    if url.path() == "/" && url.query().is_none() {
        // The path by which Prometheus itself asks unless told otherwise.
        connection.url += "/metrics";
    }
    Some((connection.place(), SourceSettings::Scrape { connection, interval: interval? }))
}

/// Where the daemon is: its socket, else `DOCKER_HOST`, else the usual socket.
fn docker(table: &mut Table<'_>, cx: &Reading) -> Option<(String, SourceSettings)> {
    let socket = match table.get("socket") {
        Some(field) => Some(field.file(cx)?),
        None => None,
    };
    let place = socket.as_ref().map_or_else(|| "the local daemon".to_owned(), |path| path.display().to_string());
    Some((place, SourceSettings::Docker { socket }))
}

/// A file that a cloud's command wrote, and how long it is waited for.
fn cloud(table: &mut Table<'_>, cx: &Reading) -> Option<(String, SourceSettings)> {
    let path = table.need("path", "cloudwatch.json", cx).and_then(|f| Some((f.text(cx)?, f.file(cx)?)));
    let period = table.get("period").map_or(Some(None), |f| f.ms(cx).map(Some));
    let settle = settle(table, Ms(0.0), cx);
    let (place, path) = path?;
    Some((place, SourceSettings::Cloud { path, period: period?, settle: settle? }))
}

fn settle(table: &mut Table<'_>, usual: Ms, cx: &Reading) -> Option<Ms> {
    let Some(field) = table.get("settle") else { return Some(usual) };
    let settle = field.ms(cx)?;
    if settle.0 > LONGEST_SETTLE.0 {
        cx.problem(field.refuse(
            format!("is longer than {LONGEST_SETTLE}"),
            "an audit does not wait longer; let the sampler decide sooner, or the export come earlier",
        ));
        return None;
    }
    Some(settle)
}

/// How spans come: to our receiver unless a file is named.
fn otlp_place(table: &mut Table<'_>, cx: &Reading) -> Option<(String, OtlpPlace)> {
    match (table.get("listen"), table.get("path")) {
        (Some(listen), Some(path)) => {
            let title = format!("`{}` and `{}` exclude each other", listen.path, path.path);
            let help = "spans are sent to us, or read from a file; two sources can do both: `traces: {kind: otlp, path: …}`";
            cx.problem(Problem::new(path.key, title).label("remove one of them").also(listen.key, "the other").help(help));
            None
        }
        (None, Some(path)) => {
            let text = path.text(cx)?;
            if text == "-" {
                cx.problem(path.refuse("is standard input, which only an access log is read from", "name the file: `path: traces.jsonl`"));
                return None;
            }
            let file = cx.beside(path.node.at, &text);
            Some((text, OtlpPlace::File(file)))
        }
        (listens, None) => {
            let listen = listens.map_or_else(|| Some(SocketAddr::from(OTLP)), |f| listen(&f, cx))?;
            Some((format!("listens on {listen}"), OtlpPlace::Listen(listen)))
        }
    }
}

fn listen(field: &Field<'_>, cx: &Reading) -> Option<SocketAddr> {
    let text = field.text(cx)?;
    let parsed: Option<SocketAddr> = text.replace("localhost:", "127.0.0.1:").parse().ok();
    match parsed {
        None => cx.problem(field.refuse("is not an address to listen on", "write `127.0.0.1:4318`")),
        Some(at) if !at.ip().is_loopback() => {
            let help = "let a collector on this host forward to us: its exporter `otlphttp`, `endpoint: http://127.0.0.1:4318`";
            cx.problem(field.refuse("can be reached by others", "write a loopback address, such as `127.0.0.1:4318`").help(help));
            return None;
        }
        Some(_) => {}
    }
    parsed
}

/// `claims: [total, ttft]` of a trace source.
fn span_claims(table: &mut Table<'_>, source: &Name, cx: &Reading) -> Vec<Claim> {
    let mut claims: Vec<Claim> = vec![];
    let claim = |quantity: Quantity| Claim { name: quantity.word().into(), source: source.clone(), quantity, by: By::Spans };
    let Some(field) = table.get("claims") else { return vec![claim(Quantity::Total)] };
    for item in field.list(cx) {
        let Some(quantity) = quantity(&item, cx) else { continue };
        if claims.iter().any(|c| c.quantity == quantity) {
            cx.problem(Problem::new(item.node.at, format!("`{quantity}` is claimed twice by `{source}`")).label("remove one of them"));
        } else {
            claims.push(claim(quantity));
        }
    }
    claims
}

/// One of the words for a quantity.
pub(super) fn quantity(field: &Field<'_>, cx: &Reading) -> Option<Quantity> {
    field.word("quantity", &Quantity::ALL.map(|q| (q.word(), q)), cx)
}

/// The units of durations, in milliseconds.
pub(super) const UNITS: [(&str, f64); 5] = [("s", 1e3), ("ms", 1.0), ("us", 1e-3), ("ns", 1e-6), ("min", 60e3)];

/// Milliseconds per unit.
pub(super) fn unit_ms(field: &Field<'_>, cx: &Reading) -> Option<f64> {
    field.word("unit", &UNITS, cx)
}
