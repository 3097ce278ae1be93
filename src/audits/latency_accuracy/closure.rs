//! Do the counts of a histogram and of the load generator close? Means and edges are only comparable once they do.

use super::{view::Foreign, window::Window};
use crate::audits::shared::Requests;
use crate::model::{
    evidence::Unknown,
    rig::{Claim, Quantity},
};

/// How a histogram's count relates to the requests that were sent.
#[derive(Debug)]
pub struct Closure {
    /// What one observation stands for.
    pub per: Per,
    /// Observations that the requests explain: at least this many (requests that succeeded) ...
    pub least: f64,
    /// ... and at most this many (a failed request may or may not be observed).
    pub most: f64,
    /// Observations.
    pub count: f64,
    /// Does it close?
    pub closes: Closes,
}

/// What one observation stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// One request.
    Request,
    /// One gap between two content chunks.
    Gap,
}

/// Up to this share of failed requests a count between "none of them" and "all of them" is still told from chance.
const SLACK: f64 = 0.1;
/// More observations than the requests explain, by this share: the buckets are not those of the load alone.
const SURPLUS: f64 = 0.005;

/// The clocks of the load generator and of who reads the histogram may differ by this, ms.
const CLOCKS_MS: f64 = 1_000.0;

/// Why a histogram's buckets are not those of the load, if others may have filled them too. A deficit is no such reason:
/// what is there is ours.
pub fn mixed(window: &Window<'_>, claim: &Claim, sent: &Requests<'_>) -> Option<String> {
    let closure = Closure::of(window, claim, sent, SURPLUS).ok()?;
    matches!(closure.closes, Closes::Surplus(_)).then(|| {
        format!(
            "more observations than requests (LAT-02): {} for {} {}; what others did is among them",
            closure.count,
            closure.expected(),
            closure.per.words()
        )
    })
}

/// Why nothing can be read from a histogram's buckets, if nothing can.
pub fn unreadable(window: &Window<'_>, claim: &Claim, sent: &Requests<'_>) -> Option<String> {
    if sent.ok() == 0 {
        return Some("no request of the load succeeded".into());
    }
    let layout = || (!window.one_layout).then(|| "label sets have different bucket edges".into());
    went_backwards(window).or_else(|| mixed(window, claim, sent)).or_else(layout)
}

fn went_backwards(window: &Window<'_>) -> Option<String> {
    (window.decreases > 0).then(|| format!("the counter went backwards {} times during the load (LAT-02)", window.decreases))
}

/// Observations, but no more than requests that succeeded.
pub fn rows(observations: f64, sent: &Requests<'_>) -> u64 {
    (observations.max(0.0) as u64).min(sent.ok())
}

/// Does it close?
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Closes {
    /// Within the tolerance.
    Yes,
    /// So many are missing.
    Missing(f64),
    /// So many are too many.
    Surplus(f64),
}

impl Closure {
    /// Compares the counts. `tolerance` is a share of the expected number.
    ///
    /// TTFT and total are observed once per request. Inter-chunk latency is observed once per gap or, as a mean, once per
    /// request: whichever fits is taken, gaps if neither does.
    pub fn of(window: &Window<'_>, claim: &Claim, sent: &Requests<'_>, tolerance: f64) -> Result<Closure, Unknown> {
        let per_request = Closure::with(Per::Request, sent.ok() as f64, sent.all.len() as f64, window.count, tolerance);
        let closure = if claim.quantity == Quantity::InterChunk && per_request.closes != Closes::Yes {
            let gaps = |ok_only: bool| sent.all.iter().filter(|r| r.ok || !ok_only).map(|r| r.shape.gaps()).sum::<u64>() as f64;
            Closure::with(Per::Gap, gaps(true), gaps(false), window.count, tolerance)
        } else {
            per_request
        };
        match (&closure.closes, &window.cut) {
            // Nothing was read after the load: what is missing may simply not have been read yet.
            (Closes::Missing(_), Some(gap)) => Err(Unknown::new(window.key.clone(), gap.clone())),
            _ => Ok(closure),
        }
    }

