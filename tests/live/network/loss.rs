//! Loss is told by what the kernel sent again.

use super::{baseline, connection, endpoint, plain, probed, settings, world};
use crate::support::netns::{Conditions, Loss, Plan};

#[test]
fn each_handshake_that_lost_a_packet_is_told_and_no_other() {
    let lossy = || Conditions { loss: Loss::Syns(0.02), ..Conditions::delay_ms(5.0) };
    let plan = Plan { first: [lossy(), lossy()], seed: 11, ..Plan::default() };
    let Some(world) = world("each_handshake_that_lost_a_packet_is_told_and_no_other", plan) else { return };
    // Each port is used several times, as among many connects some always are.
    world.client().sysctl(&[("net/ipv4/ip_local_port_range", "40000 40119")]).expect("few ports");
    let _server = plain(&world);
    let seen = baseline(&world, settings(), endpoint(&world.server_v4().to_string()), 250, 5);
    let told = probed(&seen);
    let log = world.relay().settled_log(1.0);
    let mut counts = [0, 0];
    for row in told.connects.iter().filter(|row| row.tcp.is_some()) {
        let flow = connection(&log, row);
        let (dropped, again) = (flow.syns_lost(), flow.syns().count() - 1);
        let (by_kernel, retrans) = (row.lost().expect("this kernel tells"), row.tcp.expect("a state").total_retrans.expect("this kernel tells"));
        assert_eq!(by_kernel, dropped > 0, "{row:?}");
        assert_eq!(retrans as usize, again, "{again} SYNs were sent again: {row:?}");
        assert_eq!(row.clean_rtt_ms().is_none(), by_kernel, "no sample of the round trip");
        assert!(!by_kernel || row.connect_us.is_some_and(|us| us > 900_000), "a second until the SYN is sent again: {row:?}");
        counts = [counts[0] + usize::from(by_kernel), counts[1] + usize::from(dropped > 0)];
    }
    eprintln!("{} of {} handshakes lost a packet by the kernel, {} by the packet log", counts[0], told.connects.len(), counts[1]);
    assert!(counts[0] > 0 && counts[0] == counts[1], "{counts:?}");
    let longest = told.connects.iter().filter_map(rigcheck::model::payload::network::Connect::clean_rtt_ms).fold(0.0, f64::max);
    assert!(longest < 100.0, "the clean ones have the round trip alone: {longest} ms");
}
