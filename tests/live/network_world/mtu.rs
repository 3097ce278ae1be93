//! A path MTU below that of the devices.

use super::{fetch, plain, world};
use crate::support::netns::{Conditions, Direction, Fate, Largest, Plan, Why};
use std::io::ErrorKind;

const BODY: usize = 8 << 10;

fn through(told: bool) -> Plan {
    let narrow = Conditions { largest: Some(Largest { bytes: 1300, told }), ..Conditions::delay_ms(5.0) };
    Plan { first: [narrow.clone(), narrow], ..Plan::default() }
}

#[test]
fn a_body_stalls_in_an_mtu_black_hole_after_a_good_handshake() {
    let Some(world) = world("a_body_stalls_in_an_mtu_black_hole_after_a_good_handshake", through(false)) else { return };
    let _server = plain(&world, BODY);
    let error = fetch(&world, world.server_v4()).expect_err("no segment of the body passes in full");
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    let log = world.relay().log();
    let flow = log.flow(log.client_ports()[0]);
    assert!(flow.handshake_relay_ns().is_some() && flow.retransmissions(Direction::Reverse) > 0);
    let is_too_large = |fate| fate == Fate::Dropped(Why::TooLarge { told: false });
    assert!(log.packets.iter().all(|p| is_too_large(p.fate) == (p.bytes > 1300)));
}

#[test]
fn a_sender_that_is_told_the_path_mtu_sends_smaller_packets() {
    let Some(world) = world("a_sender_that_is_told_the_path_mtu_sends_smaller_packets", through(true)) else { return };
    let _server = plain(&world, BODY);
    for from in [world.server_v4(), world.server_v6()] {
        let answer = fetch(&world, from).expect("the body passes");
        assert!(answer.len() > BODY, "{from}: {} bytes", answer.len());
    }
    let log = world.relay().settled_log(1.0);
    for port in log.client_ports() {
        let flow = log.flow(port);
        let told = flow.packets.iter().filter(|p| p.fate == Fate::Dropped(Why::TooLarge { told: true })).count();
        assert!((1..=10).contains(&told), "{told} packets were too large");
        assert!(flow.packets.iter().any(|p| p.written_ns().is_some() && p.bytes == 1300), "then they are as large as they may be");
    }
}
