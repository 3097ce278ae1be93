//! The window that is cut out of a histogram's raw samples.

use super::{
    case::{Said, bound, finding, judge, shown, status},
    evidence::{BEGAN, Simulated, act},
    rig,
};
use rigcheck::model::{
    evidence::Gap,
    key::{Histogram, Perform, When},
    name::name,
    outcome::Status,
    payload::{HistogramSeries, Part, Sample},
    rig::Quantity,
    units::Wall,
};

fn said(seed: u64, change: impl Fn(&mut HistogramSeries)) -> Said {
    let mut evidence = Simulated::new(seed, 240).evidence();
    evidence.alter(&name("scrape"), &Histogram { claim: name("total"), when: When::During(act()) }, change);
    judge(&*bound(), &rig::full(), &evidence)
}

fn of(said: &Said, rule: &str) -> Option<Status> {
    status(&said[&(rule.to_owned(), "scrape:total".to_owned())])
}

/// The same counters on three instances, each with a third of the growth.
fn spread_over(h: &mut HistogramSeries, instances: usize) {
    let mut all = vec![];
    for i in 0..instances {
        for series in &h.series {
            let mut own = series.clone();
            own.labels.insert("instance".into(), format!("gw{i}:80"));
            let base = own.samples[0].1;
            own.samples.iter_mut().for_each(|s| s.1 = base + (s.1 - base) / instances as f64);
            all.push(own);
        }
    }
    h.series = all;
}

#[test]
fn instances_add_up() {
    let said = said(31, |h| spread_over(h, 3));
    for rule in ["LAT-02", "LAT-03", "LAT-04", "LAT-05", "LAT-06", "LAT-08"] {
        assert_eq!(of(&said, rule), Some(Status::Pass), "{rule}\n{}", shown(&said));
    }
    assert!(finding(&said, "LAT-02", "scrape:total").observed.contains("3 label sets"));
}

#[test]
fn layouts_that_differ_are_not_added_up() {
    let said = said(32, |h| {
        spread_over(h, 2);
        h.series.retain(|s| !(s.labels["instance"] == "gw1:80" && matches!(s.part, Part::Bucket(le) if le.is_finite() && le > 1.0)));
    });
    assert_eq!(of(&said, "LAT-02"), Some(Status::Pass), "{}", shown(&said));
    assert_eq!(of(&said, "LAT-03"), Some(Status::Pass), "sum and count need no buckets");
    for rule in ["LAT-04", "LAT-05", "LAT-06"] {
        assert_eq!(of(&said, rule), Some(Status::Inconclusive), "{rule}\n{}", shown(&said));
    }
}

#[test]
fn the_layout_of_an_instance_that_is_gone_is_nobody_s_business() {
    let said = said(32, |h| {
        spread_over(h, 2);
        h.series.retain(|s| !(s.labels["instance"] == "gw1:80" && matches!(s.part, Part::Bucket(le) if le.is_finite() && le > 1.0)));
        // Replaced by the other one before the load; its history is still in the answer.
        for series in h.series.iter_mut().filter(|s| s.labels["instance"] == "gw1:80") {
            series.samples.retain(|sample| sample.0 <= Wall(BEGAN));
        }
        for series in h.series.iter_mut().filter(|s| s.labels["instance"] == "gw0:80") {
            let base = series.samples[0].1;
            series.samples.iter_mut().for_each(|s| s.1 = base + (s.1 - base) * 2.0);
        }
    });
    for rule in ["LAT-02", "LAT-03", "LAT-04", "LAT-05", "LAT-06"] {
        assert_eq!(of(&said, rule), Some(Status::Pass), "{rule}\n{}", shown(&said));
    }
}

fn without_history(h: &mut HistogramSeries) {
    for series in &mut h.series {
        let base = series.samples[0].1;
        series.samples.remove(0);
        series.samples.iter_mut().for_each(|s| s.1 -= base);
    }
}

#[test]
fn a_counter_that_was_not_there_before_stood_at_zero() {
    let said = said(33, without_history);
    for rule in ["LAT-02", "LAT-03", "LAT-04"] {
        assert_eq!(of(&said, rule), Some(Status::Pass), "{rule}\n{}", shown(&said));
    }
}

