//! Runs of the matrix, three at a time (an audit waits most of its time): a rig per lane, with another gateway for each run.

use crate::{
    audited::{Audited, QUIET},
    disturb::{self, Held},
    rig::{Gateway, Rig, Turn},
    rows::{Does, Row},
    stack::NotUp,
    witness::shown,
};
use std::{
    io::{self, Write},
    sync::Mutex,
    thread,
};

/// Disturbances of some seconds that fit into one load, one after the other.
const AT_MOST_LASTING: usize = 3;

/// Runs of a pack until one is undisturbed.
pub const TRIES: usize = 3;

/// Rows that share one run.
pub struct Pack(pub Vec<&'static Row>);

/// A pack, and what the audit said.
pub struct Ran {
    pub pack: Pack,
    pub audited: Audited,
    /// Rows whose disturbance the recorded answers do not show.
    pub unseen: Vec<&'static str>,
}

impl Pack {
    /// Whom the row touches nobody here touches, or only rows that are as quiet as it is; and the load is long enough for all.
    pub fn has_room_for(&self, row: &Row) -> bool {
        let takes_time = |does: &Does| matches!(does, Does::FreezePrometheus | Does::RefusePages | Does::RestartPrometheus | Does::ForeignTraces(_));
        let lasting = self.does().chain(row.does.iter().copied()).filter(takes_time).count();
        // What reads rarely sees nothing of what happens between.
        let rare = |row: &Row| row.does.iter().any(|does| matches!(does, Does::Interval(_)));
        let bears = |other: &Row| other.is_quiet() && row.is_quiet() && !rare(other) && !rare(row);
        lasting <= AT_MOST_LASTING && self.0.iter().all(|other| !other.meets(row) || bears(other))
    }

    pub fn name(&self) -> String {
        self.0.iter().map(|row| row.name).collect::<Vec<_>>().join("+")
    }

    fn does(&self) -> impl Iterator<Item = Does> {
        self.0.iter().flat_map(|row| row.does).copied()
    }

    fn gateway(&self) -> Gateway {
        let faults: Vec<_> = self.does().filter_map(|d| if let Does::Gateway(fault) = d { Some(fault) } else { None }).collect();
        let faketime = self.does().find_map(|d| if let Does::Clock(offset) = d { Some(offset) } else { None });
        Gateway { faults: faults.join(","), faketime, ..Gateway::REPAIRED }
    }

    /// The rig's spec with what the rows change in it.
    fn spec(&self, rig: &Rig, requests: u64) -> String {
        let case: String = self.does().map(|does| if let Does::Case(setting) = does { format!(", {setting}") } else { String::new() }).collect();
        let spec = rig.spec(&format!("audit: {{requests: {requests}}}{case}"));
        self.does().fold(spec, |spec, does| match does {
            Does::Total(definition) => changed(&spec, "max_tokens: 64", &format!("max_tokens: 64, timing: {{total: {definition}}}")),
            Does::Claim(claim) => changed(&spec, "metrics:\n", &format!("metrics:\n  {claim}\n")),
            Does::Exemplars => spec.replace("unit: s, match", "unit: s, exemplars: true, match"),
            Does::Engine(engine) => {
                changed(&spec, "sources:\n", &format!("sources:\n  {engine}: {{kind: prometheus, url: {}}}\n", rig.stack.url(engine)))
            }
            Does::LogNamedInSeconds => {
                let spec = changed(&spec, "field: duration_ms, unit: ms", "field: duration_s, unit: s");
                changed(&spec, "field: ttft_ms, unit: ms", "field: ttft_s, unit: s")
            }
            Does::Front(_) => rig.through_front(&spec),
            _ => spec,
        })
    }

    /// The parts that stand beside the rig, with their options: before the gateway starts, and after.
    fn parts(&self, rig: &Rig) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
        let (mut before, mut after) = (vec![], vec![]);
        let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        for does in self.does() {
            match does {
                Does::Collector(options) => before.push(words(&[&["collector"], options].concat())),
                Does::Front(buffering) => after.push(words(&["front", "--upstream", rig.stack.url("gateway"), "--buffering", buffering])),
                Does::Engine(engine) => after.push(words(&[engine, "--targets", "gateway", "--interval", "1s"])),
                _ => {}
            }
        }
        (before, after)
    }

    /// What is left of the rig serves no other run.
    fn wears_out(&self) -> bool {
        self.does().any(|d| matches!(d, Does::Interval(_) | Does::RestartPrometheus))
    }
}

