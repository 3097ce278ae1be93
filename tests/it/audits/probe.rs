//! What a probe makes of the evidence of one request: a right mapping, each wrong one, and every way not to know.

use super::{case::shipped, evidence::Simulated, rig};
use rigcheck::{
    model::{
        evidence::{Evidence, Gap, Origin, Seen},
        key::{Histogram, Key, LogLines, Query, Question, Risen, RoundTrip, Spans, Truth, When, World},
        name,
        payload::{Rise, Rises},
        rig::Quantity,
        rows::Rows,
        units::Span,
    },
    report::probe::{self, Probe, Row, State},
};
use std::{collections::BTreeMap, sync::Arc};

fn during() -> When {
    When::During(rig::controlled())
}

/// Everything as it should be.
fn one() -> (Simulated, Evidence) {
    let one = Simulated::new(11, 1);
    let mut evidence = one.evidence();
    let total = one.requests[0].metric.total / 1e3;
    put(&mut evidence, Risen { when: during() }, Rises { series: vec![rise("gateway_total_seconds", &[], 1.0, total)], left_out: 0, watched: 3 });
    (one, evidence)
}

fn put<Q: Question>(evidence: &mut Evidence, question: Q, answer: Q::Answer) {
    let seen = Seen { payload: Q::wrap(answer), covered: Span::default(), origin: Origin::default(), notes: vec![], partial: None };
    evidence.put(Key { world: World::Live, source: name("scrape"), query: question.into() }, Ok(Arc::new(seen)));
}

fn rise(metric: &str, labels: &[(&str, &str)], count: f64, sum: f64) -> Rise {
    let labels: BTreeMap<_, _> = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Rise { metric: metric.into(), labels, count, sum: Some(sum) }
}

fn probe(evidence: &Evidence) -> Probe {
    Probe::of(&rig::full(), &[shipped()], probe::load(&rig::full()).unwrap(), evidence, &|_| None)
}

fn row<'p>(probe: &'p Probe, source: &str, claim: &str) -> &'p Row {
    let found = probe.rows.iter().find(|r| r.source.as_str() == source && r.claim == claim);
    found.unwrap_or_else(|| panic!("no {source} {claim} in {:#?}", probe.rows))
}

/// The claimed total does not rise, and this does.
fn missed(series: Vec<Rise>) -> Row {
    let (_, mut evidence) = one();
    evidence.alter(&name("scrape"), &Histogram { claim: name("total"), when: during() }, |h| {
        h.series.iter_mut().for_each(|s| s.samples.iter_mut().for_each(|sample| sample.1 = 40.0));
    });
    put(&mut evidence, Risen { when: during() }, Rises { series, left_out: 0, watched: 9 });
    row(&probe(&evidence), "scrape", "total").clone()
}

#[test]
fn one_request_that_is_everywhere_is_right() {
    let (_, evidence) = one();
    let probe = probe(&evidence);
    assert!(probe.rows.iter().all(|r| r.state == State::Right), "{probe:#?}");
    assert_eq!((probe.state(), probe.rows.len()), (State::Right, 1 + 2 + 9), "{probe:#?}");
}

#[test]
fn every_answer_that_is_missing_makes_its_rows_doubtful_and_none_right() {
    let (_, evidence) = one();
    let needs = probe::needs(&rig::full(), probe::load(&rig::full()).unwrap());
    assert_eq!(needs.iter().filter(|n| matches!(n.key.query, Query::Perform(_))).map(|n| n.effort.requests).collect::<Vec<_>>(), [1]);
    for need in needs.iter().filter(|n| !matches!(n.key.query, Query::Risen(_))) {
        for gap in [Gap::Unreachable("x".into()), Gap::TooLate("x".into()), Gap::NotRecorded, Gap::Denied("x".into())] {
            let mut silent = evidence.clone();
            silent.put(need.key.clone(), Err(gap));
            let said = probe(&silent);
            assert_eq!(said.state(), State::Doubtful, "{}: {said:#?}", need.key);
        }
        // A part of an answer is not the answer either, unless what is looked for is in it.
        let mut absent = evidence.clone();
        absent.remove(&need.key);
        assert_ne!(probe(&absent).state(), State::Right, "{}", need.key);
    }
}

#[test]
fn more_than_one_observation_is_no_answer() {
    let (mut sim, _) = one();
    let own = sim.observed[&Quantity::Total][0];
    sim.observed.insert(Quantity::Total, vec![own; 3]);
    let said = probe(&sim.evidence());
    let row = row(&said, "scrape", "total");
    assert_eq!((row.appeared.as_str(), row.state), ("3 times", State::Doubtful), "{row:#?}");
    assert!(row.says[0].contains("traffic of others"), "{row:#?}");
}

