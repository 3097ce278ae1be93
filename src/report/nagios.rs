//! The report for a monitoring plugin: one line of at most 1 KiB with performance data, by the Monitoring Plugins
//! Development Guidelines. How the command ends then is [`code`]: the state of the service, never rigcheck's own codes.

use super::{Report, clean, outline::Outline};
use crate::{model::outcome::Status, scoring::Verdict};

/// Classic transports of check results cut after 1 KiB.
const MOST: usize = 1024;

/// The state of the service that a verdict is: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. A run that was cut short is UNKNOWN,
/// unless what it had judged by then is definite.
pub fn code(report: &Report) -> u8 {
    match report.assessment.verdict {
        Verdict::Ready | Verdict::ReadyWithWaivers if report.interrupted => 3,
        Verdict::Ready => 0,
        Verdict::ReadyWithWaivers => 1,
        Verdict::NotReady => 2,
        Verdict::Indeterminate => 3,
    }
}

/// The words of the four states.
pub const STATES: [&str; 4] = ["OK", "WARNING", "CRITICAL", "UNKNOWN"];

/// The line.
pub fn render(report: &Report) -> String {
    let outline = Outline::of(report);
    let (a, gate, h) = (&report.assessment, report.header.gate, &outline.headline);
    let state = STATES[usize::from(code(report))];
    let mut data = vec![];
    // Below the gate is critical: `T:` alerts on what lies outside T … ∞.
    let share = |label: &str, x: f64, gate: f64| x.is_finite().then(|| format!("{label}={x:.4};;{gate}:;0;1"));
    data.extend(share("score_lo", a.score.lo, gate.threshold));
    data.extend(share("score_hi", a.score.hi, gate.threshold));
    data.extend(share("coverage", a.coverage, gate.coverage));
    let counts = [
        ("pass", report.count(Status::Pass)),
        ("warn", report.count(Status::Warn)),
        ("fail", report.count(Status::Fail)),
        ("unknown", Status::ALL.into_iter().filter(|s| s.unknown()).map(|s| report.count(s)).sum()),
    ];
    data.extend(counts.map(|(label, n)| format!("{label}={n};;;0")));
    // By what was judged stands beside the data, where a long text does not cut it off.
    let tail = format!("{} | {}\n", judged_by(report), data.join(" "));
    let mut said = format!("{}: {}; score {}, coverage {}", h.verdict.words(), h.because, h.score, h.coverage);
    if report.interrupted {
        said.push_str("; interrupted");
    }
    if let Some(against) = &outline.against {
        said = format!("{said}; {}", against.lead);
        for warning in &against.warnings {
            said = format!("{said}; {warning}");
        }
    }
    let waivers = outline.waivers_by_state().into_iter().filter(|(state, many)| *state != "holds" && *many > 0);
    let waivers: Vec<_> = waivers.map(|(state, many)| format!("{many} {}", state.replace('_', " "))).collect();
    if !waivers.is_empty() {
        said = format!("{said}; waivers: {}", waivers.join(", "));
    }
    line(state, &said, &tail)
}

/// `; checks 2027.1, profile 8f14e45fceea167a`, as far as they were recorded; a recording may hold anything.
fn judged_by(report: &Report) -> String {
    let known = [("checks", &report.header.checks), ("profile", &report.header.profile)].into_iter().filter(|(_, text)| !text.is_empty());
    let known: Vec<_> = known.map(|(of, text)| format!("{of} {}", plain(text).chars().take(64).collect::<String>())).collect();
    if known.is_empty() { String::new() } else { format!("; {}", known.join(", ")) }
}

fn plain(text: &str) -> String {
    clean::line(text).replace('|', "/")
}

/// Text of the world in it must neither end the line nor begin the performance data.
fn line(state: &str, said: &str, tail: &str) -> String {
    let mut text = format!("RIGCHECK {state} - {}", plain(said));
    let room = MOST - tail.len();
    if text.len() > room {
        let cut = (0..=room - '…'.len_utf8()).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(cut);
        text.push('…');
    }
    text + tail
}

/// What a plugin says that could not do its work.
pub fn failed(why: &str) -> String {
    line(STATES[3], why, "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_and_keeps_its_data() {
        let shown = line("OK", &"ä|\n".repeat(2_000), " | a=1\n");
        assert!(shown.len() <= MOST && shown.ends_with("… | a=1\n"), "{}", shown.len());
        assert_eq!((shown.matches('|').count(), shown.matches('\n').count()), (1, 1));
        assert_eq!(failed("no spec"), "RIGCHECK UNKNOWN - no spec\n");
    }
}
