//! Clocks as headers, the kernel's page and chronyd tell them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "helpers of tests")]

use super::metrics_world::{now, serve, slot, to};
use axum::{
    Router,
    http::{HeaderMap, HeaderValue},
    routing::get,
};
use rigcheck::{
    model::{
        Gap, Source,
        audit::Effort,
        key::{Clock as Asked, Payload},
        name,
        payload::ClockReadings,
    },
    sources::clock::Clock,
    spec::settings::ClockBy,
};

async fn told(by: &ClockBy, rounds: u64) -> Result<ClockReadings, Gap> {
    let seen = Clock::new(name("clock"), by)?.ask(&Asked {}.into(), Effort { rounds, ..Effort::default() }, &slot(20.0)).await?;
    let Payload::Clock(readings) = seen.payload else { panic!("{:?}", seen.payload) };
    Ok(readings)
}

/// A host whose clock is 3 s ahead says so in the header.
#[tokio::test]
async fn a_header_bounds_a_clock_by_the_round_trip() {
    let answer = || async {
        let mut headers = HeaderMap::new();
        let ahead = now().0 as f64 / 1e3 + 3_000.0;
        headers.insert("x-server-time", HeaderValue::from_str(&format!("{ahead:.3}")).unwrap());
        (headers, "")
    };
    let url = serve(Router::new().route("/healthz", get(answer))).await;
    let by = |name: &str, unit_ms| ClockBy::Header { connection: to(format!("http://{url}/healthz")), name: name.into(), unit_ms };
    let readings = told(&by("x-server-time", Some(1.0)), 6).await.unwrap();
    assert_eq!((readings.readings.len(), readings.against.as_str()), (6, "ours"));
    assert!(readings.readings.iter().all(|r| r.lo_ms <= 3_000.0 && 3_000.0 <= r.hi_ms), "{readings:?}");
    // A date is in whole seconds and may be a second old: all that it can say is that the clock is not grossly wrong.
    let date = told(&by("date", None), 2).await.unwrap();
    assert!(date.readings.iter().all(|r| r.lo_ms <= 0.0 && 0.0 <= r.hi_ms && r.hi_ms - r.lo_ms >= 2_000.0), "{date:?}");
    let none = told(&by("x-other", Some(1.0)), 2).await.unwrap_err();
    assert!(matches!(&none, Gap::Malformed(t) if t.contains("no header x-other")), "{none}");
}

fn page(sync: u8) -> String {
    format!(
        "# TYPE node_timex_offset_seconds gauge\nnode_timex_offset_seconds 0.0021\n# TYPE node_timex_maxerror_seconds gauge\n\
         node_timex_maxerror_seconds 0.0005\n# TYPE node_timex_sync_status gauge\nnode_timex_sync_status {sync}\n"
    )
}

#[tokio::test]
async fn the_kernels_bound_is_read_off_node_exporters_page() {
    let text = |body: String| move || async move { ([("content-type", "text/plain; version=0.0.4")], body) };
    let router = Router::new()
        .route("/metrics", get(text(page(1))))
        .route("/unsynchronised", get(text(page(0))))
        .route(
            "/federated",
            get(text(page(1).replace(
                "node_timex_offset_seconds 0.0021",
                "node_timex_offset_seconds{instance=\"a\"} 0.0021\nnode_timex_offset_seconds{instance=\"b\"} 4.2",
            ))),
        )
        .route("/without", get(text("# TYPE a gauge\na 1\n".into())));
    let url = serve(router).await;
    let ask = async |path: &str| told(&ClockBy::Timex { connection: to(format!("http://{url}{path}")) }, 1).await;
    let readings = ask("/metrics").await.unwrap();
    let [one] = readings.readings.as_slice() else { panic!("{readings:?}") };
    assert!((one.lo_ms + 2.6).abs() < 1e-9 && (one.hi_ms + 1.6).abs() < 1e-9, "{one:?}");
    assert_eq!((readings.against.as_str(), readings.unbounded), ("UTC", None));
    assert!(ask("/unsynchronised").await.unwrap().unbounded.is_some_and(|why| why.contains("rtcsync")));
    assert!(matches!(ask("/federated").await, Err(Gap::Malformed(t)) if t.contains("2 samples of node_timex_offset_seconds")));
    assert!(matches!(ask("/without").await, Err(Gap::Malformed(t)) if t.contains("node_timex_offset_seconds")));
}

#[tokio::test]
async fn nobody_and_strangers_are_no_chronyd() {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap().to_string();
    let stranger = tokio::spawn(async move {
        let mut packet = [0; 512];
        let (read, from) = socket.recv_from(&mut packet).await.unwrap();
        assert_eq!((read, packet[0], packet[1], packet[5]), (104, 6, 1, 33), "as long as its reply");
        socket.send_to(b"hello", from).await.unwrap();
    });
    let gap = told(&ClockBy::Chrony { at: at.clone() }, 1).await.unwrap_err();
    assert!(matches!(&gap, Gap::Malformed(t) if t.contains("no chronyd")), "{gap}");
    stranger.await.unwrap();
    let gap = told(&ClockBy::Chrony { at }, 1).await.unwrap_err();
    assert!(matches!(gap, Gap::Unreachable(_) | Gap::TooLate(_)), "{gap}");
}
