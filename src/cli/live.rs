//! A quiet window while it lasts: what others use, what the hypervisor takes, how often a CPU was not to be had, and who it is.

use crate::model::{
    payload::{IdleSecond, UsedBy},
    units::Share,
};
use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// Seconds that a line shows.
const SHOWN: usize = 40;
/// Eighths of a character's height.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What was seen so far.
#[derive(Default)]
pub struct Live(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    others: VecDeque<f64>,
    steal: VecDeque<f64>,
    stalls: VecDeque<f64>,
    waits: VecDeque<f64>,
    who: Vec<String>,
}

impl Live {
    /// Takes in a second, and shows what there is: a line each, or one line in a few words.
    pub fn second(&self, second: &IdleSecond, who: &[UsedBy], lines: bool) -> String {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = |used: f64| used / second.over_s.max(1e-3);
        push(&mut seen.others, rate(second.others_s()));
        push(&mut seen.steal, rate(second.steal_s.unwrap_or(0.0)));
        push(&mut seen.stalls, second.stalls as f64);
        push(&mut seen.waits, second.pressure.map_or(0.0, |p| rate(p.io_full_s + p.memory_full_s)));
        let cores = |used: &UsedBy| rate(used.when.last().map_or(used.cpu_s, |(_, cpu)| *cpu));
        seen.who = who.iter().filter(|used| cores(used) >= 0.005).map(|used| format!("{} {}", used.by, Share(cores(used)))).collect();
        if lines { seen.lines() } else { seen.words() }
    }
}

impl Seen {
    fn lines(&self) -> String {
        let now = |of: &VecDeque<f64>| of.back().copied().unwrap_or(0.0);
        let most = |of: &VecDeque<f64>| of.iter().copied().fold(0.0, f64::max);
        let line = |what: &str, of: &VecDeque<f64>, full: f64, told: String| format!("    {what:<14}{:<SHOWN$}  {told}", bars(of, full));
        let share = |of: &VecDeque<f64>| format!("{} of a CPU, at most {}", Share(now(of)), Share(most(of)));
        let mut all = vec![line("others", &self.others, most(&self.others).max(0.2), share(&self.others))];
        all.push(line("hypervisor", &self.steal, most(&self.steal).max(0.2), share(&self.steal)));
        all.push(line(
            "stalls > 1 ms",
            &self.stalls,
            most(&self.stalls).max(4.0),
            format!("{:.0} now, {:.0} shown", now(&self.stalls), self.stalls.iter().sum::<f64>()),
        ));
        all.push(line("all wait", &self.waits, 1.0, format!("{} of the time for memory or a disk", Share(now(&self.waits)))));
        all.push(format!("    {:<14}{}", "who", if self.who.is_empty() { "nobody".into() } else { self.who.join(" · ") }));
        all.join("\n")
    }
    fn words(&self) -> String {
        let others = Share(self.others.back().copied().unwrap_or(0.0));
        let who = if self.who.is_empty() { String::new() } else { format!(": {}", self.who.join(", ")) };
        format!("others use {others} of a CPU{who}")
    }
}

fn push(values: &mut VecDeque<f64>, value: f64) {
    if values.len() == SHOWN {
        values.pop_front();
    }
    values.push_back(value);
}

/// A bar each, the highest for `full` and above.
fn bars(values: &VecDeque<f64>, full: f64) -> String {
    let bar = |value: &f64| BARS[((value / full * 8.0).ceil() as usize).clamp(1, 8) - 1];
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::By;

    #[test]
    fn a_window_is_drawn_second_by_second() {
        let live = Live::default();
        let used = |cpu_s: f64| UsedBy {
            by: By::Process { pid: 7, name: "cron".into(), kernel: false },
            programs: vec![],
            cpu_s: 9.0,
            when: vec![(0, cpu_s)],
            nice: None,
        };
        let second = |busy_s: f64, stalls: u64| IdleSecond { over_s: 1.0, busy_s, stalls, steal_s: Some(0.0), ..IdleSecond::default() };
        live.second(&second(0.0, 0), &[], true);
        live.second(&second(0.8, 4), &[used(0.75)], true);
        let shown = live.second(&second(0.4, 1), &[used(0.001), used(0.35)], true);
        let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
        assert_eq!(lines.len(), 5, "{shown}");
        assert!(lines[0].starts_with("    others        ▁█▄ ") && lines[0].ends_with("40 % of a CPU, at most 80 %"), "{shown}");
        assert!(lines[1].starts_with("    hypervisor    ▁▁▁ "), "{shown}");
        assert!(lines[2].starts_with("    stalls > 1 ms ▁█▂ ") && lines[2].ends_with("1 now, 5 shown"), "{shown}");
        assert_eq!(lines[4], "    who           cron (process 7) 35 %");
        assert_eq!(live.second(&second(0.1, 0), &[used(0.1)], false), "others use 10 % of a CPU: cron (process 7) 10 %");
    }

    #[test]
    fn only_so_many_seconds_are_shown() {
        let mut values = VecDeque::new();
        (0..100).for_each(|n| push(&mut values, f64::from(n)));
        assert_eq!((values.len(), values[0], bars(&values, 99.0).chars().count()), (SHOWN, 60.0, SHOWN));
    }
}