#[test]
fn a_counter_that_nobody_read_before_is_unknown() {
    let unread = |h: &mut HistogramSeries| {
        without_history(h);
        h.scrapes.retain(|s| s.at.0 > BEGAN);
    };
    let failed = |h: &mut HistogramSeries| {
        without_history(h);
        h.scrapes[0].ok = false;
    };
    let of_another = |h: &mut HistogramSeries| {
        without_history(h);
        h.scrapes[0].instance = "elsewhere:80".into();
    };
    for said in [said(34, unread), said(34, failed), said(34, of_another)] {
        let unknown = said[&("LAT-02".to_owned(), "scrape:total".to_owned())].as_ref().unwrap_err();
        assert!(matches!(unknown.gap, Gap::OutsideRetention(_)), "{unknown:?}");
        assert_eq!(of(&said, "LAT-03"), None);
    }
    // Created after the load began: that proves 0 as well.
    let created = |h: &mut HistogramSeries| {
        unread(h);
        h.series.iter_mut().for_each(|s| s.created = Some(BEGAN as f64 / 1e6 + 0.2));
    };
    assert_eq!(of(&said(34, created), "LAT-02"), Some(Status::Pass));
}

#[test]
fn a_counter_that_was_not_read_again_proves_no_deficit() {
    let said = said(35, |h| h.series.iter_mut().for_each(|s| s.samples.truncate(2)));
    let unknown = said[&("LAT-02".to_owned(), "scrape:total".to_owned())].as_ref().unwrap_err();
    assert!(matches!(unknown.gap, Gap::Truncated(_)), "{unknown:?}");
}

/// Two workers with private registries: each scrape shows one of them.
#[test]
fn counters_that_go_backwards_fail_and_are_named() {
    let said = said(36, |h| {
        for series in &mut h.series {
            let (first, last) = (series.samples[0], *series.samples.last().unwrap());
            let (base, end) = (first.1, last.1);
            let at = |share: f64, part: f64| {
                let span = last.0.0 - first.0.0;
                Sample(Wall(first.0.0 + (span as f64 * share) as i64), base + (end - base) * part)
            };
            let zigzag = vec![at(0.0, 0.0), at(0.3, 0.4), at(0.5, 0.2), at(0.7, 0.6), at(0.9, 0.3), at(1.0, 0.5)];
            series.samples = zigzag;
        }
    });
    let found = finding(&said, "LAT-02", "scrape:total");
    assert_eq!(found.status, Status::Fail, "{}", shown(&said));
    assert!(found.because[0].contains("went backwards 2 times: several workers with private registries"), "{:?}", found.because);
    for rule in ["LAT-03", "LAT-04", "LAT-05", "LAT-06"] {
        assert_eq!(of(&said, rule), Some(Status::Inconclusive), "{rule}\n{}", shown(&said));
    }
}

#[test]
fn a_metric_that_does_not_exist_is_no_data() {
    let said = said(37, |h| h.series.clear());
    for rule in ["LAT-02", "LAT-03", "LAT-04", "LAT-05", "LAT-06", "LAT-08"] {
        assert!(why_not(&said, rule).contains("no series of `gateway_total_seconds_bucket`"), "{rule}\n{}", shown(&said));
    }
}

/// A relabelling or a recording rule that drops a part: what is left is no histogram.
#[test]
fn buckets_that_are_not_the_distribution_of_the_count_are_no_data() {
    let without_inf = said(37, |h| h.series.retain(|s| !matches!(s.part, Part::Bucket(le) if le.is_infinite())));
    assert!(why_not(&without_inf, "LAT-06").contains("not at +Inf"), "{}", shown(&without_inf));
    let short = said(37, |h| {
        for series in h.series.iter_mut().filter(|s| matches!(s.part, Part::Count)) {
            series.samples.last_mut().unwrap().1 += 7.0;
        }
    });
    assert!(why_not(&short, "LAT-05").contains("one of them is not of this histogram"), "{}", shown(&short));
    let bare = said(37, |h| {
        let mut more: Vec<_> = h.series.iter().filter(|s| matches!(s.part, Part::Count | Part::Sum)).cloned().collect();
        for series in &mut more {
            series.labels.insert("handler".into(), "slow".into());
        }
        h.series.extend(more);
    });
    assert!(why_not(&bare, "LAT-06").contains("has no buckets, beside others"), "{}", shown(&bare));
}

fn why_not(said: &Said, rule: &str) -> String {
    match &said[&(rule.to_owned(), "scrape:total".to_owned())] {
        Err(unknown) => unknown.gap.detail().to_owned(),
        Ok(_) => panic!("{rule} was judged\n{}", shown(said)),
    }
}

