//! Lines of the event `sched_switch` as tracefs shows them (ftrace.rst of the kernel's documentation).

use crate::{kept::plain, model::payload::RanFor};
use std::collections::{BTreeMap, BTreeSet};

/// Names that are told.
const TOLD: usize = 20;
/// Lines that are looked at.
const MOST: usize = 60_000;

/// What ran while it was traced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ran {
    /// By name, the longest first.
    pub tasks: Vec<RanFor>,
    /// Were events lost, or lines left out?
    pub lost: bool,
    /// From the first event to the last, s.
    pub over_s: f64,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Switch<'a> {
    cpu: u32,
    at_s: f64,
    prev: u32,
    next: u32,
    name: &'a str,
}

/// Adds up who ran for how long; idle CPUs and those that are `ours` are left out. Whoever ran when tracing began is known from the next turn on.
pub fn ran(text: &str, ours: &BTreeSet<u32>) -> Ran {
    let mut running: BTreeMap<u32, Switch<'_>> = BTreeMap::new();
    let mut sums: BTreeMap<&str, (BTreeSet<u32>, f64)> = BTreeMap::new();
    let (mut told, mut first, mut last) = (Ran::default(), None, 0.0_f64);
    for (n, line) in text.lines().enumerate() {
        told.lost |= loses(line) || n >= MOST;
        if n >= MOST {
            break;
        }
        let Some(switch) = Switch::of(line) else { continue };
        first.get_or_insert(switch.at_s);
        last = last.max(switch.at_s);
        // Another one that ran before: what lies between was not traced.
        if let Some(ran) = running.insert(switch.cpu, switch).filter(|ran| ran.next == switch.prev) {
            count(&mut sums, ran, switch.at_s, ours);
        }
    }
    for ran in running.into_values() {
        count(&mut sums, ran, last, ours);
    }
    told.over_s = first.map_or(0.0, |first| last - first);
    let one = |(name, (tasks, cpu_s)): (&str, (BTreeSet<u32>, f64))| RanFor {
        name: plain(name),
        tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
        cpu_s,
    };
    told.tasks = sums.into_iter().map(one).collect();
    told.tasks.sort_by(|a, b| b.cpu_s.total_cmp(&a.cpu_s));
    told.tasks.truncate(TOLD);
    told
}

fn count<'a>(sums: &mut BTreeMap<&'a str, (BTreeSet<u32>, f64)>, ran: Switch<'a>, until: f64, ours: &BTreeSet<u32>) {
    if ran.next != 0 && !ours.contains(&ran.next) {
        let sum = sums.entry(ran.name).or_default();
        sum.0.insert(ran.next);
        sum.1 += (until - ran.at_s).max(0.0);
    }
}

/// Does a line say that events are missing? `# entries-in-buffer/entries-written: 10/20   #P:2` and `CPU:0 [LOST 5 EVENTS]`.
fn loses(line: &str) -> bool {
    let written = |line: &str| {
        let (kept, written) = line.split_once("entries-written:")?.1.split_ascii_whitespace().next()?.split_once('/')?;
        Some(kept != written)
    };
    line.starts_with("CPU:") && line.contains("LOST") || line.starts_with('#') && written(line) == Some(true)
}

impl<'a> Switch<'a> {
    /// `COMM-PID [CPU] FLAGS SECONDS: sched_switch: prev_comm=A prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=B next_pid=2 next_prio=120`.
    /// Names may hold blanks and brackets.
    fn of(line: &'a str) -> Option<Switch<'a>> {
        let (before, event) = line.split_once(": sched_switch: ")?;
        let mut words = before.rsplit(' ').filter(|word| !word.is_empty());
        let at_s = words.next()?.parse::<f64>().ok().filter(|at| at.is_finite())?;
        let cpu = words.take(2).find_map(|word| word.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
        let (prev, next) = event.split_once(" ==> next_comm=")?;
        let number = |text: &str| text.split(' ').next().and_then(|n| n.parse().ok());
        let prev = number(prev.rsplit_once(" prev_pid=")?.1)?;
        let (name, next) = next.rsplit_once(" next_pid=")?;
        Some(Switch { cpu, at_s, prev, next: number(next)?, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cpu: u32, at: f64, prev: (u32, &str), next: (u32, &str)) -> String {
        let (prev_pid, prev) = prev;
        let (next_pid, next) = next;
        format!(
            "{prev:>16}-{prev_pid:<7} [{cpu:03}] d..2. {at:13.6}: sched_switch: prev_comm={prev} prev_pid={prev_pid} prev_prio=120 prev_state=S ==> \
             next_comm={next} next_pid={next_pid} next_prio=120\n"
        )
    }

    #[test]
    fn who_ran_is_told_by_name_with_what_ran_at_both_ends() {
        let idle = (0, "swapper/0");
        let text = [
            "# tracer: nop\n#\n# entries-in-buffer/entries-written: 5/5   #P:2\n#\n".to_owned(),
            line(0, 10.0, idle, (7, "a [b] c")),
            line(1, 10.1, (3, "was here"), (9, "cc1")),
            line(0, 10.2, (7, "a [b] c"), idle),
            line(0, 10.3, idle, (8, "a [b] c")),
            line(1, 10.4, (9, "cc1"), (11, "noise-probe-1")),
            line(0, 10.5, (8, "a [b] c"), (12, "late")),
            line(1, 11.0, (11, "noise-probe-1"), idle),
        ];
        let told = ran(&text.concat(), &BTreeSet::from([11]));
        let names: Vec<(&str, u32, u64)> = told.tasks.iter().map(|r| (r.name.as_str(), r.tasks, (r.cpu_s * 1e3).round() as u64)).collect();
        assert_eq!(names, [("late", 1, 500), ("a [b] c", 2, 400), ("cc1", 1, 300)]);
        assert!(!told.lost && (told.over_s - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_was_lost_is_said_and_never_guessed() {
        let idle = (0, "swapper/0");
        // Between these two somebody else must have run.
        let text = [line(0, 1.0, idle, (7, "a")), line(0, 5.0, (8, "b"), idle)].concat();
        assert!(ran(&text, &BTreeSet::new()).tasks.is_empty());
        for lost in ["# entries-in-buffer/entries-written: 5/9   #P:2\n", "CPU:1 [LOST 17 EVENTS]\n"] {
            assert!(ran(lost, &BTreeSet::new()).lost, "{lost}");
        }
        let crowd: String = (0..MOST + 10).map(|n| line(0, n as f64, idle, (7, "a"))).collect();
        assert!(ran(&crowd, &BTreeSet::new()).lost);
    }

    #[test]
    fn torn_and_hostile_lines_are_left_out() {
        let whole = line(3, 1.5, (1, "x ==> y"), (2, "prev_pid=9"));
        assert_eq!(Switch::of(whole.trim_end()).map(|s| (s.cpu, s.prev, s.next, s.name)), Some((3, 1, 2, "prev_pid=9")));
        for length in 0..whole.len() - 20 {
            let _never_a_panic = Switch::of(&whole[..length]);
        }
        for odd in [
            "",
            ": sched_switch: ",
            "a-1 [0x] d 1.0: sched_switch: prev_comm=",
            "a-1 [001] d NaN: sched_switch: prev_comm=a prev_pid=1 ==> next_comm=b next_pid=2",
        ] {
            assert_eq!(Switch::of(odd), None, "{odd}");
        }
    }
}
