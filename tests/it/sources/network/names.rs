//! How names become addresses.

use super::{
    ask, effort, endpoint,
    nameserver::{Says, start},
    probed, resolving, settings, survives,
};
use hickory_proto::op::ResponseCode;
use rigcheck::model::{
    endpoint::Endpoint,
    evidence::Gap,
    payload::network::{AddressClass, Agreement, LookupEnd, Measured, RecordKind, Resolution, SystemOutcome},
};
use std::{net::Ipv4Addr, time::Duration};

const HERE: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);

/// `localhost` by the system, and by these nameservers of 127.0.0.0/8, one after another from .1 on.
async fn by(says: &[Says], options: &str) -> Resolution {
    let mut port = 0;
    let mut lines = vec![];
    for (nth, says) in says.iter().enumerate() {
        let host = u8::try_from(nth).unwrap() + 1;
        port = start(host, port, says.clone());
        lines.push(format!("nameserver 127.0.0.{host}\n"));
    }
    let (settings, _file) = resolving(&format!("{}{options}", lines.concat()), port);
    let host = "localhost".into();
    let seen = ask(settings, Endpoint { host, ..endpoint("127.0.0.1:9".parse().unwrap(), false) }, effort(1, 1)).await;
    survives(&seen);
    let Measured::Known(resolution) = &probed(&seen).resolution else { panic!("{seen:?}") };
    resolution.clone()
}

/// The ends of the questions for IPv4 addresses, with the time of the first one in ms.
fn ends(resolution: &Resolution, server: usize) -> (Vec<LookupEnd>, f64) {
    let all = resolution.nameservers[server].lookups.known().unwrap();
    let of_a: Vec<_> = all.iter().filter(|l| l.kind == RecordKind::A).collect();
    (of_a.iter().map(|l| l.end.clone()).collect(), of_a[0].took_us as f64 / 1e3)
}

#[tokio::test]
async fn a_nameserver_is_asked_cold_and_warm() {
    let told = by(&[Says::Alias("edge.example.net.", HERE)], "search a.example b.example\noptions ndots:2\n").await;
    assert_eq!(told.tried, ["localhost.a.example", "localhost.b.example", "localhost"]);
    assert!(matches!(&told.system[0].outcome, SystemOutcome::Found(all) if !all.is_empty()), "{:?}", told.system);
    assert_eq!((told.system.len(), told.system.iter().filter(|l| l.first).count()), (4, 1));
    let lookups = told.nameservers[0].lookups.known().unwrap();
    assert_eq!((lookups.len(), lookups.iter().filter(|l| l.first).count()), (8, 2));
    let LookupEnd::Answered(answers) = &lookups[0].end else { panic!("{lookups:?}") };
    assert_eq!((answers.addresses.clone(), &answers.classes), (vec![HERE.into()], &vec![AddressClass::Private]));
    assert_eq!((answers.cnames.clone(), answers.ttl_s), (vec!["edge.example.net".to_owned()], Some(60)));
    assert!(matches!(&lookups[1].end, LookupEnd::Answered(a) if a.addresses.is_empty()), "no IPv6: {:?}", lookups[1]);
    assert_eq!(told.agreement(), Agreement::Alone);
}

#[tokio::test]
async fn each_way_of_a_nameserver_to_fail_has_its_name() {
    let timeout = "options timeout:1\n";
    for (code, word) in [(ResponseCode::NXDomain, "NXDOMAIN"), (ResponseCode::ServFail, "SERVFAIL"), (ResponseCode::Refused, "REFUSED")] {
        let (ends, _) = ends(&by(&[Says::Code(code)], "").await, 0);
        assert_eq!(ends, vec![LookupEnd::Code(word.into()); 4]);
    }
    // Who is silent is not asked again.
    let (dead, ms) = ends(&by(&[Says::Nothing], timeout).await, 0);
    assert_eq!(dead, [LookupEnd::TimedOut]);
    assert!((950.0..1_500.0).contains(&ms), "{ms}");
    let told = by(&[Says::Garbage], timeout).await;
    assert_eq!(ends(&told, 0).0, [LookupEnd::TimedOut]);
    assert_eq!(told.nameservers[0].lookups.known().unwrap()[0].ignored, 1);
    // Nobody listens there: a port of its own that was closed again.
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (settings, _file) = resolving("nameserver 127.0.0.1\n", closed);
    let seen = ask(settings, Endpoint { host: "localhost".into(), ..endpoint("127.0.0.1:9".parse().unwrap(), false) }, effort(1, 1)).await;
    assert_eq!(ends(probed(&seen).resolution.known().unwrap(), 0).0, [LookupEnd::Refused]);
}

#[tokio::test]
async fn slow_truncated_and_forged_answers_are_told() {
    let (slow, ms) = ends(&by(&[Says::Slow(Duration::from_millis(300), HERE)], "").await, 0);
    assert!(matches!(slow[0], LookupEnd::Answered(_)) && (300.0..700.0).contains(&ms), "{ms} {slow:?}");

    let told = by(&[Says::Truncated(HERE)], "").await;
    let first = &told.nameservers[0].lookups.known().unwrap()[0];
    assert!(first.over_tcp && first.set() == Some(vec![HERE.into()]), "{first:?}");

    let told = by(&[Says::WrongId(HERE)], "").await;
    let first = &told.nameservers[0].lookups.known().unwrap()[0];
    assert_eq!((first.ignored, first.set()), (1, Some(vec![HERE.into()])), "{first:?}");
}

#[tokio::test]
async fn nameservers_that_see_different_worlds_disagree() {
    let other = Ipv4Addr::new(10, 9, 9, 9);
    let public = Ipv4Addr::new(203, 1, 114, 7);
    assert_eq!(by(&[Says::Address(HERE), Says::Address(HERE)], "").await.agreement(), Agreement::Same);
    assert_eq!(by(&[Says::Address(HERE), Says::Address(other)], "").await.agreement(), Agreement::Rotating);
    assert_eq!(by(&[Says::Address(HERE), Says::Address(public)], "").await.agreement(), Agreement::Different);
}

#[tokio::test]
async fn a_name_that_does_not_exist_leaves_an_answer_without_connects() {
    let (settings, _file) = resolving("nameserver 127.0.0.1\n", start(1, 0, Says::Code(ResponseCode::NXDomain)));
    let there = Endpoint { host: "no-such-host.invalid".into(), ..endpoint("127.0.0.1:9".parse().unwrap(), true) };
    let seen = ask(settings, there, effort(3, 1)).await;
    let told = probed(&seen);
    assert!(told.targets.is_empty() && told.connects.is_empty(), "{told:?}");
    assert!(matches!(&seen.partial, Some(Gap::Unreachable(why)) if why.contains("no address")), "{:?}", seen.partial);
    assert!(matches!(&told.ping, Measured::Missing { gap: Gap::NotReached(_), .. }), "{:?}", told.ping);
    assert_eq!(ends(told.resolution.known().unwrap(), 0).0[0], LookupEnd::Code("NXDOMAIN".into()));
}

#[tokio::test]
async fn an_address_needs_no_resolution() {
    let seen = ask(settings(), endpoint("127.0.0.1:9".parse().unwrap(), false), effort(1, 1)).await;
    assert!(matches!(probed(&seen).resolution, Measured::Needless(_)));
}
