//! Metrics of a cloud, as its command exported them to a file.
#![allow(clippy::disallowed_methods, reason = "waits until an export covers an act")]

mod cloudwatch;
mod covering;
mod csv;
mod exported;
mod form;
mod google;
mod time;

use super::{failing::advised, series};
use crate::{
    engine::wall_now,
    model::{
        audit::Effort,
        evidence::{Gap, Method, Origin, Seen},
        key::{Payload, Query, When},
        name::Name,
        payload::Tracks,
        source::{Answer, Cost, Slot, Source, Timing},
        units::{Ms, Span},
        usage::{Shape, UsageClaim, UsageSeries},
    },
    spec::bounded_file::{self, Unread},
};
use covering::{Covering, Not, covering};
use exported::Exported;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// Larger files are refused: a day of a hundred metrics at one a minute has some 6 MB.
pub const CAP: usize = 16 << 20;
/// How often a file is looked at that does not cover the act yet.
const AGAIN: Duration = Duration::from_secs(1);
/// What is left of the time before the deadline for handing the answer over.
const MARGIN: Duration = Duration::from_millis(500);
/// A cloud's hosts keep time by NTP, and agents stamp whole seconds.
const DOUBT_US: i64 = 1_000_000;
/// Which statistic tells a level, the first that there is.
const LEVELS: [&str; 3] = ["Average", "Maximum", "Minimum"];

/// One exported file.
pub struct Cloud {
    name: Name,
    path: PathBuf,
    period: Option<Ms>,
    settle: Ms,
    usage: Vec<UsageClaim>,
    reads: AtomicU64,
    bytes: AtomicU64,
}

/// What a reading of the file said.
struct Read {
    seen: Seen,
    /// Claims that nothing in it tells, which a later export may.
    missing: usize,
}

