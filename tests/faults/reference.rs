//! Every fault of the reference rig, and four clean runs among them, in one go: several at once, so that each run has the
//! others' noise, and nobody else's.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on must stop; a person can ask for a few faults only")]

use crate::{
    embedded::{Run, of_its_load, of_reference_in_short, of_resources},
    silence::gained_by_silence,
    support::{
        audited::QUIET,
        busy::Busy,
        turn::{CHILDREN, Turn},
    },
};
use futures_util::StreamExt;
use rigcheck::{
    model::{evidence::Gap, outcome::Status},
    reference::faults::{ALL, Fault},
    scoring::Verdict,
};
use std::{collections::BTreeSet, fmt::Write as _, io::Write as _, time::Instant};

/// As many requests as the demo sends: the least at which every rule can pass.
const REQUESTS: u64 = 300;
/// A run waits most of its time: so many share two cores without being late.
const AT_ONCE: usize = 6;
/// Runs whose evidence one thread takes away, piece by piece.
const JUDGED_BY_ONE: usize = 16;
/// From here on the load generator itself says that it stalled, ms.
const STALL: f64 = 250.0;
/// Shorter hold-ups of the load generator, ms, move no figure beyond its margin.
const HELD_UP: f64 = 150.0;
/// Runs without a fault in each round.
const CLEAN: usize = 2;

/// What came of one run.
struct Row {
    fault: Option<&'static Fault>,
    run: Run,
    wrong: Vec<String>,
    /// How busy the processors were with whatever else ran; looked at only where no other run of these was beside it.
    busy: Option<f64>,
}

impl Row {
    async fn of(fault: Option<&'static Fault>) -> Row {
        let run = match fault {
            Some(fault) if of_usage(fault) => of_resources(fault).await,
            Some(_) => of_reference_in_short(fault).await,
            None => of_its_load(REQUESTS).await,
        };
        let wrong = match fault {
            Some(fault) => wrong_with(fault, &run),
            None => wrong_with_clean(&run),
        };
        Row { fault, run, wrong, busy: None }
    }
    /// Once more, without the others.
    async fn again(&mut self) {
        let busy = Busy::watch();
        *self = tokio::spawn(Row::of(self.fault)).await.unwrap();
        self.busy = Some(busy.share());
    }
    fn name(&self) -> &'static str {
        self.fault.map_or("(clean)", |f| f.name)
    }
    /// Is nothing wrong but that a rule could not tell what it must find, or that no fault is there?
    fn left_open(&self) -> bool {
        let Some(fault) = self.fault else { return self.wrong.is_empty() && self.verdict() != Verdict::Ready };
        if self.wrong.is_empty() {
            return false;
        }
        let (failed, open) = (self.run.rules(Status::Fail), self.run.rules(Status::Inconclusive));
        let expected: BTreeSet<String> = set(fault.found_by).union(&set(fault.may_also)).cloned().collect();
        let missed: BTreeSet<String> = set(fault.found_by).difference(&failed).cloned().collect();
        failed.is_subset(&expected) && missed.is_subset(&open) && broken(&self.run).is_empty()
    }
    /// Did nothing hold the load generator up, or keep the processors from it?
    fn undisturbed(&self) -> bool {
        self.run.held_up() < HELD_UP && self.busy.is_none_or(|share| share <= QUIET)
    }
    fn verdict(&self) -> Verdict {
        self.run.report.assessment.verdict
    }
}

/// Is it one of what is told of resources? Then no request is sent: it only waits while something burns.
fn of_usage(fault: &Fault) -> bool {
    fault.is_of("RES")
}

/// Does its burn keep memory?
fn of_memory(fault: &Fault) -> bool {
    fault.found_by.contains(&"RES-02")
}

fn wrong_with(fault: &Fault, run: &Run) -> Vec<String> {
    let (failed, must) = (run.rules(Status::Fail), set(fault.found_by));
    let may: BTreeSet<String> = must.union(&set(fault.may_also)).cloned().collect();
    let mut wrong = vec![];
    // A machine that stalls the load generator may leave a rule open. It must never make it pass, nor the rig READY.
    let stalled = run.held_up() >= STALL;
    let open = run.rules(Status::Inconclusive);
    let missed: Vec<_> = must.difference(&failed).filter(|rule| !(stalled && open.contains(*rule))).cloned().collect();
    if !missed.is_empty() {
        wrong.push(format!("not found by {}", missed.join(", ")));
    }
    let beside: Vec<_> = failed.difference(&may).cloned().collect();
    if !beside.is_empty() {
        wrong.push(format!("{} failed and should not", beside.join(", ")));
    }
    let verdict = run.report.assessment.verdict;
    let proven = verdict == Verdict::NotReady || stalled && verdict == Verdict::Indeterminate;
    if !proven && fault.tolerable.is_none() {
        wrong.push(format!("the verdict is {}", verdict.words()));
    }
    wrong.extend(broken(run));
    wrong
}

fn wrong_with_clean(run: &Run) -> Vec<String> {
    let mut wrong: Vec<String> = run.rules(Status::Fail).iter().map(|rule| format!("{rule} failed without a fault")).collect();
    wrong.extend(broken(run));
    wrong
}

/// What no run may have, whatever the rig does.
fn broken(run: &Run) -> Vec<String> {
    let errors = run.rules(Status::Error).into_iter().map(|rule| format!("{rule} broke"));
    let gaps = run.report.gaps();
    let unanswered = gaps.iter().map(|g| format!("{} unanswered: {}", g.keys[0], g.gap));
    errors.chain(unanswered).chain(run.report.interrupted.then(|| "interrupted".to_owned())).collect()
}

fn set(rules: &[&str]) -> BTreeSet<String> {
    rules.iter().map(|r| (*r).to_owned()).collect()
}

