//! Others use the gateway before, during and after the load: what counts everybody's requests cannot tell, and says so; it
//! never fails for them, and where a label sets ours apart it passes.
#![allow(clippy::disallowed_methods, reason = "sends requests from a thread of its own")]

use crate::{
    rig::{AT_ONCE, Audited, Gateway, QUIET, Rig, STRANGER, Turn},
    stack::{or_skip, skip},
};
use rigcheck::{llm::directive::Directive, model::timeline::Planted};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Enough to tell counts, means and edges.
const FEW: u64 = 120;
/// Requests of a stranger that are under way at once.
const UNDER_WAY: usize = 10;
/// What compares everything in a histogram with what was sent.
const CLOSURE: [&str; 3] = ["LAT-02", "LAT-03", "LAT-04"];

/// Somebody who asks for short answers at a rate, until dropped.
struct Stranger {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Stranger {
    fn asking(rig: &Rig, model: &str, per_second: u32) -> Stranger {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let url = format!("{}/api/v1/chat/completions", rig.stack.url("gateway"));
        let short = Directive { id: "a-stranger".into(), delays: Some(Planted { ttft_ms: 5.0, chunks: 2, gap_ms: 5.0 }) };
        let body = serde_json::json!({"model": model, "stream": true, "messages": [{"role": "user", "content": short.to_text()}]});
        let (stopped, counted) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let client = reqwest::Client::new();
                let mut due = tokio::time::interval(Duration::from_secs(1) / per_second);
                let mut asked = tokio::task::JoinSet::new();
                while !stopped.load(Ordering::Relaxed) {
                    due.tick().await;
                    while asked.try_join_next().is_some() {}
                    // A machine that cannot keep up is not buried: that would be a fault of the rig.
                    if asked.len() >= UNDER_WAY {
                        continue;
                    }
                    let request = client.post(&url).header("x-request-id", STRANGER).json(&body);
                    let counted = Arc::clone(&counted);
                    asked.spawn(async move {
                        if let Ok(answer) = request.send().await {
                            let whole = answer.text().await.is_ok_and(|text| text.contains("[DONE]"));
                            counted.fetch_add(u64::from(whole), Ordering::Relaxed);
                        }
                    });
                }
                while asked.join_next().await.is_some() {}
            });
        });
        Stranger { stop, sent, thread: Some(thread) }
    }
    /// Ends it and tells how many answers it got.
    fn end(mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ends");
        }
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Statuses of the closure rules over all histograms.
fn closure(audited: &Audited) -> BTreeSet<&str> {
    audited
        .outcomes()
        .into_iter()
        .filter(|o| CLOSURE.contains(&o.0) && (o.1.starts_with("scrape:") || o.1.starts_with("prometheus:")))
        .map(|o| o.2)
        .collect()
}

/// Nobody is blamed for the strangers. `false`: the machine was too busy for the load itself, so nothing more can be said.
fn blames_nobody(audited: &Audited) -> bool {
    let trouble = audited.trouble();
    assert!(!closure(audited).contains("fail"), "{trouble}");
    assert!(audited.failed_not_for_noise().is_empty() && audited.rules("error").is_empty(), "{trouble}");
    let whole = audited.rules("no_data").is_empty();
    assert!(whole || audited.busy > QUIET, "{trouble}");
    whole
}

#[test]
fn strangers_make_closure_inconclusive_and_nothing_fail() {
    let name = "strangers_make_closure_inconclusive_and_nothing_fail";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "5s")) else { return };
    // Strangers of this rig are neighbours of every other one.
    let turn = Turn::take(AT_ONCE);
    for per_second in [1, 50] {
        let stranger = Stranger::asking(&rig, "rigcheck-truth", per_second);
        let audited = rig.audit_in_turn(&turn, &format!("strangers-{per_second}"), FEW, || {});
        assert!(stranger.end() > u64::from(per_second) * 3, "the stranger got no answers");
        if !blames_nobody(&audited) {
            return skip(name, "the processors were too busy for the load itself");
        }
        for subject in ["prometheus:total", "scrape:total", "prometheus:ttft", "scrape:ttft"] {
            assert_eq!(audited.statuses("LAT-02", subject), BTreeSet::from(["inconclusive"]), "{}", audited.trouble());
        }
        assert!(audited.text.contains("requests of others"), "{}", audited.text);
    }
    // Set apart by a label, they are nobody's business.
    let stranger = Stranger::asking(&rig, "another-model", 50);
    let audited = rig.audit_in_turn(&turn, "strangers-apart", FEW, || {});
    assert!(stranger.end() > 150, "the stranger got no answers");
    if !blames_nobody(&audited) {
        return skip(name, "the processors were too busy for the load itself");
    }
    for subject in ["prometheus:total", "scrape:total", "prometheus:ttft", "scrape:ttft"] {
        assert_eq!(audited.statuses("LAT-02", subject), BTreeSet::from(["pass"]), "{}", audited.trouble());
    }
    if audited.busy <= QUIET {
        assert_eq!(closure(&audited), BTreeSet::from(["pass"]), "{}", audited.trouble());
    }
}

#[test]
fn strangers_before_and_after_the_load_make_nothing_fail() {
    let name = "strangers_before_and_after_the_load_make_nothing_fail";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "5s")) else { return };
    // Until our first requests come, and again from the last ones on: between the readings, and hardly within the load.
    let turn = Turn::take(AT_ONCE);
    let before = Stranger::asking(&rig, "rigcheck-truth", 10);
    let mut after = None;
    let audited = rig.audit_in_turn(&turn, "strangers-beside", FEW, || {
        rig.wait_for_ours(1);
        assert!(before.end() > 10, "the stranger got no answers");
        rig.wait_for_ours(FEW as usize + 10);
        after = Some(Stranger::asking(&rig, "rigcheck-truth", 10));
    });
    assert!(after.expect("one").end() > 10, "the stranger got no answers");
    if !blames_nobody(&audited) {
        return skip(name, "the processors were too busy for the load itself");
    }
    assert_eq!(audited.statuses("LAT-02", "prometheus:total"), BTreeSet::from(["inconclusive"]), "{}", audited.trouble());
}
