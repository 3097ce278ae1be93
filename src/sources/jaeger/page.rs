//! What people see on Jaeger's web page, which is not always what was measured: Jaeger may move a span to where it fits into
//! its parent, or warns that it would have.

use super::{client::Shown as Page, search::Search};
use crate::{
    model::{
        evidence::Gap,
        payload::{Shown, SpanRow},
        source::Slot,
    },
    stats::median,
};
use std::time::Duration;
use tokio::time::Instant;

/// Traces that are looked at: enough to see what Jaeger does to all, few enough to be as nothing beside the search.
const HANDFUL: usize = 20;
/// All of them are looked at within this time, or as many as can be.
const LONGEST: Duration = Duration::from_secs(10);

impl Search<'_> {
    /// Looks at a few whole traces of ours, as the web page shows them. That it cannot be done is a note, and costs no span.
    pub async fn shown(&mut self, slot: &Slot) -> Option<Shown> {
        let handful = self.gathered.sample(HANDFUL);
        if handful.is_empty() {
            return None;
        }
        let slot = Slot { deadline: slot.deadline.min((Instant::now() + LONGEST).into_std()), ..slot.clone() };
        let (mut seen, mut why) = (Seen::default(), None);
        for id in &handful {
            match self.client.shown(*id, &slot).await {
                Ok(Page::Trace(rows)) => seen.take(&rows, |row| self.gathered.start_ns(row)),
                Ok(Page::None) => {}
                Ok(Page::Stranger(answer)) => {
                    why = Some(answer);
                    break;
                }
                Err(Gap::NotReached(_)) if slot.cancel.is_cancelled() => break,
                Err(gap) => {
                    why = Some(gap.to_string());
                    break;
                }
            }
        }
        if let Some(why) = why {
            let (looked, of) = (seen.traces, handful.len());
            self.notes.push(format!("{}: how its web page shows traces was looked at for {looked} of {of} only: {why}", self.client.url()));
        }
        (seen.traces > 0).then(|| seen.told())
    }
}

#[derive(Default)]
struct Seen {
    traces: u64,
    spans: u64,
    warned: u64,
    /// Sizes of the differences that the warnings tell, ms.
    differences: Vec<f64>,
    /// How far spans are shown from where they were measured, ms.
    distances: Vec<f64>,
}

impl Seen {
    fn take(&mut self, rows: &[SpanRow], measured_ns: impl Fn(&SpanRow) -> Option<u64>) {
        self.traces += 1;
        self.spans += rows.len() as u64;
        for row in rows {
            let told: Vec<&String> = [SpanRow::SKEW, SpanRow::MOVED].iter().filter_map(|key| row.attributes.get(*key)).collect();
            self.warned += u64::from(!told.is_empty());
            self.differences.extend(told.into_iter().find_map(|ms| ms.parse::<f64>().ok()).map(f64::abs));
            // The page has whole microseconds, cut; a span that came since, or whose id is there twice, is compared with none.
            let shift_us = measured_ns(row).map_or(0, |ns| (ns / 1_000).abs_diff(row.start_ns / 1_000));
            if shift_us > 0 {
                self.distances.push(shift_us as f64 / 1e3);
            }
        }
    }
    fn told(self) -> Shown {
        Shown {
            traces: self.traces,
            spans: self.spans,
            warned: self.warned,
            warned_ms: median(&self.differences),
            moved: self.distances.len() as u64,
            moved_ms: median(&self.distances),
            farthest_ms: self.distances.iter().copied().reduce(f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(start_ns: u64, attribute: Option<(&str, &str)>) -> SpanRow {
        let attributes = attribute.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        SpanRow { start_ns, attributes, ..SpanRow::default() }
    }

    #[test]
    fn counts_warnings_and_what_is_moved_each_by_itself() {
        let mut seen = Seen::default();
        // Measured at 5 ms and some nanoseconds, which the page does not have.
        let rows = [
            row(5_000_000, None),
            row(5_000_000, Some((SpanRow::SKEW, "-45"))),
            row(5_000_000, Some((SpanRow::SKEW, ""))),
            row(260_000_000, Some((SpanRow::MOVED, "255"))),
            row(4_000_000, None),
        ];
        seen.take(&rows, |_| Some(5_000_123));
        seen.take(&[row(9, None)], |_| None);
        let told = seen.told();
        assert_eq!((told.traces, told.spans, told.warned, told.warned_ms), (2, 6, 3, Some(150.0)));
        assert_eq!((told.moved, told.moved_ms, told.farthest_ms), (2, Some(128.0), Some(255.0)));
        assert_eq!(Seen::default().told(), Shown::default());
    }
}
