use super::view::Usages;
use crate::model::{units::Share, usage::Measure};

/// True things worth knowing that no rule scores: what looking cost, and what could not be compared like for like.
pub fn notes(view: &Usages<'_>) -> Vec<String> {
    let mut notes = vec![];
    let costs = view.kernels().filter_map(|(_, k)| Some((k.tracks.cost_s?, k.tracks.over_s.filter(|s| *s > 0.0)?)));
    let cost: f64 = costs.map(|(cost, over)| cost / over).sum();
    if cost > 0.0 {
        notes.push(format!("reading the kernel's counters took {} of a core", Share(cost)));
    }
    for told in view.answered().filter(|t| t.claim.measure.memory() || t.claim.measure == Measure::Cpu) {
        let Ok(kernel) = view.kernel(&told.claim.workload) else { continue };
        if kernel.of(told.claim.measure).next().is_none() {
            notes.push(format!("{} is compared with nothing: the kernel tells no {} of it", told.claim.subject(), told.claim.measure.title()));
        }
    }
    notes.extend(
        view.rig
            .usage
            .iter()
            .filter(|c| view.rig.workloads.get(&c.workload).is_some_and(|w| w.found == crate::model::workload::Found::Elsewhere))
            .map(|c| format!("{} is about something that runs elsewhere: nothing here can check it", c.subject())),
    );
    notes
}
