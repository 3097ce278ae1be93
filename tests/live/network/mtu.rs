//! What swallows large packets is found, and what says that they are too large is none.

use super::{baseline, endpoint, plain, probed, settings, world};
use crate::support::netns::{Conditions, Largest, Plan};
use rigcheck::model::{
    endpoint::Endpoint,
    payload::network::{LargeBody, PathMtu},
};
use std::time::Instant;

fn body(test: &str, largest: Option<Largest>) -> Option<(LargeBody, f64)> {
    let narrow = Conditions { largest, ..Conditions::delay_ms(2.0) };
    let world = world(test, Plan { first: [narrow.clone(), narrow], ..Plan::default() })?;
    let _server = plain(&world);
    let begun = Instant::now();
    let seen = baseline(&world, settings(), Endpoint { large_body: true, ..endpoint(&world.server_v4().to_string()) }, 3, 1);
    let told = probed(&seen);
    assert!(told.connects.iter().all(|c| c.http.is_some()), "small requests pass: {:?}", told.connects);
    let body = told.large_body.known().unwrap_or_else(|| panic!("{:?}", told.large_body)).clone();
    eprintln!(
        "{largest:?}: {:?}, answered {:?} µs, looks (ms, sent again) {:?}",
        body.path_mtu(),
        body.answered_us,
        body.looks.iter().map(|l| (l.after_us / 1000, l.tcp.total_retrans)).collect::<Vec<_>>()
    );
    Some((body, begun.elapsed().as_secs_f64()))
}

#[test]
fn a_black_hole_is_found() {
    let Some((body, took_s)) = body("a_black_hole_is_found", Some(Largest { bytes: 1300, told: false })) else { return };
    assert!(matches!(body.path_mtu(), PathMtu::BlackHole { mtu: 1500, retransmits } if retransmits >= 4), "{body:?}");
    assert!(body.status.is_none() && body.arrived() == Some(false) && took_s < 30.0, "{body:?}");
}

#[test]
fn a_narrow_path_that_says_so_is_no_black_hole() {
    let Some((body, _)) = body("a_narrow_path_that_says_so_is_no_black_hole", Some(Largest { bytes: 1300, told: true })) else { return };
    assert_eq!(body.path_mtu(), PathMtu::Found { from: 1500, to: 1300 }, "{body:?}");
    assert_eq!((body.status, body.arrived()), (Some(404), Some(true)));
}

#[test]
fn a_wide_path_carries_it() {
    let Some((body, _)) = body("a_wide_path_carries_it", None) else { return };
    assert_eq!((body.path_mtu(), body.status), (PathMtu::Passed { mtu: 1500 }, Some(404)), "{body:?}");
}
