//! A workload's series on a metrics page that is read around an act.

use super::{
    super::metrics_world::{act, answer, now, serve, slot, to},
    ask, claim, told, tracks,
};
use axum::{Router, response::Response, routing::get};
use rigcheck::{
    model::{
        Gap, Source,
        evidence::Seen,
        key::Query,
        name,
        source::{ActState, Timing},
        units::Ms,
        usage::Measure,
    },
    sources::scrape::Scrape,
};
use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

fn source(url: &str) -> Scrape {
    let claims = vec![
        claim("scrape", Measure::Cpu, "process_cpu_seconds_total", &[]),
        claim("scrape", Measure::Received, "net_receive_bytes_total", &[("app", "db")]),
    ];
    Scrape::new(name("scrape"), &to(url.into()), Ms(100.0), vec![]).unwrap().with_usage(claims)
}

/// Watches an act of half a second on a page that depends on how often it was read.
async fn watched(of: impl Fn(u64) -> Response + Clone + Send + Sync + 'static, seconds: f64) -> Result<Seen, Gap> {
    let reads = Arc::new(AtomicU64::new(0));
    let handler = move || {
        let response = of(reads.fetch_add(1, Ordering::SeqCst));
        async move { response }
    };
    let address = serve(Router::new().route("/metrics", get(handler))).await;
    let source = source(&format!("http://{address}/metrics"));
    assert_eq!(source.timing(&Query::Usage(super::question())), Timing::Watch);
    let (state, rx) = watch::channel(ActState::Waiting);
    let mut slot = slot(seconds);
    slot.act = rx;
    let mut ready = slot.ready.subscribe();
    let load = async {
        if ready.wait_for(|r| *r).await.is_err() {
            return;
        }
        let from = now();
        state.send_replace(ActState::Running(from));
        tokio::time::sleep(Duration::from_millis(500)).await;
        state.send_replace(ActState::Done(act(3, from, now(), false)));
    };
    let watching = ask(&source, &slot);
    tokio::pin!(watching);
    // One that ends before it is ready has said why.
    tokio::select! {
        seen = &mut watching => return seen,
        () = load => {}
    }
    watching.await
}

fn plain(body: String) -> Response {
    answer(200, "text/plain; version=0.0.4", body)
}

fn text(n: u64) -> String {
    format!(
        "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total {n}.5\n\
         net_receive_bytes_total{{app=\"db\",interface=\"eth0\",user=\"jane\"}} {n}\nnet_receive_bytes_total{{app=\"db\",interface=\"lo\"}} 7\n\
         net_receive_bytes_total{{app=\"other\",interface=\"eth0\"}} 9\nnet_receive_bytes_total_x 1\n"
    )
}

#[tokio::test]
async fn reads_from_before_the_act_to_after_it_and_keeps_each_series() {
    let seen = watched(|n| plain(text(n)), 30.0).await.unwrap();
    assert_eq!((seen.partial.as_ref(), seen.notes.as_slice()), (None, [].as_slice()));
    let got = tracks(&seen);
    let of: Vec<_> = got.tracks.iter().map(|t| (t.claim.as_str(), t.labels.get("interface").map_or("", String::as_str))).collect();
    assert_eq!(of, [("cpu", ""), ("received", "eth0"), ("received", "lo")]);
    assert!(got.tracks[1].labels["user"].starts_with('~'));
    let cpu = told(&got.tracks[0]);
    assert_eq!((cpu[0].1, cpu[1].1), (0.5, 1.5), "two readings before the act");
    // It is read on for some seconds: what lags behind shows then.
    let (readings, last) = (&got.readings, cpu.last().unwrap());
    assert!(last.0 - cpu[0].0 > 4.0 && readings.len() == cpu.len() && readings.len() > 30, "{} readings", readings.len());
    assert!(readings.iter().all(|r| r.ok && r.took_ms.is_some() && r.timeout_ms == Some(10e3) && r.target.contains_key("instance")));
    assert_eq!((got.interval_ms, seen.covered.from, seen.covered.to), (100.0, readings[0].at, readings.last().unwrap().at));
}

