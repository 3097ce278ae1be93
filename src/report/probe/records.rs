//! Records of our one request: the emission log, log lines and traces.

use super::{Look, Row, Seen, State};
use crate::{
    audits::latency_accuracy::{Record, Records},
    model::{
        evidence::Got,
        key::{LogLines, Spans, Truth},
        name::Name,
        payload::{LogLines as Lines, Spans as Found},
        rig::{By, Claim, Quantity},
    },
    traces::Figures,
};

impl Look<'_> {
    /// What the model behind the target says that it emitted for our request.
    pub(super) fn truth(&self, seen: &Seen<'_>) -> Vec<Row> {
        let sources: Vec<&Name> = self.rig.sources_of("truth").collect();
        sources.into_iter().flat_map(|source| self.emitted(source, seen)).collect()
    }

    fn emitted(&self, source: &Name, seen: &Seen<'_>) -> Vec<Row> {
        let row = Row::new(source, "emission log");
        let got = match self.read(source, &Truth { of: self.act.clone() }) {
            Ok(got) => got,
            Err(unknown) => return vec![row.untold(&unknown.gap)],
        };
        let ours: Vec<_> = got.value.requests.iter().filter(|e| e.id == seen.ours.id).collect();
        let Some(emission) = ours.first() else {
            if let Some(gap) = &got.seen.partial {
                return vec![row.untold(gap)];
            }
            let row = Row { appeared: "no".into(), ..row }.at_least(State::Wrong);
            return vec![row.because(
                "the request was answered, and not by this model: the target sends `target.chat.model` elsewhere or answers from a cache, or `sources.truth.url` is of another `rigcheck mock`",
            )];
        };
        let figures = Figures::of(emission.ttft_ms(), Some(emission.total_ms()), emission.inter_chunk_ms());
        let attempts: u32 = ours.iter().map(|e| e.attempts.max(1)).sum();
        let appeared = if attempts > 1 { format!("{attempts} times") } else { "once".into() };
        let rows = [Quantity::Ttft, Quantity::Total].into_iter().filter(|q| seen.ours.client.get(*q).is_some());
        let row = |q: Quantity| {
            let row = Row { appeared: appeared.clone(), ..Row::new(source, &format!("emitted {q}")) };
            // It times what it says: only by how much it differs is asked.
            let mut own = Figures::default();
            own.set(q, seen.ours.client.get(q));
            let row = row.valued(figures.get(q), q, &own, None);
            let again = "something between us and the model sent the request again: durations hold several attempts";
            if attempts > 1 { row.at_least(State::Doubtful).because(again) } else { row }
        };
        rows.map(row).collect()
    }

    /// What the log line of our request says.
    pub(super) fn log(&self, claim: &Claim, seen: &Seen<'_>) -> Row {
        let row = Row { client_ms: seen.ours.client.get(claim.quantity), ..Row::new(&claim.source, claim.name.as_str()) };
        let got = match self.read(&claim.source, &LogLines { when: self.during() }) {
            Ok(got) => got,
            Err(unknown) => return row.untold(&unknown.gap),
        };
        match record(&Records::of_log(&got, seen.requests)) {
            Some(record) => recorded(
                row,
                &record,
                claim,
                seen,
                (self.units)(claim),
                "line",
                "the line of our request has no value in that field: see the field's name",
            ),
            None => no_line(row, &got),
        }
    }

    /// What the trace of our request says.
    pub(super) fn trace(&self, claim: &Claim, seen: &Seen<'_>) -> Row {
        let row = Row { client_ms: seen.ours.client.get(claim.quantity), ..Row::new(&claim.source, claim.name.as_str()) };
        let got = match self.read(&claim.source, &Spans { of: self.act.clone() }) {
            Ok(got) => got,
            Err(unknown) => return row.untold(&unknown.gap),
        };
        match record(&Records::of_traces(&got, seen.requests)).filter(|_| got.value.elsewhere.is_empty()) {
            Some(record) => {
                recorded(row, &record, claim, seen, None, "server span", "our trace is there, without a span or attribute that times this")
            }
            None => no_trace(row, &got),
        }
    }

    /// Logs and trace sources that claim nothing still show whether they know our request.
    pub(super) fn unclaimed(&self, seen: &Seen<'_>) -> Vec<Row> {
        let claims = |source: &Name| self.rig.claims.iter().any(|c| c.source == *source && !matches!(c.by, By::Client { .. }));
        let silent = |kind: &'static str| self.rig.sources_of(kind).filter(move |s| !claims(s));
        let logs = silent("access_log").map(|source| {
            let row = Row::new(source, "log line");
            match self.read(source, &LogLines { when: self.during() }) {
                Err(unknown) => row.untold(&unknown.gap),
                Ok(got) => record(&Records::of_log(&got, seen.requests)).map_or_else(|| no_line(row.clone(), &got), |r| there(row.clone(), &r)),
            }
        });
        let mut rows: Vec<Row> = logs.collect();
        for source in ["jaeger", "otlp"].into_iter().flat_map(silent) {
            let row = Row::new(source, "trace");
            rows.push(match self.read(source, &Spans { of: self.act.clone() }) {
                Err(unknown) => row.untold(&unknown.gap),
                Ok(got) => record(&Records::of_traces(&got, seen.requests))
                    .filter(|_| got.value.elsewhere.is_empty())
                    .map_or_else(|| no_trace(row.clone(), &got), |r| there(row.clone(), &r)),
            });
        }
        rows
    }
}

