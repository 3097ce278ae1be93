use super::{Ways, way::Way};
use crate::{
    model::{
        chart::{Chart, ChartKind, Line},
        name::Name,
        units::Ms,
    },
    stats::{median, quantile},
};

/// Points of a line.
const POINTS: usize = 600;
/// Flows that are listed.
const FLOWS: usize = 3;

pub fn charts(view: &Ways<'_>) -> Vec<Chart> {
    let mut charts = vec![];
    for (name, way) in view.seen().filter(|(_, way)| !way.sorted.is_empty()) {
        charts.push(round_trips(name, way, view.measured_there(name)));
    }
    let rows: Vec<Vec<String>> = view.seen().flat_map(|(name, way)| phases(name, way)).collect();
    if !rows.is_empty() {
        charts.push(table("phases", "What a connection takes", "By the stopwatch, but for the round trip, which is the kernel's.", &PHASES, rows));
    }
    let rows: Vec<Vec<String>> = view.seen().flat_map(|(name, way)| hops(name, way)).collect();
    if !rows.is_empty() {
        charts.push(table("hops", "Routers on the way", "Each flow may go its own way; `*` is a router that does not tell.", &HOPS, rows));
    }
    charts
}

fn table(id: &str, title: &str, caption: &str, head: &[&str], rows: Vec<Vec<String>>) -> Chart {
    let head = head.iter().map(|word| (*word).to_owned()).collect();
    Chart { id: id.into(), title: title.into(), caption: caption.into(), x: String::new(), y: String::new(), kind: ChartKind::Table { head, rows } }
}

fn line(name: &str, sorted: &[f64]) -> Line {
    let n = sorted.len() as f64;
    let every = sorted.len().div_ceil(POINTS).max(1);
    let mut points: Vec<(f64, f64)> = sorted.iter().enumerate().step_by(every).map(|(i, ms)| (*ms, (i + 1) as f64 / n)).collect();
    points.extend(sorted.last().map(|last| (*last, 1.0)));
    Line { name: name.into(), of: format!("{} handshakes", sorted.len()), points }
}

fn round_trips(name: &Name, way: &Way<'_>, there: Option<&Way<'_>>) -> Chart {
    let mut lines = vec![line("here", &way.sorted)];
    lines.extend(there.filter(|there| !there.sorted.is_empty()).map(|there| line("in the reference", &there.sorted)));
    Chart {
        id: format!("rtt-{name}"),
        title: format!("Round trips to {name}"),
        caption: "The kernel's round trip of handshakes in which nothing was sent again.".into(),
        x: "round trip, ms".into(),
        y: "share of the handshakes".into(),
        kind: ChartKind::Ecdf { log: true, lines, slo: None },
    }
}

const PHASES: [&str; 5] = ["endpoint", "phase", "half within", "95 % within", "of"];

fn phases(name: &Name, way: &Way<'_>) -> Vec<Vec<String>> {
    let resumed: Vec<f64> =
        way.probed().connects.iter().filter_map(|c| c.tls.as_ref()).filter(|tls| tls.resumed).map(|tls| tls.took_us as f64 / 1e3).collect();
    let stopwatch: Vec<f64> = way.probed().connects.iter().filter_map(|c| c.connect_us).map(|us| us as f64 / 1e3).collect();
    let (first, later) = way.lookups();
    let mut all = vec![
        ("DNS, first".to_owned(), first.into_iter().collect()),
        ("DNS, later".to_owned(), later),
        ("round trip (kernel)".to_owned(), way.sorted.clone()),
        ("TCP connect".to_owned(), stopwatch),
        ("tunnel".to_owned(), way.tunnels()),
        ("TLS, full".to_owned(), way.handshakes()),
        ("TLS, resumed".to_owned(), resumed),
        ("first byte".to_owned(), way.first_bytes()),
    ];
    if way.probed().targets.len() > 1 {
        for (nth, target) in way.probed().targets.iter().enumerate() {
            let times = way.probed().of(nth).filter_map(crate::model::payload::network::Connect::clean_rtt_ms).collect();
            all.push((format!("round trip, address {} ({})", nth + 1, target.class), times));
        }
    }
    let row = |(phase, times): (String, Vec<f64>)| {
        let (half, most) = (median(&times)?, quantile(&times, 0.95)?);
        Some(vec![name.to_string(), phase, Ms(half).to_string(), Ms(most).to_string(), times.len().to_string()])
    };
    all.into_iter().filter_map(row).collect()
}

const HOPS: [&str; 4] = ["endpoint", "flow", "reached", "routers"];

fn hops(name: &Name, way: &Way<'_>) -> Vec<Vec<String>> {
    let flows = way.probed().hops.known().map(|hops| hops.flows.as_slice()).unwrap_or_default();
    let row = |(nth, flow): (usize, &crate::model::payload::network::Flow)| {
        let reached = if flow.reached { format!("after {}", flow.hops.len()) } else { "no".into() };
        vec![name.to_string(), (nth + 1).to_string(), reached, flow.line()]
    };
    flows.iter().enumerate().take(FLOWS).map(row).collect()
}