#[tokio::test]
async fn stamps_of_the_page_itself_are_the_samples_times() {
    let begun = now().seconds();
    // The page shows what was half a second ago, in steps of half a second.
    let lagging = move |_| {
        let ms = (now().0 / 1_000 - 500) / 500 * 500;
        plain(format!("process_cpu_seconds_total {} {ms}\nnet_receive_bytes_total{{app=\"db\"}} 1\n", ms as f64 / 1e3))
    };
    let seen = watched(lagging, 30.0).await.unwrap();
    assert_eq!(seen.partial, None);
    let cpu = told(&tracks(&seen).tracks[0]);
    assert!(cpu.iter().all(|(at, value)| (at - value).abs() < 1e-6 && *at <= now().seconds() - 0.4), "{cpu:?}");
    assert!(cpu.windows(2).all(|w| (w[1].0 - w[0].0 - 0.5).abs() < 0.51) && cpu[0].0 < begun && cpu.len() < 20, "each once: {cpu:?}");
    // One whose stamp stands still.
    let still = move |_| plain(format!("process_cpu_seconds_total 5 {}\n", (begun * 1e3) as i64));
    let seen = watched(still, 9.0).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::TooLate(why)) if why.contains("stamped after the act's end")), "{:?}", seen.partial);
}

#[tokio::test]
async fn openmetrics_and_what_a_page_should_not_hold() {
    let openmetrics = |n: u64| {
        let body = format!("# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total {n}\nprocess_cpu_seconds_created 5\n# EOF\n");
        answer(200, "application/openmetrics-text; version=1.0.0; charset=utf-8", body)
    };
    let seen = watched(openmetrics, 30.0).await.unwrap();
    assert_eq!((seen.partial.as_ref(), tracks(&seen).tracks.len()), (None, 1));
    assert!(seen.notes.iter().any(|n| n.contains("no series is net_receive_bytes_total")), "{:?}", seen.notes);

    let odd =
        |n: u64| plain(format!("process_cpu_seconds_total {}\n", if n.is_multiple_of(2) { "NaN".to_owned() } else { (100 - n.min(99)).to_string() }));
    let seen = watched(odd, 30.0).await.unwrap();
    let cpu = told(&tracks(&seen).tracks[0]);
    assert!(
        cpu.windows(2).any(|w| w[1].1 < w[0].1) && seen.notes.iter().any(|n| n.contains("no number")),
        "it runs backwards, and is told so: {cpu:?}"
    );

    for (body, kind) in [("process_cpu_seconds_total +Inf\n", "malformed"), ("process_cpu_seconds_total five\n", "malformed")] {
        let seen = watched(move |_| plain(body.into()), 30.0).await.unwrap();
        assert_eq!(seen.partial.as_ref().map(Gap::word), Some(kind), "{body}: {seen:?}");
    }
}

#[tokio::test]
async fn readings_that_fail_are_told_and_a_page_with_too_many_series_is_bounded() {
    let flaky = |n: u64| if n == 3 { answer(500, "text/plain", "no") } else { plain(text(n)) };
    let seen = watched(flaky, 30.0).await.unwrap();
    let failed: Vec<_> = tracks(&seen).readings.iter().filter(|r| !r.ok).collect();
    assert_eq!((seen.partial.as_ref(), failed.len(), failed[0].took_ms), (None, 1, None));

    let gone = |n: u64| if n > 3 { answer(500, "text/plain", "no") } else { plain(text(n)) };
    let seen = watched(gone, 9.0).await.unwrap();
    assert!(seen.partial.is_some() && tracks(&seen).tracks[0].samples.len() == 4, "{:?}", seen.partial);

    let many = |_| {
        let mut body = String::new();
        (0..100_000).for_each(|n| writeln!(body, "process_cpu_seconds_total{{n=\"{n}\"}} 1").unwrap());
        plain(body)
    };
    let gap = watched(many, 30.0).await.unwrap_err();
    assert!(matches!(&gap, Gap::Truncated(why) if why.contains("more than 1000 series")), "{gap}");
    let gap = watched(|_| answer(200, "text/html", "<html>"), 9.0).await.unwrap_err();
    assert!(matches!(gap, Gap::Malformed(_)), "{gap}");
}