    fn with(per: Per, least: f64, most: f64, count: f64, tolerance: f64) -> Closure {
        let closes = if count < least * (1.0 - tolerance) {
            Closes::Missing(least - count)
        } else if count > most * (1.0 + tolerance) {
            Closes::Surplus(count - most)
        } else {
            Closes::Yes
        };
        Closure { per, least, most, count, closes }
    }

    /// Why means and buckets of this window cannot be compared with the requests, if they cannot.
    pub fn obstacle(&self, window: &Window<'_>) -> Option<String> {
        let backwards = went_backwards(window);
        if backwards.is_some() {
            return backwards;
        }
        match self.closes {
            Closes::Missing(_) | Closes::Surplus(_) => {
                Some(format!("counts do not close (LAT-02): {} observations for {} {}", self.count, self.expected(), self.per.words()))
            }
            Closes::Yes if self.most > self.least && (self.count - self.least).abs() >= 0.5 => {
                Some(format!("{} requests failed and may or may not be among the observations", self.most - self.least))
            }
            Closes::Yes if self.count <= 0.0 => Some("nothing was observed".into()),
            Closes::Yes => None,
        }
    }

    /// Requests that the comparison really rests on: many observations of few requests (gaps, strangers) are no more evidence.
    pub fn rows(&self, sent: &Requests<'_>) -> u64 {
        rows(self.count, sent)
    }

    /// Why observations beyond those of our requests may be somebody else's; empty where they cannot be.
    ///
    /// A histogram counts from its last reading before the load to its first one after it, which is longer than the load;
    /// who else was there is only known of the load itself. So nobody else is to blame only where the readings inside the
    /// load alone show more than the requests that were under way between them.
    pub fn strangers(&self, window: &Window<'_>, sent: &Requests<'_>, foreign: Foreign, tolerance: f64) -> Vec<String> {
        if !foreign.seen.is_empty() {
            return foreign.seen;
        }
        if foreign.witnesses == 0 {
            return vec!["no log that has our requests can tell whether others used the target meanwhile".into()];
        }
        let more_inside = window.inside.is_some_and(|inside| {
            let at = |wall: crate::model::units::Wall| (wall.0 - sent.began().0) as f64 / 1e3;
            let (from, to) = (at(inside.from) - CLOCKS_MS, at(inside.to) + CLOCKS_MS);
            let under_way = sent.all.iter().filter(|r| r.end_ms >= from && r.sent_ms <= to);
            let most: f64 = under_way.map(|r| if self.per == Per::Gap { r.shape.gaps() as f64 } else { 1.0 }).sum();
            inside.count > most * (1.0 + tolerance) + 0.5
        });
        if more_inside {
            return vec![];
        }
        vec![
            "they may be of others just before or after the load: the readings around it lie farther apart, and those inside it show no surplus"
                .into(),
        ]
    }

    /// Are there more observations than requests that succeeded, if only a few?
    pub fn surplus(&self) -> bool {
        self.count - self.least >= 0.5
    }

    /// So many requests failed that nearly any count lies between what succeeded and what was sent, and this one is near
    /// neither: where it comes from is not known.
    pub fn says_nothing(&self, tolerance: f64) -> bool {
        let near = |expected: f64| (self.count - expected).abs() <= tolerance * expected;
        self.closes == Closes::Yes && self.most - self.least > SLACK * self.most && !near(self.least) && !near(self.most)
    }

    /// The expected number, or range, in words.
    pub fn expected(&self) -> String {
        if self.most > self.least { format!("{} … {}", self.least, self.most) } else { self.least.to_string() }
    }
}

impl Per {
    /// In words, plural.
    pub fn words(self) -> &'static str {
        match self {
            Per::Request => "requests",
            Per::Gap => "gaps between content chunks",
        }
    }
}
