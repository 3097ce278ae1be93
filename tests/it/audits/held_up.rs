//! A load generator that was itself held up: its lateness is not blamed on others, and excuses nothing that it cannot explain.

use super::{
    case::{bound, finding, judge, shown},
    evidence::Simulated,
    rig,
    sim::Request,
};
use rigcheck::model::outcome::Status;

/// What LAT-14 says of the log's total after a change of every request.
fn of_log(change: impl Fn(usize, &mut Request)) -> (Status, String) {
    let said = judge(&*bound(), &rig::full(), &Simulated::new(71, 240).with(change).evidence());
    let found = finding(&said, "LAT-14", "access_log:total");
    (found.status, format!("{}\n{}", found.because.join("; "), shown(&said)))
}

/// The client reads a part of the requests late.
fn late(request: &mut Request, i: usize, by: f64) {
    if i.is_multiple_of(4) {
        request.client.map(|t| t + by);
    }
}

#[test]
fn lateness_of_its_own_is_not_blamed_on_a_source() {
    let (status, told) = of_log(|i, r| late(r, i, 120.0));
    assert_eq!(status, Status::Fail, "nothing explains it\n{told}");
    let (status, told) = of_log(|i, r| {
        late(r, i, 120.0);
        r.held_up = if i % 4 == 0 { 45.0 } else { 0.0 };
    });
    assert_eq!(status, Status::Inconclusive, "{told}");
    assert!(told.contains("the load generator itself was held up during 60 of the requests, for up to 45.0 ms"), "{told}");
}

#[test]
fn it_excuses_nothing_that_it_cannot_explain() {
    let (status, told) = of_log(|i, r| {
        late(r, i, 120.0);
        r.held_up = 20.0;
    });
    assert_eq!(status, Status::Fail, "three times 20 ms are less than 120 ms\n{told}");
    let (status, told) = of_log(|_, r| {
        r.log.map(|t| t + 200.0);
        r.held_up = 100.0;
    });
    assert_eq!(status, Status::Fail, "no lateness of the client makes the log show more\n{told}");
}

#[test]
fn rare_lateness_of_its_own_is_no_rare_error_of_a_source() {
    // Every tenth request comes 400 ms late: more than 5 % of them, and none by a second.
    let of = |held_up: f64, log: f64| {
        let world = Simulated::new(73, 480).with(|i, r| {
            if i.is_multiple_of(10) {
                r.client.map(|t| t + 400.0);
                r.log.map(|t| t + log);
                r.held_up = held_up;
            }
        });
        let said = judge(&*bound(), &rig::full(), &world.evidence());
        let found = finding(&said, "LAT-16", "access_log:total");
        (found.status, found.because.join("; "))
    };
    let (status, told) = of(0.0, 0.0);
    assert_eq!(status, Status::Fail, "{told}");
    let (status, told) = of(140.0, 0.0);
    assert_eq!(status, Status::Inconclusive, "{told}");
    assert!(told.contains("the load generator itself was held up during 48 of the requests, for up to 140 ms"), "{told}");
    let (status, told) = of(60.0, 0.0);
    assert_eq!(status, Status::Fail, "three times 60 ms leave 220 ms\n{told}");
    let (status, told) = of(140.0, 1_200.0);
    assert_eq!(status, Status::Fail, "no lateness of the client makes the log show more\n{told}");
}

#[test]
fn nor_is_it_taken_for_a_wrong_clock_of_its_own() {
    let of_client = |held_up: f64| {
        let mut world = Simulated::new(72, 240);
        for request in &mut world.direct {
            request.client.map(|t| t + 60.0);
            request.held_up = held_up;
        }
        let said = judge(&*bound(), &rig::full(), &world.evidence());
        (finding(&said, "LAT-01", "load:total").status, shown(&said))
    };
    let (without, with, too_little) = (of_client(0.0), of_client(30.0), of_client(5.0));
    assert_eq!((without.0, with.0, too_little.0), (Status::Fail, Status::Inconclusive, Status::Fail), "{}\n{}\n{}", without.1, with.1, too_little.1);
}

#[test]
fn a_stalled_load_generator_fails_no_source_and_excuses_none_that_shows_more() {
    // In two of three requests it stalls, and they come later than the stall itself explains: a queue has grown meanwhile.
    let of = |rule: &str, log: f64| {
        let world = Simulated::new(79, 240).with(|i, r| {
            r.log.map(|t| t + log);
            if i % 3 > 0 {
                r.client.map(|t| t + 700.0 + 5.0 * (i % 80) as f64);
                (r.stalled, r.held_up) = (true, 260.0);
            }
        });
        let said = judge(&*bound(), &rig::full(), &world.evidence());
        let found = finding(&said, rule, "access_log:total");
        (found.status, format!("{}; {}", found.observed, found.because.join("; ")))
    };
    for rule in ["LAT-14", "LAT-16"] {
        let (status, told) = of(rule, 0.0);
        assert_eq!(status, Status::Inconclusive, "{rule}: {told}");
    }
    let (_, told) = of("LAT-16", 0.0);
    assert!(told.contains("160 of 240 requests are set aside") && told.contains("0 of 80 requests"), "no line through late requests: {told}");
    let (status, told) = of("LAT-14", 200.0);
    assert_eq!(status, Status::Fail, "no stall of the client makes the log show more\n{told}");
}
