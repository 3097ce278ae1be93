use super::{ask, load, serve};
use axum::{
    Router,
    body::{Body, Bytes},
    http::header::CONTENT_TYPE,
    routing::get,
};
use futures_util::stream;
use rigcheck::{
    model::{
        key::{Histogram, Payload, When},
        name,
        payload::Part,
        rig::{By, Claim, HistogramOf, Quantity},
        units::Ms,
    },
    sources::scrape::Scrape,
    spec::settings::Connection,
};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

const EDGES: [&str; 12] = ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

/// One histogram of one set of labels.
fn histogram(page: &mut String, metric: &str, labels: &str, count: u64) {
    for (i, le) in EDGES.iter().enumerate() {
        let _ = writeln!(page, "{metric}_bucket{{{labels},le=\"{le}\"}} {}", count * (i as u64 + 1) / EDGES.len() as u64);
    }
    let _ = writeln!(page, "{metric}_sum{{{labels}}} {}.25\n{metric}_count{{{labels}}} {count}", count / 2);
}

/// The n-th piece of a page: first the claimed family, then one family of others with ever more sets of labels, and every
/// fiftieth time a family of counters of its own.
pub fn piece(n: usize, ours: u64) -> String {
    let mut page = String::new();
    match n {
        0 => {
            page += "# HELP t_seconds Time.\n# TYPE t_seconds histogram\n";
            histogram(&mut page, "t_seconds", "route=\"/chat\"", ours);
            histogram(&mut page, "t_seconds", "route=\"/other\"", 5);
        }
        1 => page += "# HELP others_seconds Time of others.\n# TYPE others_seconds histogram\n",
        _ => {}
    }
    if n > 0 {
        for pod in 0..40 {
            let labels = format!("handler=\"/api/v1/resource{}\",method=\"POST\",pod=\"pod-{n:06}-{pod}\"", n % 35);
            histogram(&mut page, "others_seconds", &labels, (n * 7 + pod) as u64);
        }
    }
    page
}

/// So large a page has not yet more than can be remembered.
pub const SMALL: usize = 10 << 20;

/// A page of about so many bytes.
pub fn pieces(bytes: usize, ours: u64) -> impl Iterator<Item = String> {
    let mut left = bytes;
    let mut n = 0;
    let histograms = std::iter::from_fn(move || {
        let text = (left > 0).then(|| piece(n, ours))?;
        (n, left) = (n + 1, left.saturating_sub(text.len() + 32));
        Some(text)
    });
    let counters = (0..bytes >> 14).map(|n| format!("# TYPE events_{n}_total counter\nevents_{n}_total{{zone=\"eu-west-1a\",shard=\"{n}\"}} {n}\n"));
    histograms.chain(counters)
}

/// The scrape source reads a page of so many bytes before and after an act.
pub fn read(bytes: usize) -> String {
    let reads = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&reads);
    let page = move || {
        let ours = 7 + counted.fetch_add(1, Ordering::SeqCst).min(1) * super::OURS as u64;
        let body = Body::from_stream(stream::iter(pieces(bytes, ours).map(|text| Ok::<_, Infallible>(Bytes::from(text)))));
        async move { ([(CONTENT_TYPE, "text/plain; version=0.0.4")], body) }
    };
    let url = serve(Router::new().route("/metrics", get(page)));
    let labels = BTreeMap::from([("route".to_owned(), "/chat".to_owned())]);
    let by = By::Histogram(HistogramOf { metric: "t_seconds".into(), labels, unit_ms: 1e3, exemplars: false });
    let claim = Claim { name: name("total"), source: name("scrape"), quantity: Quantity::Total, by };
    let connection = Connection { url: format!("{url}/metrics"), ..Connection::default() };
    let source = Scrape::new(name("scrape"), &connection, Ms(200.0), vec![claim]).unwrap();

    let query = Histogram { claim: name("total"), when: When::During(load()) }.into();
    let seen = ask(&source, &query, super::act, async {}).unwrap();
    assert_eq!(seen.partial, None, "the page is well formed, and every request was counted");
    // What is remembered of others is bounded: beyond it their label sets are not compared, which is told.
    assert!(bytes > SMALL || seen.notes.is_empty(), "{:?}", seen.notes);
    assert!(seen.notes.iter().all(|note| note.contains("`others_seconds`: there are very many sets of labels")), "{:?}", seen.notes);
    let Payload::Histogram(found) = &seen.payload else { panic!("{:?}", seen.payload) };
    assert_eq!(found.series.len(), EDGES.len() + 2);
    let count = found.series.iter().find(|s| s.part == Part::Count).unwrap();
    assert_eq!((count.samples[0].1, count.samples.last().unwrap().1), (7.0, 307.0));
    format!("{} readings of a page of {} MB", reads.load(Ordering::SeqCst), bytes / 1_000_000)
}
