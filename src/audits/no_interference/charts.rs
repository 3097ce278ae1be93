use super::{calibrated::Calibrated, notes, view::Quiet};
use crate::model::{
    chart::{Chart, ChartKind, Line, Mark},
    payload::{CalibrationKernel, IdleSecond, IdleWindow},
    units::{Count, Ms, Share},
};

/// Culprits that are drawn.
const DRAWN: usize = 4;
/// Stretches with stalls that are marked.
const MARKED: usize = 12;
/// Rows of the table.
const ROWS: usize = 12;
/// Points of a line.
const POINTS: usize = 600;

pub fn charts(view: &Quiet<'_>) -> Vec<Chart> {
    let mut charts = vec![];
    if let Ok(window) = view.window() {
        charts.push(timeline(window.value));
        if !window.value.used_by.is_empty() {
            charts.push(table(view, window.value));
        }
    }
    if let Ok(calibration) = view.calibration() {
        charts.push(calibrated(&CalibrationKernel::ALL.map(|kernel| (kernel, Calibrated::of(calibration.value, kernel)))));
    }
    charts
}

/// Who used how much, second by second; seconds with stalls are marked.
fn timeline(window: &IdleWindow) -> Chart {
    let mut end = 0.0;
    let begin = |over_s: f64| {
        end += over_s;
        end - over_s
    };
    let begins: Vec<f64> = window.seconds.iter().map(|second| second.over_s).map(begin).collect();
    let every = begins.len().div_ceil(POINTS).max(1);
    let line = |name: String, of: &dyn Fn(usize) -> f64| {
        let mut points: Vec<(f64, f64)> = begins.iter().enumerate().step_by(every).map(|(n, at)| (*at, of(n))).collect();
        points.extend(points.last().map(|last| (end, last.1)));
        Line { name, of: String::new(), points }
    };
    let rate = |n: usize, used: f64| used / window.seconds[n].over_s.max(1e-3);
    let mut lines = vec![line("all others".into(), &|n| rate(n, window.seconds[n].others_s()))];
    for used in window.used_by.iter().filter(|used| !used.when.is_empty()).take(DRAWN) {
        lines.push(line(used.by.to_string(), &|n| used.when.iter().find(|(at, _)| *at as usize == n).map_or(0.0, |(_, cpu)| rate(n, *cpu))));
    }
    if window.nobodys_cores() > 0.01 {
        lines.push(line("nobody by name".into(), &|n| {
            let second = &window.seconds[n];
            rate(n, (second.others_s() - second.named_s - second.irq_s - second.softirq_s).max(0.0))
        }));
    }
    if window.seconds.iter().any(|second| second.steal_s.is_some_and(|steal| steal > 0.0)) {
        lines.push(line("the hypervisor (steal)".into(), &|n| rate(n, window.seconds[n].steal_s.unwrap_or(0.0))));
    }
    Chart {
        id: "idle".into(),
        title: "Who used the machine while nothing was asked of the rig".into(),
        caption: "CPUs' worth of time over the window, without our own; marked is when a probe was held up for more than 1 ms, at most 12 times, the worst.".into(),
        x: "time since the window began, s".into(),
        y: "cores".into(),
        kind: ChartKind::Timeline { steps: lines.iter().map(|line| line.name.clone()).collect(), lines, marks: stalled(&begins, &window.seconds) },
    }
}

/// Neighbouring seconds with stalls are one mark; of many those with the longest are told.
fn stalled(begins: &[f64], seconds: &[IdleSecond]) -> Vec<Mark> {
    let mut all: Vec<(usize, usize)> = vec![];
    for n in (0..seconds.len()).filter(|n| seconds[*n].stalls > 0) {
        match all.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => all.push((n, n)),
        }
    }
    let worst = |(first, last): (usize, usize)| seconds[first..=last].iter().map(|second| second.worst_stall_us).fold(0.0, f64::max);
    all.sort_by(|a, b| worst(*b).total_cmp(&worst(*a)));
    all.truncate(MARKED);
    all.sort_unstable();
    let mark = |(first, last): (usize, usize)| {
        let stalls: u64 = seconds[first..=last].iter().map(|second| second.stalls).sum();
        let why = format!("{}, the longest {}", Count(stalls).of("stall"), Ms(worst((first, last)) / 1e3));
        Mark { from: begins[first], to: begins[last] + seconds[last].over_s, why }
    };
    all.into_iter().map(mark).collect()
}

fn table(view: &Quiet<'_>, window: &IdleWindow) -> Chart {
    let head = ["who", "is", "of one CPU", "CPU-s", "most in a second", "bursts", "programs"];
    let shown = window.used_by.len().min(ROWS);
    let more = if window.used_by.len() > shown { format!(" {} more used less.", window.used_by.len() - shown) } else { String::new() };
    Chart {
        id: "culprits".into(),
        title: "Whose the time was".into(),
        caption: format!(
            "Those that used the most; CPU time is counted to one of them only. In all, others used {} of one CPU.{more}",
            Share(window.others_s() / window.lasted_s())
        ),
        x: String::new(),
        y: String::new(),
        kind: ChartKind::Table { head: head.map(String::from).into(), rows: notes::rows(view, window, ROWS) },
    }
}

/// The runs of the small fixed loads as distributions: where the clock's line leaves that of the CPU time, the CPU was taken away.
fn calibrated(loads: &[(CalibrationKernel, Calibrated)]) -> Chart {
    let line = |name: String, rounds: &[Vec<f64>]| {
        let mut values = rounds.concat();
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let every = values.len().div_ceil(POINTS).max(1);
        let points = values.iter().enumerate().step_by(every).map(|(i, v)| (*v, (i + 1) as f64 / n)).collect();
        Line { name, of: format!("{} runs", values.len()), points }
    };
    let lines = loads.iter().flat_map(|(kernel, of)| {
        [line(format!("{kernel}, by the clock"), &of.wall), line(format!("{kernel}, CPU time"), &of.cpu)].into_iter().filter(|l| !l.points.is_empty())
    });
    Chart {
        id: "calibration".into(),
        title: "Small fixed loads".into(),
        caption: "How long each run took; where the clock's line leaves that of the CPU time, the CPU was taken away.".into(),
        x: "time of a run, ms".into(),
        y: "share of the runs".into(),
        kind: ChartKind::Ecdf { log: true, lines: lines.collect(), slo: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_seconds_with_stalls_are_one_mark_and_the_worst_of_many_are_told() {
        let second = |stalls: u64| IdleSecond { over_s: 1.0, stalls, worst_stall_us: 1e3 * stalls as f64, ..IdleSecond::default() };
        let marks = |stalls: &[u64]| {
            let begins: Vec<f64> = (0..stalls.len()).map(|n| n as f64).collect();
            stalled(&begins, &stalls.iter().copied().map(second).collect::<Vec<_>>())
        };
        let told: Vec<(f64, f64, String)> = marks(&[0, 2, 3, 0, 1]).into_iter().map(|mark| (mark.from, mark.to, mark.why)).collect();
        assert_eq!(told, [(1.0, 3.0, "5 stalls, the longest 3.00 ms".into()), (4.0, 5.0, "1 stall, the longest 1.00 ms".into())]);
        let many: Vec<u64> = (0..60).map(|n| if n % 2 == 0 { 0 } else { n }).collect();
        let told = marks(&many);
        assert!(told.len() == MARKED && (told[0].from - 37.0).abs() < 1e-9 && marks(&[0, 0]).is_empty(), "{told:?}");
    }
}
