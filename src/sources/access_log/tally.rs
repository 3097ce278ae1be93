//! Line by line: ours are kept, others are counted, nothing else stays.

use super::{
    ids::Ids,
    line::{Reader, Said},
    resolution::Grid,
};
use crate::{
    model::{
        payload::{BadLine, LogLine, LogLines},
        rows::{Blobs, RowsWriter},
        units::{Ms, Span, Wall},
    },
    sources::lines::{CAP, Line, Take},
};
use std::{collections::BTreeSet, io, sync::Arc};

/// Bad lines that are shown.
const SHOWN: usize = 5;
/// Our own lines may lie this far outside the act before the log's clock is not believed: one second of resolution, one of lateness.
const CLOCK_SLACK_US: i64 = 2_000_000;

/// What the lines so far say.
pub struct Tally {
    reader: Arc<Reader>,
    ids: Arc<Ids>,
    span: Span,
    rows: RowsWriter<LogLine>,
    found: Vec<bool>,
    missing: usize,
    ours: u64,
    read: u64,
    bad: u64,
    first_bad: Vec<BadLine>,
    step: Grid,
    others: Others,
    elsewhere: BTreeSet<String>,
    stored: io::Result<()>,
}

/// Lines that are not ours, counted in three ways, because not every log tells the time.
#[derive(Default)]
struct Others {
    /// With a time inside the act.
    timed: Count,
    /// Between our first and our last line.
    between: Count,
    /// Since our last line.
    since: Count,
    /// All of them.
    all: Count,
    /// Those without a readable time.
    untimed: u64,
    /// The times of our own lines.
    ours: Option<Span>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    foreign: u64,
    without_id: u64,
}

impl Count {
    fn add(&mut self, has_id: bool) {
        if has_id { self.foreign += 1 } else { self.without_id += 1 }
    }
}

impl Tally {
    /// Nothing read yet.
    pub fn new(reader: Arc<Reader>, ids: Arc<Ids>, span: Span, blobs: Arc<dyn Blobs>) -> Tally {
        Tally {
            missing: (0..ids.len()).filter(|n| ids.due(*n)).count(),
            found: vec![false; ids.len()],
            rows: RowsWriter::new(blobs),
            reader,
            ids,
            span,
            ours: 0,
            read: 0,
            bad: 0,
            first_bad: vec![],
            step: Grid::default(),
            others: Others::default(),
            elsewhere: BTreeSet::new(),
            stored: Ok(()),
        }
    }
    /// Lines of ours so far.
    pub fn ours(&self) -> u64 {
        self.ours
    }
    /// Requests that ended well and have no line yet.
    pub fn missing(&self) -> usize {
        self.missing
    }
    fn mine(&mut self, n: usize, said: &Said) {
        self.ours += 1;
        if !self.found[n] {
            self.found[n] = true;
            self.missing -= usize::from(self.ids.due(n));
        }
        let since = std::mem::take(&mut self.others.since);
        if self.ours > 1 {
            self.others.between.foreign += since.foreign;
            self.others.between.without_id += since.without_id;
        }
        if let Some(at) = said.at {
            let instant = Span { from: at, to: at };
            self.others.ours = Some(self.others.ours.map_or(instant, |s| s.hull(instant)));
        }
        if let Some(total) = said.durations[0] {
            self.step.add(total, self.reader.unit_ms(0));
        }
        let ms = |which: usize| said.durations[which].map(|d| d.value * self.reader.unit_ms(which));
        let row = LogLine { id: self.ids.id(n).to_owned(), at: said.at, total_ms: ms(0), ttft_ms: ms(1), inter_chunk_ms: ms(2), status: said.status };
        if self.stored.is_ok() {
            self.stored = self.rows.push(row);
        }
    }
    /// The fields of a line of ours whose id field does not hold our id, where that is worth the time.
    fn search(&mut self, line: &[u8]) {
        if self.ids.few() && self.elsewhere.len() < SHOWN {
            self.elsewhere.extend(self.reader.holding(line, &|text| self.ids.find(text).is_some()));
        }
    }
    fn other(&mut self, said: &Said) {
        let (has_id, others) = (said.id.is_some(), &mut self.others);
        others.all.add(has_id);
        others.since.add(has_id);
        match said.at {
            Some(at) if self.span.from <= at && at <= self.span.to => others.timed.add(has_id),
            Some(_) => {}
            None => others.untimed += 1,
        }
    }
    /// The answer, and what there is to say about it.
    pub fn finish(self) -> io::Result<(LogLines, Vec<String>)> {
        self.stored?;
        let (counted, notes) = self.others.within(self.span, self.ours > 0);
        let lines = LogLines {
            lines: self.rows.finish()?,
            foreign: counted.foreign,
            without_id: counted.without_id,
            bad: self.bad,
            first_bad: self.first_bad,
            read: self.read,
            resolution_ms: self.step.step_ms(),
            elsewhere: self.elsewhere.into_iter().take(SHOWN).collect(),
        };
        Ok((lines, notes))
    }
}

impl Take for Tally {
    fn line(&mut self, line: Line<'_>, place: &dyn Fn() -> String) {
        self.read += 1;
        let said = line.map_err(|_| format!("longer than {} MiB", CAP >> 20)).and_then(|l| self.reader.read(l));
        match said {
            Err(why) => self.bad(why, place),
            Ok(said) => {
                if let Some(why) = &said.bad {
                    self.bad(why.clone(), place);
                }
                if let Some(n) = said.id.as_deref().and_then(|text| self.ids.find(text)) {
                    self.mine(n, &said);
                } else {
                    self.other(&said);
                    if let Ok(line) = line {
                        self.search(line);
                    }
                }
            }
        }
    }
    fn bad(&mut self, why: String, place: &dyn Fn() -> String) {
        self.bad += 1;
        if self.first_bad.len() < SHOWN {
            self.first_bad.push(BadLine { place: place(), why });
        }
    }
}

impl Others {
    /// How many were there during the act: by their time where all have one and the log's clock agrees with ours, else by
    /// their place among our lines, else all of them.
    fn within(&self, span: Span, any_of_ours: bool) -> (Count, Vec<String>) {
        let off = self.ours.map_or(0, |ours| outside(ours.from, span).max(outside(ours.to, span)));
        let mut notes = vec![];
        if off > CLOCK_SLACK_US {
            let off = Ms(off as f64 / 1e3);
            notes.push(format!("the log's times of our own requests lie up to {off} outside the load: its clock or its time zone is another one"));
        }
        let timed = self.untimed == 0 && off <= CLOCK_SLACK_US;
        let count = match (timed, any_of_ours) {
            (true, _) => self.timed,
            (false, true) => self.between,
            (false, false) => {
                if self.all.foreign + self.all.without_id > 0 {
                    notes.push("no line is ours and lines have no readable time: all lines are counted, whenever they were written".into());
                }
                self.all
            }
        };
        (count, notes)
    }
}

/// How far an instant lies outside a span, µs.
fn outside(at: Wall, span: Span) -> i64 {
    (span.from.0 - at.0).max(at.0 - span.to.0).max(0)
}
