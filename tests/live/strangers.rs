//! Others use the gateway before, during and after the load: what counts everybody's requests cannot tell, and says so; it
//! never fails for them, and where a label sets ours apart it passes.

use crate::{
    rig::{Audited, Gateway, QUIET, Rig, Turn},
    stack::{or_skip, too_busy},
    support::stranger::Stranger,
};
use std::collections::BTreeSet;

/// Enough to tell counts, means and edges.
const FEW: u64 = 120;
/// What compares everything in a histogram with what was sent.
const CLOSURE: [&str; 3] = ["LAT-02", "LAT-03", "LAT-04"];

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
    let turn = Turn::take(2);
    for per_second in [1, 50] {
        let stranger = Stranger::asking(rig.stack.url("gateway"), "rigcheck-truth", per_second);
        let audited = rig.audit_in_turn(&turn, &format!("strangers-{per_second}"), FEW, || {});
        assert!(stranger.end() > u64::from(per_second) * 3, "the stranger got no answers");
        if !blames_nobody(&audited) {
            return too_busy(name, "the processors were too busy for the load itself");
        }
        for subject in ["prometheus:total", "scrape:total", "prometheus:ttft", "scrape:ttft"] {
            assert_eq!(audited.statuses("LAT-02", subject), BTreeSet::from(["inconclusive"]), "{}", audited.trouble());
        }
        assert!(audited.text.contains("requests of others"), "{}", audited.text);
    }
    // Set apart by a label, they are nobody's business.
    let stranger = Stranger::asking(rig.stack.url("gateway"), "another-model", 50);
    let audited = rig.audit_in_turn(&turn, "strangers-apart", FEW, || {});
    assert!(stranger.end() > 150, "the stranger got no answers");
    if !blames_nobody(&audited) {
        return too_busy(name, "the processors were too busy for the load itself");
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
    let turn = Turn::take(1);
    let before = Stranger::asking(rig.stack.url("gateway"), "rigcheck-truth", 10);
    let mut after = None;
    let audited = rig.audit_in_turn(&turn, "strangers-beside", FEW, || {
        rig.wait_for_ours(1);
        assert!(before.end() > 10, "the stranger got no answers");
        rig.wait_for_ours(FEW as usize + 10);
        after = Some(Stranger::asking(rig.stack.url("gateway"), "rigcheck-truth", 10));
    });
    assert!(after.expect("one").end() > 10, "the stranger got no answers");
    if !blames_nobody(&audited) {
        return too_busy(name, "the processors were too busy for the load itself");
    }
    assert_eq!(audited.statuses("LAT-02", "prometheus:total"), BTreeSet::from(["inconclusive"]), "{}", audited.trouble());
}
