//! A large rig costs bounded memory: each source reads its share of one in a process of its own, whose peak is held against
//! the bound that is documented. At sizes here that take seconds in a debug build; `make bench` reads it whole.
#![allow(clippy::print_stdout, reason = "a child tells its peak")]

mod work;

use crate::child;

/// Says to a child that it is one.
const CHILD: &str = "RIGCHECK_SCALE_CHILD";

/// Holds the peak of this work, in a child process of the test `of`, against its bound.
fn within_its_bound(of: &str, name: &str) {
    let work = work::named(name);
    if std::env::var(CHILD).is_ok() {
        let before = child::peak();
        child::tell(&(work.run)(work.small), before);
        return;
    }
    let told = child::run(&mut child::test(&format!("scale::{of}"), CHILD, name));
    let (added, most) = (told.mib(), (work.most)(work.small));
    println!("{name}: {added:.0} of {most:.0} MiB\n{}", told.said);
    assert!(added < most, "{added:.0} of {most:.0} MiB\n{}", told.said);
}

/// Reading a page costs the page itself, and at most as much again for what is remembered of its series.
#[test]
fn a_large_page_costs_its_size_and_a_share_of_it() {
    within_its_bound("a_large_page_costs_its_size_and_a_share_of_it", "page");
}

/// Strangers' spans are held only as long as there is room for ours.
#[test]
fn a_flood_of_foreign_spans_costs_no_more_than_what_may_be_held() {
    within_its_bound("a_flood_of_foreign_spans_costs_no_more_than_what_may_be_held", "receiver");
}

/// An answer is read and let go before the next one.
#[test]
fn a_query_service_full_of_strangers_costs_one_answer() {
    within_its_bound("a_query_service_full_of_strangers_costs_one_answer", "jaeger");
}

#[test]
fn a_long_log_costs_our_own_lines() {
    within_its_bound("a_long_log_costs_our_own_lines", "log");
}

#[test]
fn a_long_gzipped_log_costs_our_own_lines() {
    within_its_bound("a_long_gzipped_log_costs_our_own_lines", "gzipped log");
}

/// However many traces there are, and one of them far too large.
#[test]
fn many_traces_cost_the_largest_one() {
    within_its_bound("many_traces_cost_the_largest_one", "traces");
}

/// The audit of traces reads them one by one, and keeps of each what it looked like.
#[test]
fn judging_many_spans_costs_one_trace() {
    within_its_bound("judging_many_spans_costs_one_trace", "judged traces");
}
