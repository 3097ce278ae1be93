//! Silence never betters anything: an answer that is taken away lifts no verdict and no lower end of a score.

use crate::embedded::Run;
use rigcheck::{
    engine::judge::judge_case,
    model::{
        audit::{AnyCase, Context},
        event::{CaseJudged, Gate},
        evidence::{Evidence, Gap},
        key::Key,
    },
    scoring::{Assessment, Verdict, assess},
};

/// Judges again on this evidence.
pub fn judged(run: &Run, evidence: &Evidence) -> (Vec<CaseJudged>, Assessment) {
    let cases: Vec<_> = run.cases.iter().map(|case| judged_case(run, case.as_ref(), evidence)).collect();
    let assessment = assess(&cases, &Gate::default());
    (cases, assessment)
}

/// One case of them.
pub fn judged_case(run: &Run, case: &dyn AnyCase, evidence: &Evidence) -> CaseJudged {
    judge_case(case, &Context { rig: &run.profile.rig, evidence, as_of: run.report.as_of.expect("it was gathered") }, &[])
}

/// The same after one answer was changed: only the cases that ask for it are judged again.
pub fn judged_but_for(run: &Run, before: &[CaseJudged], key: &Key, evidence: &Evidence) -> Assessment {
    let asks = |case: &dyn AnyCase| case.needs(&run.profile.rig).iter().any(|need| need.key == *key);
    let again = run.cases.iter().zip(before).map(|(case, was)| if asks(&**case) { judged_case(run, &**case, evidence) } else { was.clone() });
    assess(&again.collect::<Vec<_>>(), &Gate::default())
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
    let (cases, before) = judged(run, &run.evidence);
    let mut gained = vec![];
    for (key, _) in run.evidence.iter() {
        for (nth, gap) in ways.iter().enumerate() {
            let (what, mut poorer) = (gap.word(), run.evidence.clone());
            poorer.put(key.clone(), Err(gap.clone()));
            // Once it is looked whether other cases, too, hear of it.
            let after = if nth == 0 { judged(run, &poorer).1 } else { judged_but_for(run, &cases, key, &poorer) };
            gained.extend(bettered(&before, &after).map(|what_gained| format!("{key} with {what}: {what_gained}")));
            // A failure that silence hides may lift the upper end; nothing may lower it.
            if after.score.hi < before.score.hi - 1e-9 {
                gained.push(format!("{key} with {what}: the score cannot be {:.3} any more, only {:.3}", before.score.hi, after.score.hi));
            }
        }
    }
    gained
}
