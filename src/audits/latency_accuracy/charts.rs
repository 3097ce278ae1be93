use super::view::Latencies;
use crate::model::{
    chart::{Chart, ChartKind, Line},
    rig::Quantity,
};

/// Most points that a line is drawn with.
const POINTS: usize = 300;
/// Half width of the band in which sources count as equal: the fixed part of D, and its share of the level.
const BAND: (f64, f64) = (5.0, 0.02);

/// Distribution per source, and difference to the client against the level.
pub fn charts(view: &Latencies<'_>) -> Vec<Chart> {
    [Quantity::Total, Quantity::Ttft].into_iter().flat_map(|q| [distribution(view, q), difference(view, q)]).flatten().collect()
}

fn distribution(view: &Latencies<'_>, quantity: Quantity) -> Option<Chart> {
    let sent = view.sent().ok()?;
    let client: Vec<f64> = sent.measured().filter_map(|(_, r)| r.client.get(quantity)).collect();
    let mut lines = vec![ecdf("load generator", client)];
    if let Some(Ok(truth)) = view.truth() {
        let measured = sent.all.iter().zip(sent.all.iter().map(|r| truth.of(&r.id))).filter(|(r, _)| r.measured());
        lines.push(ecdf("emitted", measured.filter_map(|(_, e)| e?.figures.get(quantity)).collect()));
    }
    for claim in view.rig.claims_of(quantity) {
        let subject = claim.subject();
        if claim.per_request() {
            let Ok(pairs) = view.pairs(&subject) else { continue };
            lines.push(ecdf(subject.as_str(), pairs.rows.iter().map(|p| p.source).collect()));
        } else if let Ok(window) = view.window(&subject) {
            // A histogram is known at its edges only; warm-ups are in it.
            let known = window.buckets.iter().filter(|b| b.0.is_finite() && window.count > 0.0);
            let points: Vec<_> = known.map(|b| (b.0, b.1 / window.count)).collect();
            lines.push(Line { name: subject.to_string(), of: format!("{} bucket edges", points.len()), points: thin(points) });
        }
    }
    lines.retain(|l| !l.points.is_empty());
    (!lines.is_empty()).then(|| Chart {
        id: format!("ecdf-{quantity}"),
        title: format!("{} by source", capital(quantity.title())),
        caption: "Share of requests that took at most so long. Lines that lie on one another agree; a histogram is known at its bucket edges only."
            .into(),
        x: format!("{}, ms", quantity.title()),
        y: "share of requests".into(),
        kind: ChartKind::Ecdf { log: true, lines, slo: view.rig.slo.get(&quantity).map(|slo| slo.0) },
    })
}

fn difference(view: &Latencies<'_>, quantity: Quantity) -> Option<Chart> {
    let level = view.sent().ok()?.level(quantity);
    let hop = view.round_trip().map_or(0.0, |r| r.0);
    let claims = view.rig.claims_of(quantity).filter(|c| c.per_request());
    let lines = claims.filter_map(|claim| {
        let pairs = view.pairs(&claim.subject()).ok()?;
        let mut points: Vec<(f64, f64)> = pairs.rows.iter().map(|p| (p.client, p.client - p.source - hop)).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Some(Line { name: claim.subject().to_string(), of: requests(points.len()), points: thin_keeping_extremes(&points) })
    });
    let lines: Vec<Line> = lines.filter(|l| !l.points.is_empty()).collect();
    (!lines.is_empty()).then(|| Chart {
        id: format!("difference-{quantity}"),
        title: format!("{}: client minus source", capital(quantity.title())),
        caption: "Each point is one request, less the round trip. Inside the band a source counts as equal to the client on average; \
                  a tilt is a scale error, single far points are rare errors."
            .into(),
        x: format!("{} at the client, ms", quantity.title()),
        y: "client minus source, ms".into(),
        kind: ChartKind::Difference { lines, band: BAND.0.max(BAND.1 * level) },
    })
}

fn ecdf(name: &str, mut values: Vec<f64>) -> Line {
    values.sort_by(f64::total_cmp);
    let (of, n) = (requests(values.len()), values.len() as f64);
    let steps = values.into_iter().enumerate().map(|(i, v)| (v, (i + 1) as f64 / n)).collect();
    Line { name: name.into(), of, points: thin(steps) }
}

/// Also where the line is drawn with fewer points.
fn requests(n: usize) -> String {
    if n == 1 { "1 request".into() } else { format!("{n} requests") }
}

/// Evenly thinned, first and last kept.
fn thin(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let n = points.len();
    if n <= POINTS {
        return points;
    }
    (0..POINTS).map(|i| points[i * (n - 1) / (POINTS - 1)]).collect()
}

/// Of each stretch of points the one farthest from 0: thinning must not hide what the chart is for.
fn thin_keeping_extremes(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let stretch = points.len().div_ceil(POINTS).max(1);
    points.chunks(stretch).filter_map(|c| c.iter().copied().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))).collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
