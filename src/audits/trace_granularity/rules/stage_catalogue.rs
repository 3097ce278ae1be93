use crate::{
    audits::trace_granularity::{
        TraceGranularity, kind,
        say::{self, Census},
        spoil,
        view::{Both, Calls},
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::Finding,
        rig::Rig,
        units::Share,
    },
};
use serde::Deserialize;

/// The trace of each call tells all stages of the request apart: else nobody can say in which of them its time went.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageCatalogue {
    /// The share of calls whose trace must be there with all stages.
    share: Share,
}

impl Rule<TraceGranularity> for StageCatalogue {
    const NAME: &'static str = "stage_catalogue";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let required = required(view, &both);
        let titles: Vec<&str> = required.iter().map(|(_, title)| *title).collect();
        let expected = format!("{} in at least {} of the calls' traces", list(&titles), self.share);
        if both.calls().next().is_none() {
            return Ok(say::cannot_tell("no call succeeded", expected, 0, both.from()));
        }
        if required.is_empty() {
            let why = "the stage catalogue requires no stage of these calls";
            return Ok(say::cannot_tell(why, expected, 0, both.from()).settled_by("set `required: true` on the stages that must be there"));
        }
        let census = Census::count(both.calls(), Share(1.0 - self.share.0), |(_, looked)| {
            looked.is_none_or(|l| required.iter().any(|(place, _)| l.stages[*place].is_none()))
        });
        let whole = Census { bad: census.of - census.bad, ..census };
        let observed = format!("{} traces of calls have all of {} stages", say::of(whole), required.len());
        let mut because = missing(&both, &required);
        if census.bad > 0 {
            because.extend(both.traces.unmatched.iter().take(3).map(ToString::to_string));
        }
        Ok(Finding { margin: census.above(), because, from: both.from(), ..census.finding("calls without all stages", observed, expected) })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::spans(rig, subject, copy, |spans| spans.retain(|s| s.kind == "server"));
    }
}

/// The stages that such calls must have: place in the catalogue, and title.
fn required<'v>(view: &'v Calls<'_>, both: &Both<'_, '_>) -> Vec<(usize, &'v str)> {
    let of = |(place, (_, stage)): (usize, (_, &'v crate::traces::Stage))| {
        (stage.required && stage.is_of(kind(both.load))).then_some((place, stage.title.as_str()))
    };
    view.stages.iter().enumerate().filter_map(of).collect()
}

/// What is missing, and how often.
fn missing(both: &Both<'_, '_>, required: &[(usize, &str)]) -> Vec<String> {
    let (all, there) = (both.calls().count() as u64, both.there().count() as u64);
    let mut told = vec![];
    if there < all {
        let elsewhere = &both.traces.spans.elsewhere;
        let others = if elsewhere.is_empty() { String::new() } else { format!("; other services have spans of ours: {}", elsewhere.join(", ")) };
        told.push(format!("{} of {all} calls have no trace{others}", all - there));
    }
    for (place, title) in required {
        let with = both.there().filter(|(_, looked)| looked.stages[*place].is_some()).count() as u64;
        if with < there {
            told.push(if with == 0 {
                format!("no trace has a span of {title}")
            } else {
                format!("{} of {there} traces have no span of {title}", there - with)
            });
        }
    }
    told
}

fn list(words: &[&str]) -> String {
    match words {
        [] => "every stage".into(),
        [one] => (*one).into(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
