use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Way, Ways, beside::off, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Count, Margin},
    },
    stats::Answer,
};
use serde::Deserialize;

/// The state holds: a way is called moved, or back, when so many runs in a row say so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// By how much the median may differ.
    p50: Margin,
    /// So many runs in a row change the state.
    runs: Count,
}

impl Rule<NetworkBaseline> for Held {
    const NAME: &'static str = "held";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.whole(subject)?;
        let there = view.there(subject)?;
        let Some(far) = view.far(subject) else { return Err(Unknown::new(way.got.key.clone(), Gap::NotRecorded)) };
        let earlier = view.earlier(far);
        let answer = |way: &Way<'_>| off(way, &there, 0.5, self.p50, &view.audit.least).map(|off| off.answer);
        let expected =
            format!("within {} or {} of the reference; {} runs in a row change the state", self.p50.absolute, self.p50.relative, self.runs);
        let now = answer(way);
        // From the oldest on; runs that could not tell change nothing.
        let history: Vec<bool> = earlier
            .iter()
            .rev()
            .chain([way])
            .filter_map(|way| match answer(way)? {
                Answer::Pass => Some(false),
                Answer::Fail => Some(true),
                Answer::Unclear { .. } => None,
            })
            .collect();
        let needed = usize::try_from(self.runs.0.max(1)).unwrap_or(usize::MAX);
        let state = state(&history, needed);
        let in_a_row = history.iter().rev().take_while(|outside| **outside == history.last().copied().unwrap_or(false)).count();
        let reaches_back = in_a_row == history.len();
        let (status, observed) = match (now, state) {
            (None | Some(Answer::Unclear { .. }), _) => (Status::Inconclusive, "whether this run is within the margin cannot be told".to_owned()),
            (Some(Answer::Fail), true) => (Status::Fail, format!("moved: {in_a_row} runs in a row are outside")),
            (Some(Answer::Fail), false) if reaches_back => {
                (Status::Inconclusive, format!("outside in each of {in_a_row} known runs: {needed} in a row call it moved"))
            }
            (Some(Answer::Fail), false) => (Status::Warn, format!("outside for {in_a_row} runs: it is called moved at {needed} in a row")),
            (Some(Answer::Pass), true) => {
                (Status::Warn, format!("inside for {in_a_row} runs after it had moved: it is called back at {needed} in a row"))
            }
            (Some(Answer::Pass), false) if earlier.is_empty() => {
                (Status::NotApplicable, "no earlier run of this rig has measured this way: the next run looks back at this one".to_owned())
            }
            (Some(Answer::Pass), false) => (Status::Pass, format!("inside, as in {} earlier runs", history.len() - 1)),
        };
        let because = vec![format!(
            "from the oldest run on: {}",
            history.iter().map(|outside| if *outside { "outside" } else { "inside" }).collect::<Vec<_>>().join(", ")
        )];
        let figure = Figure::exact("runs in a row", in_a_row as f64, history.len() as u64, "");
        let from = [way].into_iter().chain(&earlier).map(|way| way.got.key.clone()).collect();
        let finding = Finding { because, from, ..say::finding(status, figure, observed, expected) };
        say::of(way, finding.settled_by("run it again, in another hour"))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::slower(rig, subject, copy, 3_000);
        spoil::as_before(rig, subject, copy, u32::try_from(self.runs.0).unwrap_or(3));
    }
}

/// Is it moved, from a history that begins inside: so many in a row change the state?
fn state(history: &[bool], needed: usize) -> bool {
    let (mut moved, mut against) = (false, 0);
    for outside in history {
        against = if *outside == moved { 0 } else { against + 1 };
        if against >= needed {
            (moved, against) = (*outside, 0);
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::state;

    #[test]
    fn a_state_changes_with_the_third_run_in_a_row() {
        let (i, o) = (false, true);
        for (history, moved) in [
            (vec![], i),
            (vec![o, o], i),
            (vec![i, o, o, o], o),
            (vec![o, o, i, o, o], i),
            (vec![o, o, o, i, i], o),
            (vec![o, o, o, i, i, i], i),
            (vec![o, o, o, i, o, i, i], o),
        ] {
            assert_eq!(state(&history, 3), moved, "{history:?}");
        }
        assert!(state(&[o], 1));
    }
}
