use super::{calibrated::medians, view::Quiet};
use crate::{
    model::{
        payload::{By, CalibrationKernel, IdleWindow, UsedBy},
        units::{Count, Share},
    },
    stats::rounds::values_for,
};

/// True things worth knowing that no rule scores.
pub fn notes(view: &Quiet<'_>) -> Vec<String> {
    let mut notes = vec![];
    if let Ok(window) = view.window() {
        let window = window.value;
        notes.extend(ladder(window));
        notes.push(own(window));
        // Names that nobody lacks are not missed.
        let unnamed = window.used_by.iter().any(|used| matches!(&used.by, By::Container { name: None, .. }));
        let missed = window.missing.iter().filter(|missing| unnamed || missing.what != "names of containers");
        notes.extend(missed.map(|missing| format!("not looked at: {} ({})", missing.what, missing.why)));
    }
    notes.extend(CalibrationKernel::ALL.into_iter().filter_map(|kernel| advice(view, kernel)));
    notes
}

/// What of others' time was told on each step, as far as there is any.
pub fn ladder(window: &IdleWindow) -> Vec<String> {
    let others = window.others_s();
    if others <= 0.0 {
        return vec![];
    }
    let sum = |of: fn(&By) -> bool| window.used_by.iter().filter(|used| of(&used.by)).map(|used: &UsedBy| used.cpu_s).sum::<f64>();
    let steps = [
        ("containers", sum(|by| matches!(by, By::Container { .. }))),
        ("services", sum(|by| matches!(by, By::Group(_)))),
        ("processes", sum(|by| matches!(by, By::Process { kernel: false, .. }))),
        ("threads of the kernel", sum(|by| matches!(by, By::Process { kernel: true, .. }))),
        ("children that ended", sum(|by| matches!(by, By::EndedOf { .. }))),
        ("interrupts", window.sum(|second| second.irq_s + second.softirq_s)),
    ];
    let named: f64 = steps.iter().map(|(_, used)| used).sum();
    let mut told: Vec<String> =
        steps.iter().filter(|(_, used)| *used > 0.0).map(|(what, used)| format!("{what} {}", Share(used / others.max(named)))).collect();
    told.push(format!("nobody {}", Share((others - named).max(0.0) / others)));
    vec![format!("whose the {others:.2} CPU-s of others were: {}", told.join(", "))]
}

/// What looking took.
fn own(window: &IdleWindow) -> String {
    let own = &window.own;
    format!(
        "looking took {} of a CPU for reading counters, and {:.2} CPU-s for the probes, of which {:.2} s were meant to be spun",
        Share(own.sampler_cores()),
        own.probes_s,
        own.duty_s
    )
}

/// How many repetitions a benchmark of this kind needs here.
fn advice(view: &Quiet<'_>, kernel: CalibrationKernel) -> Option<String> {
    const WITHIN: f64 = 0.02;
    const MOST: usize = 1_000;
    let of = view.calibrated(kernel).ok()?;
    let all = of.wall.concat();
    let level = medians(&of.wall);
    if all.len() < 20 || level.len() < 2 {
        return None;
    }
    let advised = match values_for(&all, WITHIN, MOST, 1) {
        Some(n) => format!("{} are enough", Count(n as u64).of("repetition")),
        None => format!("more than {MOST} repetitions are needed"),
    };
    Some(format!("to know the median of a load like {kernel} within {} on this machine, {advised}", Share(WITHIN)))
}

/// The culprits of a window as rows of a table.
pub fn rows(view: &Quiet<'_>, window: &IdleWindow, most: usize) -> Vec<Vec<String>> {
    let over = window.lasted_s();
    let row = |used: &UsedBy| {
        let role = super::culprits::Role::of(used, view.cx.rig, &view.audit.monitors);
        let culprit = super::culprits::Culprit { used, role };
        let rhythm = culprit.rhythm_s(window.seconds.len()).map_or_else(String::new, |apart| format!("each {apart:.0} s"));
        vec![
            used.by.to_string(),
            role.word().to_owned(),
            Share(culprit.cores(over)).to_string(),
            format!("{:.2}", used.cpu_s),
            format!("{:.2}", used.peak_s()),
            rhythm,
            used.programs.join(", "),
        ]
    };
    window.used_by.iter().take(most).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::IdleSecond;

    #[test]
    fn the_steps_of_the_ladder_add_up_to_what_others_used() {
        let used = |by: By, cpu_s: f64| UsedBy { by, programs: vec![], cpu_s, when: vec![], nice: None };
        let window = IdleWindow {
            seconds: vec![IdleSecond { over_s: 1.0, busy_s: 1.2, own_s: 0.2, softirq_s: 0.1, named_s: 0.8, ..IdleSecond::default() }],
            used_by: vec![
                used(By::Container { id: "a".into(), name: None }, 0.5),
                used(By::Process { pid: 1, name: "a".into(), kernel: false }, 0.2),
                used(By::EndedOf { pid: 1, name: "a".into() }, 0.1),
            ],
            ..IdleWindow::default()
        };
        let expected = "whose the 1.00 CPU-s of others were: containers 50%, processes 20%, children that ended 10%, interrupts 10%, nobody 10%";
        assert_eq!(ladder(&window)[0].replace(" %", "%"), expected);
        assert!(ladder(&IdleWindow::default()).is_empty());
    }
}