/// The record of our one request.
fn record(records: &Records<'_>) -> Option<Record> {
    records.rows.first().copied().flatten()
}

fn there(row: Row, record: &Record) -> Row {
    let appeared = if record.copies > 1 { format!("{} times", record.copies) } else { "once".into() };
    Row { appeared, state: if record.copies > 1 { State::Doubtful } else { State::Right }, ..row }
}

fn recorded(row: Row, record: &Record, claim: &Claim, seen: &Seen<'_>, unit_ms: Option<f64>, what: &str, none: &str) -> Row {
    let value = record.figures.get(claim.quantity);
    let mut row = there(row, record).valued(value, claim.quantity, &seen.ours.client, unit_ms);
    if value.is_none() {
        row = row.at_least(State::Doubtful).because(none);
    }
    if record.copies > 1 {
        row = row
            .at_least(State::Doubtful)
            .because(format!("{} {what}s of one request: it is logged by several parts, or was tried again", record.copies));
    }
    row
}

fn no_line(row: Row, got: &Got<'_, Lines>) -> Row {
    let lines = got.value;
    let row = Row { appeared: "no".into(), ..row };
    if let [first, ..] = lines.elsewhere.as_slice() {
        let fields = lines.elsewhere.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(" and ");
        return row
            .at_least(State::Wrong)
            .because(format!("a line holds our id in the field {fields}, and the `id` of the spec is another one: write `id: {first}`"));
    }
    if let Some(gap) = &got.seen.partial
        && lines.foreign + lines.without_id == 0
    {
        return row.untold(gap);
    }
    let why = match (lines.foreign + lines.without_id, lines.bad) {
        (0, 0) => "no line was written meanwhile: the log is of another process, or is written late".to_owned(),
        (0, bad) => format!("no line of that time could be read, {bad} could not: see the format"),
        (n, _) => format!(
            "{n} lines were written meanwhile and none holds our request id or trace id in any field: let the log write `x-request-id` or the trace id"
        ),
    };
    let first_bad = lines.first_bad.first().map(|bad| format!(" ({}: {})", bad.place, bad.why)).unwrap_or_default();
    let why = why + &first_bad;
    got.seen.notes.iter().fold(row.because(why), |row, note| row.because(note.clone()))
}

fn no_trace(row: Row, got: &Got<'_, Found>) -> Row {
    let found = got.value;
    let row = Row { appeared: "no".into(), ..row };
    if let [first, ..] = found.elsewhere.as_slice() {
        let services = found.elsewhere.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(", ");
        return row
            .at_least(State::Wrong)
            .because(format!("our trace is there with spans of {services}, none of the `service` of the spec: write `service: {first}`"));
    }
    if let Some(gap) = &got.seen.partial {
        return row.untold(gap);
    }
    let why = match found.foreign {
        0 => "no trace of that time came: it is not sampled, or not exported, or goes elsewhere".to_owned(),
        n => format!(
            "{n} traces ran meanwhile, none under the id that we sent: they are of others, or the target begins a trace of its own and does not take up `traceparent`"
        ),
    };
    got.seen.notes.iter().fold(row.because(why), |row, note| row.because(note.clone()))
}
