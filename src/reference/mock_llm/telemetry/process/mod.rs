//! What the endpoint's process uses, as Prometheus' client libraries tell it on their pages, and where faults bend it.

mod bend;
mod family;
mod reading;

use crate::reference::faults::Misbehaviour;
use reading::Reading;
use std::sync::{Mutex, PoisonError};

/// The part of the metrics page that tells of the process.
pub struct ProcessPage {
    fault: Option<Misbehaviour>,
    /// When the process was started, s since the epoch.
    started_s: f64,
    told: Mutex<Told>,
}

/// What was told so far.
#[derive(Default)]
struct Told {
    /// Pages that were asked for.
    asked: u64,
    /// The readings of the last seconds, oldest first: percentages are means since one of them.
    readings: Vec<Reading>,
    /// What the page shows until it is made anew.
    shown: Option<Reading>,
}

/// Readings older than this are forgotten, ns, unless there is no other.
const KEPT_NS: u64 = 5_000_000_000;

impl ProcessPage {
    /// Of this process.
    pub fn new(fault: Option<Misbehaviour>) -> ProcessPage {
        ProcessPage { fault, started_s: reading::process_started_s(), told: Mutex::default() }
    }

    /// Lines for a page in OpenMetrics or in text 0.0.4. `None` where this reading is refused.
    pub fn lines(&self, openmetrics: bool) -> Option<String> {
        let now = Reading::now();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = told.asked;
        told.asked += 1;
        if self.fault == Some(Misbehaviour::ScrapesFail) && bend::one_in(3, nth) {
            return None;
        }
        let shown = match (bend::anew_each_ns(self.fault), told.shown) {
            (Some(each), Some(shown)) if now.mono_ns.saturating_sub(shown.mono_ns) < each => shown,
            _ => now,
        };
        told.shown = Some(shown);
        told.readings.push(now);
        let since =
            told.readings.iter().rev().find(|r| now.mono_ns.saturating_sub(r.mono_ns) >= bend::PERCENT_OF_NS).copied().unwrap_or(told.readings[0]);
        let old = told.readings.iter().take_while(|r| now.mono_ns.saturating_sub(r.mono_ns) > KEPT_NS).count();
        told.readings.drain(..old);
        drop(told);
        let page = bend::Page { nth, now: shown, since, started_s: self.started_s };
        Some(page.families(self.fault).iter().map(|family| family.lines(openmetrics)).collect())
    }
}
