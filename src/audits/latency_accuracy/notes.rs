use super::{records::Kind, view::Latencies};
use crate::{model::units::Ms, stats::median};

/// Shorter hold-ups of the load generator explain no finding: LAT-16 begins to look at differences of this size.
const HELD_UP: Ms = Ms(100.0);

/// From here on a new connection can move a verdict: LAT-14 allows a difference of 5 ms.
const SET_UP: Ms = Ms(5.0);

/// True things worth knowing that no rule scores.
pub fn notes(view: &Latencies<'_>) -> Vec<String> {
    let mut notes = vec![];
    if let Ok(sent) = view.sent() {
        let failed = sent.all.len() as u64 - sent.ok();
        if failed > 0 {
            notes.push(format!("{failed} of {} requests failed; they count for closure but are not compared", sent.all.len()));
        }
        let stalled = sent.all.iter().filter(|r| r.stalled).count();
        let longest = Ms(sent.performed.heartbeat.max_gap_ms);
        if stalled == 0 && longest >= HELD_UP {
            notes.push(format!(
                "the load generator itself was held up for up to {longest}: its machine is busy, and client and server differ by as much"
            ));
        }
        if stalled > 0 {
            notes.push(format!("the load generator itself stalled for up to {longest}; {stalled} requests overlap a stall of 250 ms or more"));
        }
    }
    if let Ok(sent) = view.sent() {
        let set_up: Vec<f64> = sent.measured().filter_map(|(_, r)| r.connecting_ms).collect();
        let longest = Ms(set_up.iter().copied().fold(0.0, f64::max));
        if let (true, Some(middle)) = (longest >= SET_UP, median(&set_up)) {
            notes.push(format!(
                "{} of {} measured requests set up a connection of their own, which took {} in the middle and {longest} at most: \
                 the client's times include it, the server's do not",
                set_up.len(),
                sent.measured().count(),
                Ms(middle)
            ));
        }
    }
    if let Some(Ok(truth)) = view.truth()
        && truth.retried() > 0
    {
        notes.push(format!("{} requests reached the reference endpoint more than once: something between retries them", truth.retried()));
    }
    for (source, records) in view.answered() {
        match &records.kind {
            Kind::Traces { spans, chunk_spans } if spans.traces > 0 => {
                let (all, chunks) = (spans.spans.len() as f64 / spans.traces as f64, *chunk_spans as f64 / spans.traces as f64);
                if chunks >= 1.5 {
                    notes.push(format!(
                        "{source}: {all:.0} spans per trace, {chunks:.0} of them one per SSE chunk; set `exclude_spans=[\"send\"]` in the ASGI instrumentation"
                    ));
                }
            }
            Kind::Log(log) if log.bad > 0 => {
                let first = log.first_bad.first().map(|b| format!(", first {}: {}", b.place, b.why)).unwrap_or_default();
                notes.push(format!("{source}: {} of {} lines could not be read{first}", log.bad, log.read));
            }
            _ => {}
        }
    }
    notes.extend(view.foreign().seen);
    for (subject, window) in view.windows() {
        if !window.series.exemplars.is_empty() {
            notes.push(format!("{subject}: {} exemplars of the load's own requests", window.series.exemplars.len()));
        }
    }
    for (source, page) in &view.pages {
        if page.doubts > 0 {
            let first = page.first_doubts.first().map(|d| format!(", first in line {}: {}", d.line, d.why)).unwrap_or_default();
            notes.push(format!("{source}: {} doubtful lines on the metrics page{first}", page.doubts));
        }
        if page.lost_by_lax_reader > 0 {
            notes.push(format!("{source}: a lax parser would lose or change {} of {} samples", page.lost_by_lax_reader, page.samples));
        }
    }
    for (source, facts) in &view.servers {
        let words = [("version", "version"), ("config.scrape_interval", "scrape interval"), ("targets.up", "targets up:")];
        let told: Vec<String> = words.iter().filter_map(|(fact, word)| facts.value(fact).map(|v| format!("{word} {v}"))).collect();
        if !told.is_empty() {
            notes.push(format!("{source}: {}", told.join(", ")));
        }
    }
    notes
}
