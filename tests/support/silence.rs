//! Silence never betters anything: an answer that is taken away lifts no verdict and no lower end of a score.

use crate::embedded::Run;
use rigcheck::{
    engine::judge::judge_case,
    model::{
        audit::Context,
        event::{CaseJudged, Gate},
        evidence::{Evidence, Gap},
    },
    scoring::{Assessment, Verdict, assess},
};

/// Judges again on this evidence.
pub fn judged(run: &Run, evidence: &Evidence) -> (Vec<CaseJudged>, Assessment) {
    let cx = Context { rig: &run.profile.rig, evidence, as_of: run.report.as_of.expect("it was gathered") };
    let cases: Vec<_> = run.cases.iter().map(|case| judge_case(case.as_ref(), &cx, &[])).collect();
    let assessment = assess(&cases, &Gate::default());
    (cases, assessment)
}

fn ready(a: &Assessment) -> bool {
    matches!(a.verdict, Verdict::Ready | Verdict::ReadyWithWaivers)
}

/// What is better than before, if anything is.
pub fn bettered(before: &Assessment, after: &Assessment) -> Option<String> {
    let gained = ready(after) && !ready(before);
    (gained || after.score.lo > before.score.lo + 1e-9).then(|| format!("{before:?}\nbecame\n{after:?}"))
}

/// Each answer taken away, one at a time and in each way: what gained by it.
pub fn gained_by_silence(run: &Run, ways: &[Gap]) -> Vec<String> {
    let (_, before) = judged(run, &run.evidence);
    let mut gained = vec![];
    for (key, _) in run.evidence.iter() {
        for gap in ways {
            let (what, mut poorer) = (gap.word(), run.evidence.clone());
            poorer.put(key.clone(), Err(gap.clone()));
            let (_, after) = judged(run, &poorer);
            gained.extend(bettered(&before, &after).map(|what_gained| format!("{key} with {what}: {what_gained}")));
            // A failure that silence hides may lift the upper end; nothing may lower it.
            if after.score.hi < before.score.hi - 1e-9 {
                gained.push(format!("{key} with {what}: the score cannot be {:.3} any more, only {:.3}", before.score.hi, after.score.hi));
            }
        }
    }
    gained
}
