use super::files::CAP;
use crate::{
    model::{
        evidence::Gap,
        payload::{SpanRow, Spans},
    },
    sources::{
        lines::{Line, Take},
        spans::{Gathered, NotOtlp, read_json},
    },
    traces::trace_number,
};

/// What other signals than traces begin with: a collector can write all of them to one file.
pub const OTHER_SIGNALS: [&[u8]; 3] = [b"{\"resourceMetrics\"", b"{\"resourceLogs\"", b"{\"resourceProfiles\""];
/// Places that are named of documents that could not be read.
const SHOWN: usize = 3;

/// Exports as they are read: spans of ours are kept, of the others nothing.
pub struct Documents {
    /// Ours.
    pub gathered: Gathered,
    service: String,
    exports: u64,
    spans: u64,
    of_others: u64,
    without_id: u64,
    too_large: u64,
    bad: u64,
    first_bad: Vec<String>,
    last_ns: u64,
    stored: Result<(), Gap>,
    /// Services of traces of ours, other than the one that was asked for.
    elsewhere: Vec<String>,
}

/// What all of them say.
pub struct Told {
    pub spans: Spans,
    pub notes: Vec<String>,
    pub partial: Option<Gap>,
    /// The latest end of a span of ours, µs since the epoch on its service's clock.
    pub last_us: i64,
}

impl Documents {
    /// Nothing read yet; only spans of `service` count, or of any if it is empty.
    pub fn new(gathered: Gathered, service: String) -> Documents {
        Documents {
            gathered,
            service,
            exports: 0,
            spans: 0,
            of_others: 0,
            without_id: 0,
            too_large: 0,
            bad: 0,
            first_bad: vec![],
            last_ns: 0,
            stored: Ok(()),
            elsewhere: vec![],
        }
    }
    /// Everything is read again from the beginning. Spans that are there are known to be the same.
    pub fn anew(&mut self) {
        (self.exports, self.spans, self.of_others, self.without_id, self.too_large, self.bad) = (0, 0, 0, 0, 0, 0);
        self.first_bad.clear();
    }
    fn take(&mut self, row: SpanRow) {
        self.spans += 1;
        let ours = trace_number(&row.trace_id).is_some_and(|id| self.gathered.ours().has(id));
        if !self.service.is_empty() && row.service != self.service {
            self.of_others += 1;
            if ours && !self.elsewhere.contains(&row.service) {
                self.elsewhere.push(row.service);
            }
            return;
        }
        if ours {
            self.last_ns = self.last_ns.max(row.end_ns);
        }
        if let Err(gap) = self.gathered.take(row)
            && self.stored.is_ok()
        {
            self.stored = Err(gap);
        }
    }
    /// The answer, and what there is to say about it.
    pub fn told(mut self, place: &str) -> Result<Told, Gap> {
        self.stored.clone()?;
        let (dropped, bad, too_large) = (self.gathered.dropped(), self.bad, self.too_large);
        let too_many = (dropped > 0 || too_large > 0).then(|| {
            Gap::Truncated(format!(
                "{place}: {dropped} spans found no room and {too_large} exports were larger than {} MiB; let the collector write smaller batches",
                CAP >> 20
            ))
        });
        let unreadable = (bad > 0).then(|| {
            Gap::Malformed(format!(
                "{place}: {bad} of {} exports could not be read, first {}; let the collector's `file` exporter write `format: json` without `compression`",
                self.exports,
                self.first_bad.join(", ")
            ))
        });
        let mut notes = vec![];
        if self.gathered.traces() == 0 {
            for service in std::mem::take(&mut self.elsewhere) {
                self.gathered.found_at(service);
            }
            let other =
                if self.of_others > 0 { format!(", {} of them of other services than `{}`", self.of_others, self.service) } else { String::new() };
            notes.push(format!(
                "{place}: {} exports with {} spans were written since the load began{other}, none of a request of ours; does the gateway's exporter \
                 send to the collector that writes this file, and does the target take up `traceparent`?",
                self.exports, self.spans
            ));
        }
        if self.without_id > 0 {
            notes.push(format!("{} spans without a valid id were left out", self.without_id));
        }
        let last_us = i64::try_from(self.last_ns / 1_000).unwrap_or_default();
        Ok(Told { spans: self.gathered.finish(too_large)?, notes, partial: too_many.or(unreadable), last_us })
    }
}

impl Take for Documents {
    fn line(&mut self, line: Line<'_>, place: &dyn Fn() -> String) {
        let Ok(text) = line.map(<[u8]>::trim_ascii) else {
            self.exports += 1;
            self.too_large += 1;
            return;
        };
        if OTHER_SIGNALS.iter().any(|start| text.starts_with(start)) {
            return;
        }
        self.exports += 1;
        match read_json(text) {
            Ok((rows, without_id)) => {
                self.spans += without_id;
                self.without_id += without_id;
                for row in rows {
                    self.take(row);
                }
            }
            Err(_) if text == b"{}" => {}
            Err(NotOtlp::TooMany) => self.too_large += 1,
            Err(_) => self.bad("is no OTLP-JSON".into(), place),
        }
    }
    fn bad(&mut self, why: String, place: &dyn Fn() -> String) {
        self.bad += 1;
        if self.first_bad.len() < SHOWN {
            self.first_bad.push(format!("{} ({why})", place()));
        }
    }
}
