//! What a list says of one run, also of a broken one.

use crate::{
    model::{units::Wall, waiver::WaiverState},
    report::{Report, phrases},
    scoring::{Interval, Verdict},
    store::{self, Head, Holder, bytes_of, id_of},
};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// One run.
#[derive(Debug, Default, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its folder.
    pub path: PathBuf,
    /// When it began, RFC 3339; `null` where that was not recorded.
    pub began: Option<String>,
    #[serde(skip)]
    began_at: Option<Wall>,
    /// What the user calls the rig.
    pub rig: String,
    /// `null` where the run is broken.
    pub verdict: Option<Verdict>,
    /// Of 0 to 1, both ends.
    pub score: Option<Interval>,
    #[serde(skip)]
    needs: f64,
    /// Share of the rules in scope that could be judged.
    pub coverage: Option<f64>,
    /// Digest of the effective profile: scores are comparable within it.
    pub profile: String,
    /// Size on disk.
    pub bytes: u64,
    /// Rules whose failure a waiver covers.
    pub waived: Vec<String>,
    /// A sentence about something special.
    pub remark: Option<String>,
    /// Did it end before everything was judged?
    pub interrupted: bool,
    /// Who records it, where it goes on: `running since 03:18:37 (pid 4711)`.
    pub running: Option<String>,
    /// Why it cannot be judged again.
    pub broken: Option<String>,
    /// Who recorded it, and where.
    #[serde(rename = "recorded_by")]
    pub by: String,
    /// Edition and digest.
    #[serde(skip)]
    pub judged_by: String,
    /// Its sources and where they are.
    #[serde(skip)]
    pub sources: Vec<String>,
    /// Questions, answers, requests.
    #[serde(skip)]
    pub holds: String,
}

impl Listed {
    /// Of the run in a folder. Reads what happened, not the evidence: `runs show` looks whether that is intact.
    pub fn of(path: &Path) -> Listed {
        let listed = Listed { id: id_of(path), path: path.to_owned(), bytes: bytes_of(path), ..Listed::default() };
        // Looked at first: a run that ends meanwhile is told as running, never as cut short.
        let running = store::recording(path).map(|holder| goes_on(&holder));
        match store::head(path) {
            head if running.is_some() => {
                let began = head.ok().and_then(|head| head.began);
                let (began_at, rig) = began.map(|h| (h.started, h.rig.to_string())).unzip();
                Listed { running, began: began_at.map(phrases::rfc3339), began_at, rig: rig.unwrap_or_default(), ..listed }
            }
            Ok(head) if head.began.is_some() => listed.with(&head),
            Ok(_) => Listed { broken: Some("it ended before it said what it is".into()), ..listed },
            Err(why) => Listed { broken: Some(why.to_string()), ..listed },
        }
    }
    fn with(self, head: &Head) -> Listed {
        let report = Report::of(&head.events);
        let (h, a) = (&report.header, &report.assessment);
        let mut waived: Vec<_> =
            report.outcomes().filter(|o| matches!(o.waiver, Some((_, WaiverState::Holds)))).map(|o| o.rule.to_string()).collect();
        waived.dedup();
        let answered = report.answers.iter().filter(|a| a.gap.is_none()).count();
        let requests = report.sent.iter().map(|s| s.requests).sum();
        Listed {
            began: Some(phrases::rfc3339(h.started)),
            began_at: Some(h.started),
            rig: h.rig.to_string(),
            verdict: Some(a.verdict),
            score: Some(a.score),
            needs: h.gate.threshold,
            coverage: Some(a.coverage),
            profile: h.profile.clone(),
            waived,
            remark: h.remark.clone(),
            interrupted: report.interrupted,
            by: format!("{} on {}", h.tool, h.vantage),
            judged_by: format!(
                "checks {}, profile {}, score at least {}, coverage at least {}",
                h.checks, h.profile, h.gate.threshold, h.gate.coverage
            ),
            sources: h.sources.iter().map(|(name, s)| format!("{name} ({}, {})", s.kind, s.place)).collect(),
            holds: format!(
                "{}, {} without a gap; {} sent; {} judged",
                phrases::count(report.answers.len() as u64, "answer"),
                if answered == report.answers.len() { "all".to_owned() } else { answered.to_string() },
                phrases::count(requests, "request"),
                phrases::count(report.cases.len() as u64, "case"),
            ),
            ..self
        }
    }
    /// When it began, for people.
    pub fn began_text(&self) -> String {
        self.began_at.map(|at| at.to_string()).unwrap_or_default()
    }
    /// As much of the digest as tells profiles apart.
    pub fn profile_text(&self) -> String {
        self.profile.chars().take(8).collect()
    }
    /// The verdict in words.
    pub fn words(&self) -> String {
        let without = if self.running.is_some() { "–" } else { "broken" };
        self.verdict.map_or_else(|| without.into(), |v| v.words().to_owned())
    }
    /// The score, one number or an interval.
    pub fn score_text(&self) -> String {
        self.score.map(|s| phrases::score(s, self.needs)).unwrap_or_default()
    }
    /// Verdict, score and coverage.
    pub fn verdict_text(&self) -> String {
        let Some(coverage) = self.coverage else { return String::new() };
        let cut = if self.interrupted { ", interrupted" } else { "" };
        format!("{}, score {}, coverage {}{cut}", self.words(), self.score_text(), phrases::percent(coverage, 1.0))
    }
    /// What is special about it.
    pub fn note(&self) -> String {
        let waived = if self.waived.is_empty() { String::new() } else { format!("waived: {}", self.waived.join(", ")) };
        let cut = if self.interrupted { "interrupted" } else { "" };
        let remark = shortened(self.remark.as_deref().unwrap_or_default());
        let parts = [self.running.as_deref().unwrap_or_default(), self.broken.as_deref().unwrap_or_default(), cut, &waived, &remark];
        parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// `running since 03:18:37 (pid 4711)`, as far as that is known.
fn goes_on(holder: &Holder) -> String {
    let since = holder.since.to_string();
    let since = since.trim_end_matches(" UTC").rsplit(' ').next().unwrap_or_default();
    if holder.pid == 0 { "running".into() } else { format!("running since {since} (pid {})", holder.pid) }
}

/// Characters of a remark in a list: `runs show` has all of it.
const REMARK: usize = 60;

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(REMARK).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