fn listed(rules: impl IntoIterator<Item = String>) -> String {
    let text = rules.into_iter().map(|r| r.trim_start_matches("LAT-").to_owned()).collect::<Vec<_>>().join(" ");
    if text.is_empty() { "-".into() } else { text }
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:22} {:14} {:26} {:26} {:14} {:11} {:>5} {:>7}\n",
        "fault", "found by", "also failed", "could not tell", "verdict", "score", "s", "held ms"
    );
    for row in rows {
        let (failed, must) = (row.run.rules(Status::Fail), row.fault.map(|f| set(f.found_by)).unwrap_or_default());
        let untold = row.run.rules(Status::Inconclusive).union(&row.run.rules(Status::NoData)).cloned().collect::<BTreeSet<_>>();
        let score = row.run.report.assessment.score;
        let _ = writeln!(
            text,
            "{:22} {:14} {:26} {:26} {:14} {:11} {:>5.1} {:>7.0}{}",
            row.name(),
            listed(must.intersection(&failed).cloned()),
            listed(failed.difference(&must).cloned()),
            listed(untold),
            row.verdict().words(),
            format!("{:.2} … {:.2}", score.lo, score.hi),
            row.run.took.as_secs_f64(),
            row.run.held_up(),
            row.wrong.iter().fold(String::new(), |text, wrong| text + "  ✗ " + wrong),
        );
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_found_by_its_rules_and_a_clean_rig_by_none() {
    let rounds: usize = std::env::var("RIGCHECK_MATRIX_ROUNDS").ok().map_or(1, |n| n.parse().unwrap());
    let only = std::env::var("RIGCHECK_MATRIX_ONLY").unwrap_or_default();
    let children = CHILDREN.lock().await;
    let turn = tokio::task::spawn_blocking(Turn::alone).await.unwrap();
    let begun = Instant::now();
    let mut jobs: Vec<Option<&'static Fault>> = vec![];
    for (i, fault) in ALL.iter().enumerate() {
        if i % ALL.len().div_ceil(CLEAN) == 0 {
            jobs.push(None);
        }
        jobs.push(Some(fault));
    }
    if !only.is_empty() {
        jobs.retain(|fault| only.split(',').any(|o| o == fault.map_or("clean", |f| f.name)));
    }
    let jobs: Vec<_> = (0..rounds).flat_map(|_| jobs.clone()).enumerate().collect();
    // Those that burn are seen in this process' CPU time by each other, so they run at one time, and what they are compared with is
    // all that the process used. Memory that one gives back would be missing from another's: they take turns.
    let (burning, sending): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|(_, fault)| fault.is_some_and(of_usage));
    let (keeping, burning): (Vec<_>, Vec<_>) = burning.into_iter().partition(|(_, fault)| fault.is_some_and(of_memory));
    let run = async |(place, fault)| (place, tokio::spawn(Row::of(fault)).await.unwrap());
    let mut placed: Vec<(usize, Row)> = futures_util::future::join_all(burning.into_iter().map(run)).await;
    for job in keeping {
        placed.push(run(job).await);
    }
    let sending = futures_util::stream::iter(sending).map(run).buffer_unordered(AT_ONCE);
    placed.extend(sending.collect::<Vec<_>>().await);
    // What the others' noise left open is looked at once more, without them: then it must be found.
    let mut again = vec![];
    for (_, row) in placed.iter_mut().filter(|(_, row)| row.left_open()) {
        again.push(format!("{}: {} {}", row.name(), row.verdict().words(), row.wrong.join("; ")));
        row.again().await;
    }
    drop((turn, children));
    placed.sort_by_key(|(place, _)| *place);
    let mut rows: Vec<Row> = placed.into_iter().map(|(_, row)| row).collect();
    let ran = begun.elapsed().as_secs_f64();
    // Judging takes the processor that measuring needs: only now.
    std::thread::scope(|scope| {
        for part in rows.chunks_mut(JUDGED_BY_ONE) {
            scope.spawn(|| part.iter_mut().for_each(|row| row.wrong.extend(gained_by_silence(&row.run, &[Gap::Unreachable("taken away".into())]))));
        }
    });

    println!("{}{} were run once more, by themselves: {again:?}", table(&rows), again.len());
    println!("{} runs in {ran:.0} s, judged in {:.0} s", rows.len(), begun.elapsed().as_secs_f64() - ran);
    for row in rows.iter().filter(|row| !row.wrong.is_empty() || row.fault.is_none() && row.verdict() != Verdict::Ready) {
        println!("\n{}: {}\n{}", row.name(), row.wrong.join("; "), row.run.told());
    }
    let wrong: Vec<_> = rows.iter().filter(|row| !row.wrong.is_empty()).map(|row| format!("{}: {}", row.name(), row.wrong.join("; "))).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    // A machine that is busy with something else may leave a clean run open; it must not make it fail (above).
    let undisturbed: Vec<_> = rows.iter().filter(|row| row.fault.is_none() && row.undisturbed()).map(Row::verdict).collect();
    let ready = undisturbed.iter().filter(|verdict| **verdict == Verdict::Ready).count();
    println!("{ready} of {} undisturbed clean runs are ready", undisturbed.len());
    if undisturbed.is_empty() {
        // Past the capture of the test runner: that a clean rig is READY was not shown this time.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: is a clean rig ready? Something else kept the processors busy, or held the load generator up for {HELD_UP} ms or longer, in each of {} clean runs",
            rows.iter().filter(|row| row.fault.is_none()).count()
        );
    }
    assert!(2 * ready >= undisturbed.len(), "only {ready} of {} undisturbed clean runs are ready", undisturbed.len());
}