fn changed(spec: &str, from: &str, to: &str) -> String {
    assert!(spec.contains(from), "{spec}");
    spec.replacen(from, to, 1)
}

/// Runs all packs, in three lanes, each up to so many times until its run is undisturbed; what came of them in their order.
pub fn run(packs: Vec<Pack>, requests: u64, tries: usize) -> Result<Vec<Ran>, NotUp> {
    let all = packs.len();
    let left = Mutex::new(packs.into_iter().enumerate().rev().collect::<Vec<_>>());
    let done = Mutex::new(vec![]);
    let next = || left.lock().ok().and_then(|mut left| left.pop());
    let lane = || -> Result<(), NotUp> {
        let mut rig: Option<Rig> = None;
        while let Some((place, pack)) = next() {
            let (mut audited, mut unseen) = one(&mut rig, &pack, requests)?;
            for _ in 1..tries {
                if audited.busy <= QUIET {
                    break;
                }
                (audited, unseen) = one(&mut rig, &pack, requests)?;
            }
            let Ok(mut done) = done.lock() else { continue };
            let ran = Ran { pack, audited, unseen };
            let _ = writeln!(
                io::stderr(),
                "{:>3} of {all}: {}: {} in {:.0} s{}",
                done.len() + 1,
                ran.pack.name(),
                ran.audited.verdict(),
                ran.audited.took.as_secs_f64(),
                crate::judge::wrong(&ran).iter().fold(String::new(), |text, wrong| text + "\n    " + wrong)
            );
            done.push((place, ran));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let lanes = [scope.spawn(lane), scope.spawn(lane), scope.spawn(lane)];
        lanes.into_iter().try_for_each(|lane| lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    let mut done = done.into_inner().expect("no lane panicked");
    done.sort_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, ran)| ran).collect())
}

fn one(rig_of_lane: &mut Option<Rig>, pack: &Pack, requests: u64) -> Result<(Audited, Vec<&'static str>), NotUp> {
    let fresh = rig_of_lane.is_none();
    let rig = match rig_of_lane {
        Some(rig) => rig,
        None => rig_of_lane.insert(start(pack.gateway())?),
    };
    let (first, _) = pack.parts(rig);
    add(rig, &first)?;
    // A gateway looks for the collector when it starts.
    if !fresh || !first.is_empty() {
        rig.replace_gateway(pack.gateway())?;
    }
    let (_, then) = pack.parts(rig);
    add(rig, &then)?;
    let audited = disturbed(rig, pack, requests)?;
    // What was recorded ends with the rig.
    let unseen = pack.0.iter().filter(|row| !shown(row.shows, &audited)).map(|row| row.name).collect();
    for part in first.iter().chain(&then) {
        rig.stack.down(&part[0]);
    }
    if pack.wears_out() {
        *rig_of_lane = None;
    }
    Ok((audited, unseen))
}

fn add(rig: &mut Rig, parts: &[Vec<String>]) -> Result<(), NotUp> {
    parts.iter().try_for_each(|part| rig.stack.add(&part.iter().map(String::as_str).collect::<Vec<_>>()))
}

fn disturbed(rig: &Rig, pack: &Pack, requests: u64) -> Result<Audited, NotUp> {
    // What needs scrapes beforehand comes before they get rare.
    let (rare, often): (Vec<_>, Vec<_>) = pack.does().partition(|does| matches!(does, Does::Interval(_)));
    let before: Vec<Held> = often.into_iter().chain(rare).map(|does| disturb::before(rig, does)).collect::<Result<_, _>>()?;
    let mut meanwhile = vec![];
    let audited = rig.audit_spec_in_turn(&Turn::take(1), &pack.name(), &pack.spec(rig, requests), || {
        rig.wait_for_answers(requests as usize / 3);
        meanwhile.extend(pack.does().map(|does| disturb::meanwhile(rig, does)));
    });
    drop((before, meanwhile));
    Ok(audited)
}

/// A rig whose Prometheus also records.
fn start(gateway: Gateway) -> Result<Rig, NotUp> {
    Rig::start_with(gateway, &["--interval", "1s", "--rules", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/recording.yml")])
}
