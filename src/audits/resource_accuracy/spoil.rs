//! Negative controls: changes to a copy of the evidence that a rule must notice.

use super::{act, question};
use crate::model::{
    evidence::Evidence,
    key::{Usage, When},
    name::{Name, name},
    payload::{Sample, Track, Tracks},
    rig::Rig,
    units::Wall,
    usage::UsageClaim,
    workload::KERNEL,
};

/// Changes what a source said by a claim.
pub fn tracks(rig: &Rig, subject: &Name, copy: &mut Evidence, change: impl FnOnce(&mut Tracks, &UsageClaim)) {
    let Some(claim) = rig.usage_claim(subject) else { return };
    let Some(usage) = question(rig, claim) else { return };
    copy.alter(&claim.source, &usage, |tracks| change(tracks, claim));
}

/// Changes each series of a claim.
pub fn series(rig: &Rig, subject: &Name, copy: &mut Evidence, change: impl FnMut(&mut Track)) {
    tracks(rig, subject, copy, |tracks, claim| tracks.tracks.iter_mut().filter(|t| t.claim == claim.name).for_each(change));
}

/// Changes each sample of a claim; also told is its place.
pub fn samples(rig: &Rig, subject: &Name, copy: &mut Evidence, mut change: impl FnMut(usize, &mut Sample)) {
    series(rig, subject, copy, |track| track.samples.iter_mut().enumerate().for_each(|(n, sample)| change(n, sample)));
}

/// Multiplies what a claim shows.
pub fn scale(rig: &Rig, subject: &Name, copy: &mut Evidence, by: f64) {
    samples(rig, subject, copy, |_, sample| sample.1 *= by);
}

/// Moves the stamps of a claim.
pub fn later(rig: &Rig, subject: &Name, copy: &mut Evidence, us: i64) {
    samples(rig, subject, copy, |_, sample| sample.0 = Wall(sample.0.0 + us));
}

/// Changes what the kernel said of a workload.
pub fn kernel(rig: &Rig, of: &Name, copy: &mut Evidence, change: impl FnOnce(&mut Tracks)) {
    let Some(act) = act(rig, of) else { return };
    copy.alter(&name(KERNEL), &Usage { of: of.clone(), when: When::During(act) }, change);
}

/// Changes each answer of a source about workloads.
pub fn source(rig: &Rig, of: &Name, copy: &mut Evidence, mut change: impl FnMut(&mut Tracks)) {
    let mut done: Vec<&Name> = vec![];
    for claim in rig.usage.iter().filter(|c| c.source == *of) {
        if let (false, Some(usage)) = (done.contains(&&claim.workload), question(rig, claim)) {
            done.push(&claim.workload);
            copy.alter(of, &usage, &mut change);
        }
    }
}