#[test]
fn requests_that_all_take_equally_long_are_in_one_bucket_rightly() {
    let mut world = Simulated::new(40, 240);
    for request in &mut world.requests {
        for seen in [&mut request.truth, &mut request.client, &mut request.log, &mut request.span, &mut request.metric] {
            seen.total = 431.0;
        }
    }
    world.observed.insert(Quantity::Total, vec![431.0; world.requests.len()]);
    let said = judge(&*bound(), &rig::full(), &world.evidence());
    assert_eq!(of(&said, "LAT-06"), Some(Status::Pass), "{}", shown(&said));
    // The client saw them spread: the histogram does not.
    let mut pinned = Simulated::new(40, 240);
    pinned.observed.insert(Quantity::Total, vec![431.0; pinned.requests.len()]);
    let said = judge(&*bound(), &rig::full(), &pinned.evidence());
    assert_eq!(of(&said, "LAT-06"), Some(Status::Fail), "{}", shown(&said));
}

/// A client without such figures (nothing streamed) says nothing of whether one bucket is right.
#[test]
fn one_bucket_is_not_passed_where_the_client_has_nothing_to_compare() {
    let mut world = Simulated::new(41, 240);
    world.observed.insert(Quantity::Ttft, vec![101.0; world.requests.len()]);
    let mut evidence = world.evidence();
    evidence.alter(&act().actor(), &Perform { act: act() }, |p| p.requests.alter(|t| t.events.clear()));
    let said = judge(&*bound(), &rig::full(), &evidence);
    assert_eq!(finding(&said, "LAT-06", "scrape:ttft").status, Status::Inconclusive, "{}", shown(&said));
}

#[test]
fn a_name_that_contradicts_the_unit_is_a_warning() {
    let said = said(38, |h| h.metric = "gateway_total_milliseconds".into());
    let found = finding(&said, "LAT-08", "scrape:total");
    assert_eq!(found.status, Status::Warn, "{}", shown(&said));
    assert!(found.because[0].contains("says milliseconds"), "{:?}", found.because);
}

/// A mean per request is another way to observe inter-chunk latency; which one it is, is said.
#[test]
fn inter_chunk_may_be_observed_per_request() {
    let mut world = Simulated::new(39, 240);
    let means = world.requests.iter().map(|r| r.metric.gap()).collect();
    world.observed.insert(Quantity::InterChunk, means);
    let said = judge(&*bound(), &rig::full(), &world.evidence());
    for rule in ["LAT-02", "LAT-03"] {
        assert_eq!(finding(&said, rule, "scrape:inter_chunk").status, Status::Pass, "{}", shown(&said));
    }
    assert!(finding(&said, "LAT-03", "scrape:inter_chunk").observed.ends_with("one per request"));
    let per_gap = judge(&*bound(), &rig::full(), &Simulated::new(39, 240).evidence());
    assert!(finding(&per_gap, "LAT-03", "scrape:inter_chunk").observed.ends_with("one per gap between content chunks"));
}

/// What is counted in a sample that is stamped a little before the load may be the load's: the clocks agree to so much only.
#[test]
fn a_sample_nearer_to_the_load_s_edges_than_clocks_agree_is_neither_its_baseline_nor_its_end() {
    let stamped_before = |h: &mut HistogramSeries, doubt_us: i64| {
        for series in &mut h.series {
            let (base, end) = (series.samples[0].1, series.samples.last().unwrap().1);
            series.samples.insert(1, Sample(Wall(BEGAN - 300_000), base + (0.1 * (end - base)).floor()));
            // What came until then is in the next one, too.
            series.samples.iter_mut().skip(2).for_each(|s| s.1 = s.1.max(base + (0.1 * (end - base)).floor()));
        }
        h.doubt_us = doubt_us;
    };
    let sure = said(33, |h| stamped_before(h, 0));
    assert_eq!(of(&sure, "LAT-02"), Some(Status::Fail), "{}", shown(&sure));
    let unsure = said(33, |h| stamped_before(h, 550_000));
    assert_eq!(of(&unsure, "LAT-02"), Some(Status::Pass), "{}", shown(&unsure));

    let stamped_after = |h: &mut HistogramSeries, doubt_us: i64| {
        for series in &mut h.series {
            let base = series.samples[0].1;
            let last = series.samples.last_mut().unwrap();
            last.1 = base + (0.9 * (last.1 - base)).floor();
            let most = last.1;
            series.samples.iter_mut().for_each(|s| s.1 = s.1.min(most));
        }
        h.doubt_us = doubt_us;
    };
    let sure = said(34, |h| stamped_after(h, 0));
    assert_eq!(of(&sure, "LAT-02"), Some(Status::Fail), "{}", shown(&sure));
    let unsure = said(34, |h| stamped_after(h, 1_000_000));
    assert!(of(&unsure, "LAT-02") != Some(Status::Fail), "{}", shown(&unsure));
}
