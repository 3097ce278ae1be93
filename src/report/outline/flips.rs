//! What would better the verdict: rules that have to pass, or, where nobody could judge them, whoever has to answer first.

use crate::{
    model::{
        act::{Act, Destination},
        evidence::Gap,
        key::Key,
        outcome::{Outcome, Status},
    },
    report::{Report, phrases},
    scoring::{Flip, Verdict},
};

const TO_THE_END: &str = "a run to the end";

/// One sentence without a full stop; `None` where there is nothing to better.
pub fn of(report: &Report) -> Option<String> {
    let a = &report.assessment;
    if a.verdict == Verdict::Ready {
        return None;
    }
    if report.interrupted && a.flips.is_empty() {
        return Some(TO_THE_END.into());
    }
    if a.rules_in_scope == 0 {
        return Some("something in scope: the spec selects no rule that this rig could be judged by".into());
    }
    let mut flips: Vec<String> = vec![];
    for flip in &a.flips {
        let said = flip_of(flip, report);
        if !flips.contains(&said) {
            flips.push(said);
        }
    }
    let mut said = if flips.is_empty() {
        "no rule passing would; the evidence itself has to get stronger (fresher, more rows, more of the scope)".into()
    } else {
        better(&flips, a.flips_are_all)
    };
    if let Some(all) = a.to_ready.as_ref().map(|flip| flip_of(flip, report)).filter(|all| !flips.contains(all)) {
        said = format!("{said}; all the way: {all}");
    }
    // What was not reached threatens nothing: it has to be asked first.
    if let Some(worse) = worse(&a.threats).filter(|_| !report.interrupted) {
        said.push_str(&worse);
    }
    Some(said)
}

/// Sets that are told; the rest is counted.
const FEW: usize = 3;

fn better(flips: &[String], all: bool) -> String {
    let shown = flips[..FEW.min(flips.len())].join(", or ");
    match (flips.len().saturating_sub(FEW), all) {
        (0, true) => shown,
        (0, false) => format!("{shown} (there may be other ways)"),
        (more, true) => format!("{shown}, or one of {more} other ways (the JSON report lists them)"),
        (more, false) => format!("{shown}, or one of at least {more} other ways (the JSON report lists some)"),
    }
}

/// `; for the worse, LAT-01 or LAT-02 failing (→ NOT READY)`.
fn worse(threats: &[Flip]) -> Option<String> {
    let first = threats.first()?;
    let rules: Vec<String> = threats.iter().flat_map(|t| &t.rules).map(ToString::to_string).collect();
    let any = match rules.as_slice() {
        [head @ .., last] if !head.is_empty() => format!("{} or {last}", head.join(", ")),
        one => one.concat(),
    };
    Some(format!("; for the worse, {any} failing (→ {})", first.verdict.words()))
}

fn flip_of(flip: &Flip, report: &Report) -> String {
    let threshold = report.header.gate.threshold;
    let Some(needed) = needed(flip, report) else { return phrases::flip(flip, threshold) };
    let mut steps: Vec<String> = vec![];
    if !needed.sources.is_empty() {
        let at_best = format!("(→ at best {}, {})", flip.verdict.words(), phrases::score(flip.score, threshold));
        steps.push(format!("{} answering {at_best}", phrases::list(&needed.sources)));
    }
    steps.extend(needed.an_end.then(|| TO_THE_END.to_owned()));
    steps.join(", and ")
}

/// What keeps rules from being judged, beside the rig itself.
#[derive(Default)]
struct Needed {
    /// Who does not answer.
    sources: Vec<String>,
    /// Did an interruption keep some from being asked?
    an_end: bool,
}

/// `None` if the answer to one of the rules' open ends is not simply that somebody did not answer.
fn needed(flip: &Flip, report: &Report) -> Option<Needed> {
    let mut needed = Needed::default();
    for rule in &flip.rules {
        let mut of_rule = report.outcomes().filter(|o| o.rule == *rule).peekable();
        of_rule.peek()?;
        for outcome in of_rule.filter(|o| !matches!(o.status, Status::Pass | Status::NotApplicable)) {
            needed.add(outcome, report)?;
        }
    }
    (needed.an_end || !needed.sources.is_empty()).then_some(needed)
}

impl Needed {
    fn add(&mut self, outcome: &Outcome, report: &Report) -> Option<()> {
        let unknown = match (outcome.status, &outcome.unknown) {
            // Fewer requests than were planned settle less.
            (Status::Inconclusive, _) if report.interrupted => {
                self.an_end = true;
                return Some(());
            }
            (Status::NoData, Some(unknown)) => unknown,
            _ => return None,
        };
        match &unknown.gap {
            Gap::NotReached(_) if report.interrupted => self.an_end = true,
            // The act before it failed: whoever that was sent to has to answer.
            Gap::NotReached(_) => {
                let act = report.answers.iter().find(|a| a.gap.is_some() && a.key.query.performs().is_some())?;
                self.answers(&act.key, report);
            }
            Gap::Unreachable(_) | Gap::Denied(_) | Gap::Malformed(_) | Gap::TooLate(_) | Gap::Truncated(_) | Gap::Busy(_) => {
                self.answers(&unknown.key, report);
            }
            _ => return None,
        }
        Some(())
    }
    fn answers(&mut self, key: &Key, report: &Report) {
        let load = report.header.sources.get(&key.source).is_some_and(|s| s.kind.as_str() == "load");
        let name = match key.query.performs() {
            Some(Act::Load(act)) if act.to == Destination::Reference => "the reference endpoint".to_owned(),
            _ if load => "the target".to_owned(),
            _ => key.source.to_string(),
        };
        if !self.sources.contains(&name) {
            self.sources.push(name);
        }
    }
}
