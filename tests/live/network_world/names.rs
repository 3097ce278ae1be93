//! A server of names.

use super::world;
use crate::{
    stack,
    support::netns::{Dns, Plan, Record, World},
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, ToSocketAddrs, UdpSocket},
    time::Duration,
};

#[test]
fn a_client_resolves_what_was_recorded_and_sees_it_move() {
    const TEST: &str = "a_client_resolves_what_was_recorded_and_sees_it_move";
    let [one, two, moved] = [1, 2, 3].map(|last| IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)));
    let Some(world) = world(TEST, Plan::delay_ms(5.0)) else { return };
    let server = world.server_v4();
    let fixed = [Record::address("v6.test", world.server_v6(), 60), Record::alias("llm.test", "api.test", 60), Record::absent("gone.test")];
    let records = |addresses: &[IpAddr]| {
        let api = addresses.iter().map(|address| Record::address("api.test", *address, 30));
        api.chain(fixed.iter().cloned()).collect::<Vec<_>>()
    };
    let Some(mut dns) = stack::or_skip(TEST, Dns::start(world.server(), server, &records(&[one, two]))) else { return };
    world.client().resolves_by(&[server]).expect("a file");

    assert_eq!(resolve(&world, "api.test").expect("two addresses"), [one, two]);
    assert_eq!(resolve(&world, "llm.test").expect("what its alias has"), [one, two]);
    assert_eq!(resolve(&world, "v6.test").expect("an address"), [world.server_v6()]);
    resolve(&world, "gone.test").expect_err("it does not exist");
    let answers = ["api", "v6", "gone", "else"].map(|name| ask(&world, name));
    assert_eq!(answers.map(|a| a.code), [0, 0, 3, 5], "NXDOMAIN is 3, REFUSED 5 (RFC 1035, section 4.1.1)");
    assert_eq!(answers.map(|a| a.records), [2, 0, 0, 0], "v6 has an address, but none of IPv4");
    assert_eq!(answers[0].last_ttl, Some(30));

    dns.change(world.server(), &records(&[moved])).expect("it starts again");
    assert_eq!(resolve(&world, "llm.test").expect("the new address"), [moved]);
    let told = world.client().run("getent", &["ahosts", "api.test"]).expect("getent starts");
    assert!(String::from_utf8_lossy(&told.stdout).starts_with("203.0.113.3 "), "a program asks the same server");

    let exchanges = world.relay().settled_log(1.0).exchanges(53);
    assert!(exchanges.len() > 5 && exchanges.iter().all(|e| e.round_trip_ns.is_some_and(|ns| ns > 10_000_000)), "{exchanges:?}");
}

/// The addresses that the C library finds, sorted.
fn resolve(world: &World, name: &str) -> io::Result<Vec<IpAddr>> {
    let found = world.client().enter(|| (name, 443).to_socket_addrs())??;
    let mut addresses: Vec<_> = found.map(|address| address.ip()).collect();
    addresses.sort();
    Ok(addresses)
}

/// What a question for the IPv4 addresses of `<name>.test` is answered.
#[derive(Clone, Copy)]
struct Answer {
    code: u8,
    records: u8,
    last_ttl: Option<u32>,
}

fn ask(world: &World, name: &str) -> Answer {
    let mut question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00".to_vec();
    for label in [name, "test"] {
        question.push(label.len() as u8);
        question.extend(label.as_bytes());
    }
    question.extend(b"\x00\x00\x01\x00\x01");
    let answer = world.client().enter(|| {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        socket.send_to(&question, (world.server_v4(), 53))?;
        let mut answer = vec![0; 512];
        let length = socket.recv(&mut answer)?;
        answer.truncate(length);
        io::Result::Ok(answer)
    });
    let answer = answer.and_then(|answer| answer).expect("an answer");
    // it stands before the address of four bytes and that one's length
    let last_ttl = (answer[7] > 0).then(|| answer[answer.len() - 10..].first_chunk().copied().map(u32::from_be_bytes)).flatten();
    Answer { code: answer[3] & 0x0f, records: answer[7], last_ttl }
}