impl Cloud {
    /// The file, what one value covers where it does not tell, and how long it is waited for.
    pub fn new(name: Name, path: PathBuf, period: Option<Ms>, settle: Ms, usage: Vec<UsageClaim>) -> Cloud {
        Cloud { name, path, period, settle, usage, reads: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    /// Values around the act; the file is read again while it does not cover it.
    async fn usage(&self, of: &Name, slot: &Slot) -> Result<Seen, Gap> {
        let claims = series::claimed(&self.usage, &self.name, of)?;
        let act = slot.act_done().await.map_err(|gap| match gap {
            gap @ Gap::NotReached(_) => gap,
            gap => Gap::NotReached(format!("the act failed: {gap}")),
        })?;
        let latest = slot.deadline.checked_sub(MARGIN).unwrap_or(slot.deadline);
        let until = latest.min(Instant::now() + Duration::from_secs_f64(self.settle.0 / 1e3));
        let (mut before, mut last) = (None::<Vec<u8>>, None);
        loop {
            match self.bytes() {
                Err(gap) => last = Some(Err(gap)),
                Ok(bytes) if before.as_ref() == Some(&bytes) => {}
                Ok(bytes) => {
                    last = Some(self.read(&bytes, &claims, act.covered));
                    before = Some(bytes);
                }
            }
            let whole = matches!(&last, Some(Ok(Read { missing: 0, .. })));
            if whole || Instant::now() + AGAIN > until {
                return match last {
                    Some(read) => read.map(|r| r.seen),
                    None => Err(Gap::NotReached(format!("{}: not read", self.path.display()))),
                };
            }
            tokio::select! {
                () = slot.cancel.cancelled() => return Err(Gap::NotReached("interrupted".into())),
                () = tokio::time::sleep(AGAIN) => {}
            }
        }
    }

    fn bytes(&self) -> Result<Vec<u8>, Gap> {
        let shown = self.path.display();
        self.reads.fetch_add(1, Ordering::Relaxed);
        let bytes = bounded_file::bytes(&self.path, CAP).map_err(|why| match &why {
            Unread::Failed(e) if e.kind() == std::io::ErrorKind::NotFound => Gap::Unreachable(format!(
                "{shown}: no such file; export the metrics to it once the act is over, and give `settle` the time that takes"
            )),
            Unread::Failed(e) if e.kind() == std::io::ErrorKind::PermissionDenied => {
                Gap::Denied(format!("{shown}: no permission to read it; allow it with `setfacl -m u:$USER:r {shown}`"))
            }
            Unread::Large(_) => Gap::Truncated(format!("{shown} {why}; export only the time of the act and the metrics that are claimed")),
            _ => Gap::NotConfigured(format!("{shown} {why}")),
        })?;
        self.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes)
    }

    /// What the file says of the claims.
    fn read(&self, bytes: &[u8], claims: &[(&UsageClaim, &UsageSeries)], act: Span) -> Result<Read, Gap> {
        let shown = self.path.display().to_string();
        let (form, exported) = form::read(bytes).map_err(|why| Gap::Malformed(format!("{shown}: {why}")))?;
        let (mut answer, mut notes, mut missing) = (Tracks { doubt_us: DOUBT_US, ..Tracks::default() }, vec![], 0);
        let mut covered: Option<Span> = None;
        for (claim, of) in claims {
            let chosen = chosen(&exported, of).map_err(|why| Gap::NotConfigured(format!("{shown}: {}", said(claim, of, &why))))?;
            if chosen.len() > series::MOST_SERIES {
                return Err(series::too_many(&shown, claim, of));
            }
            let mut found = vec![];
            for one in chosen {
                if one.nan > 0 {
                    notes.push(format!("`{}`: {} values of {} are no number, and are left out", claim.subject(), one.nan, series::shown(of)));
                }
                notes.extend(
                    one.statistic
                        .iter()
                        .filter(|s| *s != LEVELS[0] && of.shape == Shape::Level)
                        .map(|s| format!("`{}`: there is no average of {}; its values are the statistic {}", claim.subject(), of.metric, word(s))),
                );
                match covering(one, of.shape, self.period, act) {
                    Ok(Covering { samples, covers, interval_ms }) => {
                        answer.interval_ms = answer.interval_ms.max(interval_ms);
                        covered = Some(covered.map_or(covers, |c| c.hull(covers)));
                        found.push((one.labels.clone(), samples));
                    }
                    Err(Not::Empty) => {}
                    Err(Not::Written(why)) => return Err(Gap::Malformed(format!("{shown}: {}: {why}", series::shown(of)))),
                    Err(Not::Said(why)) => return Err(Gap::NotConfigured(format!("{shown}: {}", said(claim, of, &why)))),
                    Err(Not::Reaching(why)) => {
                        return Err(Gap::OutsideRetention(format!(
                            "{shown}: values of {} {why}, the act lasted from {} to {}; export it again for that time, and give `settle` the time until \
                             the cloud has it",
                            series::shown(of),
                            act.from,
                            act.to
                        )));
                    }
                }
            }
            if found.is_empty() {
                missing += 1;
                notes.push(series::nothing(claim, of));
            }
            answer.tracks.extend(series::tracks(claim, of, found));
        }
        notes.dedup();
        let origin = Origin { request: shown, server: Some(form.title().into()), method: Method::Reported };
        let covered = covered.unwrap_or(Span { from: wall_now(), to: wall_now() });
        Ok(Read { seen: Seen { payload: Payload::Usage(answer), covered, origin, notes, partial: None }, missing })
    }
}

/// The series that a claim means; of several statistics the one that fits its shape.
fn chosen<'e>(exported: &'e [Exported], of: &UsageSeries) -> Result<Vec<&'e Exported>, String> {
    let has = |e: &Exported| of.labels.iter().all(|(name, value)| e.labels.get(name).is_some_and(|v| v == value));
    let ours: Vec<_> = exported.iter().filter(|e| e.names.contains(&of.metric) && has(e)).collect();
    let told: Vec<&str> = ours.iter().filter_map(|e| e.statistic.as_deref()).collect();
    if told.is_empty() {
        return Ok(ours);
    }
    let wanted: &[&str] = if of.shape == Shape::Counter { &["Sum"] } else { &LEVELS };
    let first = wanted.iter().find(|wanted| told.contains(wanted));
    let first = first.ok_or_else(|| format!("need the statistic {}; export it with `--statistics {}`", wanted.join(" or "), wanted[0]))?;
    Ok(ours.into_iter().filter(|e| e.statistic.as_deref() == Some(first)).collect())
}

fn said(claim: &UsageClaim, of: &UsageSeries, why: &str) -> String {
    format!("values of {} {why} (resources.{}.metrics.{})", series::shown(of), claim.workload, claim.name)
}

fn word(statistic: &str) -> String {
    statistic.chars().filter(char::is_ascii_alphanumeric).take(20).collect()
}

/// Where JSON broke; serde's own message may repeat a piece of the file.
fn place(error: &serde_json::Error) -> String {
    format!("not the JSON that was expected (line {}, column {})", error.line(), error.column())
}

impl Source for Cloud {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    /// A cloud shows a period some minutes after its end.
    fn waits(&self) -> Ms {
        self.settle
    }
    fn ask<'a>(&'a self, query: &'a Query, _effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            let answer = match query {
                Query::Usage(q) if matches!(q.when, When::During(_)) => self.usage(&q.of, slot).await,
                other => {
                    Err(Gap::NotConfigured(format!("{}: an export of a cloud's metrics cannot answer {} of that time", self.name, other.word())))
                }
            };
            answer.map_err(|gap| advised(gap, &self.name))
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: self.reads.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}
