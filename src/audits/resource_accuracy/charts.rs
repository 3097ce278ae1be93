use super::{told::Told, triangulation, view::Usages};
use crate::{
    model::{
        chart::{Chart, ChartKind, Line, Mark},
        name::Name,
        units::{Ms, Wall},
        usage::Measure,
    },
    usage::{Burst, Curve, Levels, bursts, us},
};

/// At most so many points a line.
const POINTS: usize = 400;
/// The kernel counts what processes use in ticks, CPU-s: within 100 ms one more or less is a tenth of a core ...
const TICK_S: f64 = 0.01;
/// ... and within this, µs, a fiftieth.
const SMOOTH_US: i64 = 500_000;
/// What of a source is drawn before and after the act, µs, at least: where it comes from, and where it goes.
const BESIDE_US: i64 = 2_000_000;

/// CPU and memory of each workload over the time of the act, and who differs from whom.
pub fn charts(view: &Usages<'_>) -> Vec<Chart> {
    let mut charts = vec![];
    let Ok((began, ended, _)) = view.acted() else { return charts };
    for (of, kernel) in view.kernels().filter(|(of, _)| !view.is_machine(of)) {
        let since = |at: Wall| at.seconds() - began.seconds();
        let claims: Vec<_> = view.answered().filter(|t| t.claim.workload == *of).collect();
        // A store hands out minutes before the act, too.
        let around = |told: &Told<'_>| {
            let beside = BESIDE_US.max(told.step_s().map_or(0, |step| us(1.5 * step)));
            (began.plus_us(-beside), ended.plus_us(beside))
        };
        let cpu = claims
            .iter()
            .filter(|t| t.claim.measure == Measure::Cpu)
            .map(|t| (t, t.curve.within(around(t).0, around(t).1)))
            .filter(|(_, curve)| curve.len() > 1)
            .map(|(t, curve)| (t.claim.subject().to_string(), rates(&curve, &since)));
        let lines: Vec<(String, Vec<(f64, f64)>)> = std::iter::once(("kernel".to_owned(), rates(&kernel.cpu, &since))).chain(cpu).collect();
        if kernel.cpu.len() > 1 {
            let slowest = claims.iter().filter(|t| t.claim.measure == Measure::Cpu).filter_map(|t| t.step_s()).fold(0.0, f64::max);
            let hidden = bursts(&kernel.cpu, began, ended).into_iter().filter(|b| slowest > b.length_s() / 2.0);
            let marks = hidden.map(|b| mark(&b, &since)).collect();
            charts.push(timeline(of, "cpu", "CPU", "Cores over time; the kernel's curve is read each 100 ms (drawn each 500 ms where it counts in ticks of 10 ms), each source holds its mean between two samples. Marked are bursts that the slowest source hides.", "cores", lines, marks));
        }
        let memory = claims
            .iter()
            .filter(|t| t.claim.measure.memory())
            .map(|t| (t.claim.subject().to_string(), mib(&t.levels.within(around(t).0, around(t).1), &since)));
        let known =
            [Measure::MemoryUsage, Measure::WorkingSet, Measure::Rss].map(|m| (format!("kernel {}", m.word()), mib(&kernel.levels(m), &since)));
        let lines: Vec<_> = known.into_iter().chain(memory).filter(|(_, points)| !points.is_empty()).collect();
        if !lines.is_empty() {
            charts.push(timeline(of, "memory", "Memory", "Memory over time, by each source's own definition.", "MiB", lines, vec![]));
        }
    }
    charts.extend(triangulation::chart(view));
    charts
}

fn timeline(of: &Name, id: &str, what: &str, caption: &str, unit: &str, lines: Vec<(String, Vec<(f64, f64)>)>, marks: Vec<Mark>) -> Chart {
    let steps = lines.iter().map(|(name, _)| name.clone()).collect();
    let lines = lines.into_iter().map(|(name, points)| Line { name, of: String::new(), points }).collect();
    Chart {
        id: format!("{id}-{of}"),
        title: format!("{what} of {of}"),
        caption: caption.into(),
        x: "time since the load began, s".into(),
        y: unit.into(),
        kind: ChartKind::Timeline { lines, steps, marks },
    }
}

/// The mean rate between two points, held from the first of them on.
fn rates(curve: &Curve, since: &impl Fn(Wall) -> f64) -> Vec<(f64, f64)> {
    let step_us = curve.step_us().unwrap_or(SMOOTH_US).max(1);
    let smooth = if in_ticks(curve) { ((SMOOTH_US + step_us / 2) / step_us).clamp(1, 1_000) as usize } else { 1 };
    let every = curve.len().div_ceil(POINTS).max(smooth);
    let points: Vec<(i64, f64)> = curve.points().iter().step_by(every).copied().collect();
    let rate = |w: &[(i64, f64)]| (since(Wall(w[0].0)), (w[1].1 - w[0].1) * 1e6 / (w[1].0 - w[0].0) as f64);
    let mut held: Vec<(f64, f64)> = points.windows(2).map(rate).collect();
    if let (Some(last), Some(end)) = (held.last().copied(), points.last()) {
        held.push((since(Wall(end.0)), last.1));
    }
    held
}

fn in_ticks(curve: &Curve) -> bool {
    let whole = |ticks: f64| (ticks - ticks.round()).abs() < 1e-3;
    curve.points().windows(2).all(|w| whole((w[1].1 - w[0].1) / TICK_S))
}

fn mib(levels: &Levels, since: &impl Fn(Wall) -> f64) -> Vec<(f64, f64)> {
    let every = levels.len().div_ceil(POINTS).max(1);
    levels.points().step_by(every).map(|(at, bytes)| (since(at), bytes / 1_048_576.0)).collect()
}

fn mark(burst: &Burst, since: &impl Fn(Wall) -> f64) -> Mark {
    let length = burst.length_s();
    let why = format!("{} burst: needs a scrape each {}", Ms(1e3 * length), Ms(1e3 * length / 2.0));
    Mark { from: since(burst.from), to: since(burst.to), why }
}
