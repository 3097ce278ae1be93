//! The small fixed loads on this machine, beside themselves: it is the same machine each time.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::print_stdout, reason = "a test that bounds its time and shows its figures")]

use rigcheck::{
    model::{
        audit::Context,
        evidence::{Evidence, Seen},
        key::{Key, Query, World},
        name::Name,
        outcome::Status,
        rows::InMemory,
        source::{Slot, Source as _},
        units::Wall,
    },
    sources::noise::Noise,
    spec::{self, Exec, Options},
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

const SPEC: &str =
    "version: 1\nrig: itself\nnoise: {}\ncases: {PERF_INFRA_ENVIRONMENT_NO_INTERFERENCE_003: {audit: {rounds: 3, runs: 8, pause: 50ms}}}\n";
/// So many times it is laid beside the one before.
const PAIRS: usize = 50;

/// Each calibration beside the one before: whatever the rule calls different is a false alarm, or the host's doing.
#[test]
#[ignore = "five minutes: `make faults` runs it"]
fn a_machine_is_seldom_called_another_one_than_itself() {
    let _turn = crate::rig::Turn::alone();
    let loaded =
        spec::load_text(SPEC, "a spec of the tests", Path::new("/nowhere"), &Options { checks_dir: None, env: &|_| None, exec: Exec::Refused });
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    let (case, rig) = (&loaded.cases[0], &loaded.profile.rig);
    let need = case.needs(rig).into_iter().find(|need| need.key.world == World::Live && matches!(need.key.query, Query::Calibrate(_))).unwrap();
    let (noise, runtime) = (Noise::new(None), tokio::runtime::Runtime::new().unwrap());
    let calibrate = || -> Arc<Seen> {
        let slot = Slot::detached(Instant::now() + Duration::from_mins(2), Arc::new(InMemory::default()));
        Arc::new(runtime.block_on(noise.ask(&need.key.query, need.effort, &slot)).unwrap())
    };
    let mut told: BTreeMap<(&str, Name), BTreeMap<Status, usize>> = BTreeMap::new();
    let mut before = calibrate();
    for _ in 0..PAIRS {
        let now = calibrate();
        let mut evidence = Evidence::default();
        evidence.put(need.key.clone(), Ok(Arc::clone(&now)));
        evidence.put(Key { world: World::Earlier(1), ..need.key.clone() }, Ok(std::mem::replace(&mut before, now)));
        let cx = Context { rig, evidence: &evidence, as_of: Wall(0) };
        for (nth, subject) in case.subjects(rig) {
            let rule = case.case().rules[nth].id.as_str();
            if let (Some(rule), Ok(Ok(found))) = (["INT-17", "INT-18"].into_iter().find(|r| *r == rule), case.judge_one(nth, &subject, &cx)) {
                *told.entry((rule, subject)).or_default().entry(found.status).or_default() += 1;
            }
        }
    }
    for ((rule, load), statuses) in &told {
        println!("{rule} {load}: {}", statuses.iter().map(|(status, n)| format!("{n} {}", status.word())).collect::<Vec<_>>().join(", "));
    }
    let failed = |rule: &str| -> usize { told.iter().filter(|((of, _), _)| *of == rule).filter_map(|(_, s)| s.get(&Status::Fail)).sum() };
    let asked: usize = told.values().flat_map(BTreeMap::values).sum();
    assert_eq!(asked, 2 * 3 * PAIRS, "{told:?}");
    // By 99.8 % intervals beyond 5 %; a guest whose host is uneven is another machine for some minutes.
    assert!(failed("INT-17") <= 3 * PAIRS / 20 && failed("INT-18") <= 3 * PAIRS / 20, "{told:?}");
}
