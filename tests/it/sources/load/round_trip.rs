use super::{fake::Fake, slot, target};
use rigcheck::{
    model::{
        audit::Effort,
        evidence::Gap,
        key::{Question, RoundTrip},
        source::Source,
    },
    sources::load::Load,
};

#[tokio::test]
async fn connections_are_timed_and_the_vantage_point_is_named_only_on_loopback() {
    let server = Fake::answering(|_, _| vec![]).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    for (rounds, expected) in [(0, 20), (5, 5)] {
        let seen = load.ask(&RoundTrip {}.into(), Effort { rounds, ..Effort::default() }, &slot()).await.unwrap();
        let trips = RoundTrip::pick(&seen.payload).unwrap();
        assert_eq!((trips.connect_ms.len(), trips.from.as_str()), (expected, "127.0.0.1"));
        assert!(trips.connect_ms.iter().all(|ms| *ms > 0.0 && *ms < 5_000.0));
        assert!(seen.covered.length().0 >= (expected - 1) as f64 * 20.0, "they are spaced");
        assert_eq!(seen.origin.request, format!("TCP connect 127.0.0.1:{} × {expected}", server.port));
        assert_eq!(seen.partial, None);
    }
    assert!(server.received().is_empty(), "nothing is sent");
}

#[tokio::test]
async fn nobody_there_is_a_gap() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ask = async |load: Load| load.ask(&RoundTrip {}.into(), Effort::default(), &slot()).await.map(|_| ());
    let load = Load::new(Some(&target(&format!("http://127.0.0.1:{port}"))), None).unwrap();
    assert!(matches!(ask(load).await, Err(Gap::Unreachable(_))));
    assert!(matches!(ask(Load::new(None, None).unwrap()).await, Err(Gap::NotConfigured(_))));
    assert!(matches!(ask(Load::new(Some(&target("nonsense")), None).unwrap()).await, Err(Gap::NotConfigured(_))));
}
