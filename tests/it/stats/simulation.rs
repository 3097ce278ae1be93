//! A small rig: requests in time order, each source a few milliseconds inside the client's measurement, stalls that several requests share.

use super::Dice;
use rigcheck::stats::{Answer, episodes, location, location_within, share_at_most, slope_within, theil_sen};

const REQUESTS: usize = 480;
const RUNS: usize = 300;
/// 2 % of a median of 480 ms.
const D: f64 = 9.6;

/// One request of a run, in milliseconds.
struct Request {
    start: f64,
    planted: f64,
    /// Client minus source.
    hop: f64,
}

/// 15 requests per second over 32 s, planted delays from a shuffled grid, skewed hops, and stalls every 2 s on average that add up to their own
/// length to each request that ends in one.
fn run(dice: &mut Dice) -> Vec<Request> {
    let grid = [60.0, 140.0, 300.0, 480.0, 700.0, 1_300.0];
    let mut planted: Vec<f64> = (0..REQUESTS).map(|i| grid[i % grid.len()] * (0.8 + 0.4 * dice.uniform())).collect();
    dice.shuffle(&mut planted);
    let mut stalls = Vec::new();
    let mut at = 0.0;
    while at < 34_000.0 {
        at += dice.exponential(2_000.0);
        stalls.push((at, at + dice.lognormal(25.0, 0.9)));
    }
    let request = |(i, planted): (usize, f64)| {
        let start = i as f64 * 1_000.0 / 15.0;
        let end = start + planted;
        let held: f64 = stalls.iter().filter(|(from, to)| (from..to).contains(&&end)).map(|(_, to)| to - end).sum();
        Request { start, planted, hop: dice.lognormal(2.0, 0.8) + held }
    };
    planted.into_iter().enumerate().map(request).collect()
}

fn answers(seed: u64, judge: impl Fn(Vec<Request>) -> Answer) -> (usize, usize) {
    let mut dice = Dice::seeded(seed);
    let all: Vec<Answer> = (0..RUNS).map(|_| judge(run(&mut dice))).collect();
    let count = |wanted: fn(&Answer) -> bool| all.iter().filter(|a| wanted(a)).count();
    (count(|a| *a == Answer::Pass), count(|a| *a == Answer::Fail))
}

fn shifted(requests: &[Request], by: f64) -> Vec<f64> {
    requests.iter().map(|r| r.hop + by).collect()
}

#[test]
fn a_clean_run_passes_on_location_and_a_shift_of_20_ms_fails() {
    let (passed, failed) = answers(11, |r| location_within(&location(&shifted(&r, 0.0)).unwrap(), -D, D));
    assert!(failed * 100 < RUNS, "{failed} false FAIL of {RUNS}");
    assert!(passed * 100 > 95 * RUNS, "{passed} PASS of {RUNS}");
    for by in [20.0, -20.0] {
        let (passed, failed) = answers(12, |r| location_within(&location(&shifted(&r, by)).unwrap(), -D, D));
        assert!(failed * 100 > 99 * RUNS, "{failed} found of {RUNS} at {by} ms");
        assert_eq!(passed, 0, "PASS at {by} ms");
    }
}

#[test]
fn a_clean_run_passes_on_slope_and_a_source_5_percent_short_fails() {
    let judge = |scale: f64| {
        move |r: Vec<Request>| {
            let x: Vec<f64> = r.iter().map(|r| r.planted).collect();
            let y: Vec<f64> = r.iter().map(|r| r.hop + scale * r.planted).collect();
            // A quarter of the points keeps an unoptimised build quick.
            let thin = |v: Vec<f64>| v.into_iter().step_by(4).collect::<Vec<_>>();
            slope_within(&theil_sen(&thin(x), &thin(y), 20.0).unwrap(), 0.02)
        }
    };
    let (passed, failed) = answers(13, judge(0.0));
    assert!(failed * 100 < RUNS && passed * 100 > 95 * RUNS, "{passed} PASS, {failed} FAIL of {RUNS}");
    let (passed, failed) = answers(14, judge(0.05));
    assert!(failed * 100 > 99 * RUNS && passed == 0, "{passed} PASS, {failed} FAIL of {RUNS}");
}

#[test]
fn stalls_shared_by_many_requests_do_not_fail_a_clean_run_that_counting_requests_would() {
    // One stall of 1.5 s in each run: some twenty requests late, one cause.
    let hit = |r: &[Request]| -> Vec<f64> {
        let late = |r: &Request| (15_000.0..16_500.0).contains(&(r.start + r.planted)) || r.hop > 300.0;
        r.iter().filter(|r| late(r)).map(|r| r.start + r.planted).collect()
    };
    let by_episode = answers(15, |r| share_at_most(episodes(&hit(&r), REQUESTS as u64, 250.0), REQUESTS as u64, 0.05));
    let by_request = answers(15, |r| share_at_most(hit(&r).len() as u64, REQUESTS as u64, 0.05));
    assert_eq!(by_episode, (RUNS, 0));
    assert!(by_request.0 < RUNS / 2, "{} PASS when each counts", by_request.0);
}
