use crate::{
    audits::resource_accuracy::{ResourceAccuracy, say, spoil, told::Told, view::Usages},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::{Life, Track},
        rig::Rig,
        units::{Ms, Wall},
        usage::{Measure, UsageClaim},
    },
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The series are of what runs: not of a container that has ended, not of two of one name at once, and nothing was begun anew while
/// it was measured.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhatRuns {
    /// So long after its end a container may still be shown.
    after: Ms,
}

/// Labels that tell one container from another, by cAdvisor, netdata and Docker.
const IDS: [&str; 4] = ["id", "container_id", "container", "cgroup"];
/// Digits of a container's id that are shown at the least.
const SHORT: usize = 12;
/// All of them.
const LONG: usize = 64;

impl Rule<ResourceAccuracy> for WhatRuns {
    const NAME: &'static str = "what_runs";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::or_all(rig, judged)
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        if !judged(view.rig, told.claim) {
            let why = format!("{subject} is not about CPU or memory of something that runs here");
            return Ok(say::not_applicable(why, "series of the one that runs", told.samples(), vec![told.key.clone()]));
        }
        let kernel = view.kernel(&told.claim.workload)?;
        let from = vec![told.key.clone(), kernel.key.clone()];
        let expected = "series of the one that runs, and no restart meanwhile";
        let lives = &kernel.tracks.lives;
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        if lives.is_empty() {
            let why = format!("the kernel does not tell which container or process {} is", told.claim.workload);
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by("look whether it runs while the audit does"));
        }
        let mut wrong = restarts(lives);
        wrong.extend(self.outlived(told, lives));
        wrong.extend(strangers(told, lives));
        wrong.extend(at_once(told));
        let status = if wrong.is_empty() { Status::Pass } else { Status::Fail };
        let observed = match wrong.first() {
            None => format!("{} of {subject} is of {}, which ran all the time", super::series(told), short(&lives[0].id)),
            Some(first) => format!("{subject}: {first}"),
        };
        let figure = Figure::exact("what does not fit", wrong.len() as f64, told.samples(), "");
        let because = wrong.into_iter().skip(1).collect();
        Ok(Finding { because, from, ..say::finding(status, figure, observed, expected) })
    }

    /// It was begun anew while it was measured.
    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.usage_claim(subject) else { return };
        spoil::kernel(rig, &claim.workload, copy, |tracks| {
            let middle = tracks.tracks.first().and_then(|t| t.samples.get(t.samples.len() / 2)).map_or(Wall(0), |s| s.0);
            if let Some(life) = tracks.lives.last_mut() {
                life.ended = Some(middle);
            }
            tracks.lives.push(Life { id: "f".repeat(64), began: Some(middle), ended: None });
        });
    }
}

fn judged(rig: &Rig, claim: &UsageClaim) -> bool {
    super::served(rig, claim) && (claim.measure == Measure::Cpu || claim.measure.memory())
}

fn restarts(lives: &[Life]) -> Vec<String> {
    let (first, last) = (&lives[0], &lives[lives.len() - 1]);
    let mut wrong = vec![];
    if lives.len() > 1 {
        let when = last.began.map_or_else(String::new, |at| format!(", at {at}"));
        wrong.push(if first.id == last.id {
            format!("it was begun anew meanwhile{when}")
        } else {
            format!("{} was replaced by {}{when}", short(&first.id), short(&last.id))
        });
    }
    if let Some(ended) = last.ended {
        wrong.push(format!("{} ended at {ended} and did not come back", short(&last.id)));
    }
    wrong
}

impl WhatRuns {
    /// Samples of a series whose container had ended.
    fn outlived(&self, told: &Told<'_>, lives: &[Life]) -> Option<String> {
        let slack = (self.after.0 * 1e3) as i64 + told.doubt_us();
        let late = |track: &Track| {
            let id = id_of(track)?;
            let ended = lives.iter().find(|life| same(&life.id, &id))?.ended?;
            let many = track.samples.iter().filter(|s| s.0.0 > ended.0 + slack).count();
            (many > 0).then(|| format!("{many} samples of {} are from after its end at {ended}", short(&id)))
        };
        told.series().find_map(late)
    }
}

/// A container that is none of those that the kernel saw.
fn strangers(told: &Told<'_>, lives: &[Life]) -> Option<String> {
    // Processes have no ids that other sources know.
    if lives.iter().all(|life| !is_id(&life.id)) {
        return None;
    }
    let strange = told.series().filter(|t| t.samples.len() > 1).filter_map(id_of).find(|id| !lives.iter().any(|life| same(&life.id, id)));
    strange.map(|id| format!("it shows {}, and {} is what runs", short(&id), short(&lives[lives.len() - 1].id)))
}

/// Two containers of one claim at one time.
fn at_once(told: &Told<'_>) -> Option<String> {
    let mut seen: BTreeMap<String, (Wall, Wall)> = BTreeMap::new();
    for track in told.series() {
        let (Some(id), Some(first), Some(last)) = (id_of(track), track.samples.first(), track.samples.last()) else { continue };
        let stretch = seen.entry(id).or_insert((first.0, last.0));
        *stretch = (stretch.0.min(first.0), stretch.1.max(last.0));
    }
    let all: Vec<(&String, &(Wall, Wall))> = seen.iter().collect();
    let pair = all.iter().enumerate().find_map(|(n, a)| all[n + 1..].iter().find(|b| a.1.0 < b.1.1 && b.1.0 < a.1.1).map(|b| (a.0, b.0)));
    pair.map(|(a, b)| format!("{} and {} are added up: both are there at once", short(a), short(b)))
}

/// The container that a series is of: the hexadecimal id in one of its labels. A short one counts where it stands alone; within a
/// name it is a deployment's own digits.
fn id_of(track: &Track) -> Option<String> {
    let mut labelled = IDS.iter().chain(&["name"]).filter_map(|label| track.labels.get(*label));
    let whole = |value: &'_ String| value.split(['/', '-', '.', ':', '_']).find(|part| part.len() == LONG && is_id(part)).map(str::to_owned);
    labelled.find_map(|value| whole(value).or_else(|| value.split(['/', ':']).find(|part| is_id(part)).map(str::to_owned)))
}

fn is_id(text: &str) -> bool {
    (SHORT..=LONG).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn same(a: &str, b: &str) -> bool {
    let shorter = a.len().min(b.len());
    shorter >= SHORT.min(a.len()) && a.as_bytes()[..shorter] == b.as_bytes()[..shorter]
}

fn short(id: &str) -> &str {
    if is_id(id) { &id[..SHORT] } else { id }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::name;

    fn of(label: &str, value: &str) -> Option<String> {
        id_of(&Track { claim: name("cpu"), labels: BTreeMap::from([(label.into(), value.into())]), samples: vec![] })
    }

    #[test]
    fn digits_within_a_name_are_no_id() {
        let id = "97c43742206b".to_owned() + &"0f".repeat(26);
        assert_eq!(of("name", "rigcheck-gateway-6d26cb77d3f7"), None);
        assert_eq!(of("container", "gateway"), None);
        for (label, value) in [("id", format!("/docker/{id}")), ("cgroup", format!("system.slice/docker-{id}.scope")), ("container_id", id.clone())] {
            assert_eq!(of(label, &value), Some(id.clone()), "{value}");
        }
        assert_eq!(of("container_id", "97c43742206b").as_deref(), Some("97c43742206b"));
    }
}
