use super::{triangulation, view::Usages};
use crate::{
    model::{
        chart::{Chart, ChartKind, Line, Mark},
        name::Name,
        units::{Ms, Wall},
        usage::Measure,
    },
    usage::{Burst, Curve, Levels, bursts},
};

/// At most so many points a line.
const POINTS: usize = 400;

/// CPU and memory of each workload over the time of the act, and who differs from whom.
pub fn charts(view: &Usages<'_>) -> Vec<Chart> {
    let mut charts = vec![];
    let Ok((began, ended, _)) = view.acted() else { return charts };
    for (of, kernel) in view.kernels().filter(|(of, _)| !view.is_machine(of)) {
        let since = |at: Wall| at.seconds() - began.seconds();
        let claims: Vec<_> = view.answered().filter(|t| t.claim.workload == *of).collect();
        let cpu = claims
            .iter()
            .filter(|t| t.claim.measure == Measure::Cpu && t.curve.len() > 1)
            .map(|t| (t.claim.subject().to_string(), rates(&t.curve, &since)));
        let lines: Vec<(String, Vec<(f64, f64)>)> = std::iter::once(("kernel".to_owned(), rates(&kernel.cpu, &since))).chain(cpu).collect();
        if kernel.cpu.len() > 1 {
            let slowest = claims.iter().filter(|t| t.claim.measure == Measure::Cpu).filter_map(|t| t.step_s()).fold(0.0, f64::max);
            let hidden = bursts(&kernel.cpu, began, ended).into_iter().filter(|b| slowest > b.length_s() / 2.0);
            let marks = hidden.map(|b| mark(&b, &since)).collect();
            charts.push(timeline(of, "cpu", "CPU", "Cores over time; the kernel's curve is read each 100 ms, each source holds its mean between two samples. Marked are bursts that the slowest source hides.", "cores", lines, marks));
        }
        let memory = claims
            .iter()
            .filter(|t| t.claim.measure.memory() && !t.levels.is_empty())
            .map(|t| (t.claim.subject().to_string(), mib(&t.levels, &since)));
        let known =
            [Measure::MemoryUsage, Measure::WorkingSet, Measure::Rss].map(|m| (format!("kernel {}", m.word()), mib(&kernel.levels(m), &since)));
        let lines: Vec<_> = known.into_iter().filter(|(_, points)| !points.is_empty()).chain(memory).collect();
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
    let every = curve.len().div_ceil(POINTS).max(1);
    let points: Vec<(i64, f64)> = curve.points().iter().step_by(every).copied().collect();
    let rate = |w: &[(i64, f64)]| (since(Wall(w[0].0)), (w[1].1 - w[0].1) * 1e6 / (w[1].0 - w[0].0) as f64);
    let mut held: Vec<(f64, f64)> = points.windows(2).map(rate).collect();
    if let (Some(last), Some(end)) = (held.last().copied(), points.last()) {
        held.push((since(Wall(end.0)), last.1));
    }
    held
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
