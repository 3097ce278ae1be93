//! A recorded run under another spec: what that spec reads otherwise was not asked for.

use super::{
    case::{bound, judge},
    evidence::Simulated,
    rig,
};
use rigcheck::{
    engine::replay::asked_alike,
    model::{
        name::name,
        rig::{By, Rig},
    },
};
use std::collections::BTreeSet;

/// Subjects without data when the run of the full rig is judged under the changed one.
fn silent(change: impl FnOnce(&mut Rig)) -> BTreeSet<String> {
    let then = rig::full();
    let mut now = then.clone();
    change(&mut now);
    let evidence = asked_alike(&Simulated::new(81, 480).evidence(), &then, &now);
    let said = judge(&*bound(), &now, &evidence);
    let silent = said.iter().filter(|(_, said)| said.is_err());
    silent.map(|((_, subject), _)| subject.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn only_what_is_read_alike_is_judged_again() {
    let only = |source: &str| BTreeSet::from([source.to_owned()]);
    assert_eq!(silent(|_| {}), BTreeSet::new());
    // Another unit or field of the log, another service of the trace store.
    assert_eq!(silent(|rig| rig.sources.get_mut(&name("access_log")).unwrap().reads = "total duration_ms in 1000 ms".into()), only("access_log"));
    let traces = silent(|rig| rig.sources.get_mut(&name("jaeger")).unwrap().reads = "spans of service other".into());
    assert_eq!(traces, BTreeSet::from(["jaeger".to_owned(), "scrape".to_owned()]), "exemplars of the page point to spans");
    // Where a source is, and where load goes: what was read elsewhere is of another rig.
    let moved = |source: &'static str| silent(move |rig| rig.sources.get_mut(&name(source)).unwrap().place = "elsewhere".into());
    assert_eq!(moved("access_log"), only("access_log"));
    assert_eq!(moved("scrape"), only("scrape"));
    let (load, then) = (moved("load"), rig::full());
    assert!(then.sources.keys().filter(|s| then.claims.iter().any(|c| c.source == **s)).all(|s| load.contains(s.as_str())), "{load:?}");
    let histograms = |change: fn(&mut rigcheck::model::rig::HistogramOf)| {
        silent(move |rig| {
            for claim in &mut rig.claims {
                if let By::Histogram(of) = &mut claim.by {
                    change(of);
                }
            }
        })
    };
    assert_eq!(histograms(|of| of.metric = "another_seconds".into()), only("scrape"));
    assert_eq!(histograms(|of| _ = of.labels.insert("route".into(), "/other".into())), only("scrape"));
    // A unit is applied when it is judged: the raw samples are the same.
    assert_eq!(histograms(|of| of.unit_ms = 1.0), BTreeSet::new());
}