#[test]
fn what_rose_instead_is_named_only_if_it_is_our_request() {
    let (sim, _) = one();
    let own = sim.requests[0].metric.total / 1e3;
    let ours = |metric: &str, sum: f64| rise(metric, &[("route", "/v2/chat"), ("instance", "a:1")], 1.0, sum);

    let other = missed(vec![ours("http_request_duration_seconds", own)]);
    assert_eq!(other.state, State::Wrong, "{other:#?}");
    assert!(
        other.says.iter().any(|s| s.ends_with("write `total: {histogram: http_request_duration_seconds, unit: s, match: {route: /v2/chat}}`")),
        "{other:#?}"
    );

    let in_ms = missed(vec![ours("request_duration", own * 1e3)]);
    assert!(in_ms.says.iter().any(|s| s.contains("unit: ms, match")), "{in_ms:#?}");

    // The same metric under other labels is named before others.
    let both = missed(vec![ours("a_seconds", own), ours("gateway_total_seconds", own)]);
    assert_eq!((both.state, both.says.len()), (State::Wrong, 2), "{both:#?}");
    assert!(both.says[1].starts_with("`gateway_total_seconds{route=\"/v2/chat\"}` rose by 1"), "{both:#?}");

    // Of others: more than one, or far from what the client saw.
    for strangers in [vec![rise("a_seconds", &[], 7.0, 7.0 * own)], vec![rise("a_seconds", &[], 1.0, own * 30.0)], vec![]] {
        let nothing = strangers.is_empty();
        let row = missed(strangers);
        assert_eq!((row.state, row.appeared.as_str()), (State::Doubtful, "no"), "{row:#?}");
        let says = row.says.join(" ");
        assert!(says.contains(if nothing { "none of 9 counts rose" } else { "traffic of others" }), "{row:#?}");
    }
}

#[test]
fn a_log_and_a_trace_without_our_id_say_what_was_there() {
    let (_, evidence) = one();
    let lines = |change: &dyn Fn(&mut rigcheck::model::payload::LogLines)| {
        let mut copy = evidence.clone();
        copy.alter(&name("access_log"), &LogLines { when: during() }, |l| {
            l.lines = Rows::default();
            change(l);
        });
        row(&probe(&copy), "access_log", "total").clone()
    };
    let elsewhere = lines(&|l| l.elsewhere = vec!["rid".into()]);
    assert_eq!((elsewhere.state, elsewhere.says[0].ends_with("write `id: rid`")), (State::Wrong, true), "{elsewhere:#?}");
    let strangers = lines(&|l| l.foreign = 4);
    assert!(strangers.state == State::Doubtful && strangers.says[0].starts_with("4 lines were written meanwhile"), "{strangers:#?}");
    let nothing = lines(&|_| {});
    assert!(nothing.state == State::Doubtful && nothing.says[0].starts_with("no line was written"), "{nothing:#?}");

    let spans = |change: &dyn Fn(&mut rigcheck::model::payload::Spans)| {
        let mut copy = evidence.clone();
        copy.alter(&name("jaeger"), &Spans { of: rig::controlled() }, |s| change(s));
        row(&probe(&copy), "jaeger", "total").clone()
    };
    let of_other = spans(&|s| s.elsewhere = vec!["edge".into()]);
    assert_eq!((of_other.state, of_other.says[0].ends_with("write `service: edge`")), (State::Wrong, true), "{of_other:#?}");
    let untraced = spans(&|s| {
        s.spans = Rows::default();
        s.foreign = 1;
    });
    assert!(untraced.state == State::Doubtful && untraced.says[0].contains("`traceparent`"), "{untraced:#?}");
}

#[test]
fn a_model_that_saw_nothing_is_proven_and_one_that_saw_it_twice_is_doubted() {
    let (_, evidence) = one();
    let mut nothing = evidence.clone();
    nothing.alter(&name("truth"), &Truth { of: rig::controlled() }, |t| t.requests = Rows::default());
    assert_eq!(row(&probe(&nothing), "truth", "emission log").state, State::Wrong);
    let mut twice = evidence;
    twice.alter(&name("truth"), &Truth { of: rig::controlled() }, |t| t.requests.alter(|e| e.attempts = 2));
    let said = probe(&twice);
    let row = row(&said, "truth", "emitted total");
    assert_eq!((row.appeared.as_str(), row.state), ("2 times", State::Doubtful), "{row:#?}");
}

#[test]
fn a_path_that_varies_more_than_the_margin_cannot_settle_it_and_a_long_steady_one_can() {
    let (_, evidence) = one();
    let over = |trips: Vec<f64>| {
        let mut copy = evidence.clone();
        copy.alter(&name("load"), &RoundTrip {}, |r| r.connect_ms = trips);
        let said = probe(&copy);
        assert_eq!(said.vantage.len(), 1, "{said:#?}");
        (said.state(), said.vantage[0].text.clone())
    };
    let unsteady = over((0..20).map(|n| if n % 2 == 0 { 1.0 } else { 45.0 }).collect());
    assert!(
        unsteady.0 == State::Doubtful
            && unsteady.1.starts_with("this vantage point cannot settle LAT-14")
            && unsteady.1.contains("the path alone adds 22.0 ms"),
        "{unsteady:?}"
    );
    let tail = over((0..20).map(|n| if n < 3 { 90.0 } else { 1.0 }).collect());
    assert!(tail.0 == State::Doubtful && tail.1.contains("15 % of the round trips"), "{tail:?}");
    let steady = over(vec![40.0; 20]);
    assert!(steady.0 == State::Right && steady.1.contains("LAT-14 can be settled from here"), "{steady:?}");
}
