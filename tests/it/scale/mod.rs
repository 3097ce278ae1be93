//! A large rig costs bounded memory: each source reads its share of one in a process of its own, whose peak is held against
//! the bound that is documented. A tenth of the size here, so that it takes seconds in a debug build; `make bench` reads it whole.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on says where; a child tells its peak")]

mod work;

use std::process::Command;

/// Says to a child which work it has.
const CHILD: &str = "RIGCHECK_SCALE_CHILD";

/// The most memory that this process had so far, MiB.
fn peak() -> f64 {
    procfs::process::Process::myself().unwrap().status().unwrap().vmhwm.unwrap() as f64 / 1024.0
}

/// What the work of this name at this size adds to the peak of memory, MiB, in a child process of the test `of`.
fn added(of: &str, name: &str, size: usize) -> Option<f64> {
    let (_, _, work) = work::ALL.into_iter().find(|(known, ..)| *known == name).unwrap();
    if std::env::var(CHILD).is_ok() {
        let before = peak();
        let what = work(size);
        println!("{name}: {what}\nadded {}", peak() - before);
        return None;
    }
    let test = format!("scale::{of}");
    let out = Command::new(std::env::current_exe().unwrap()).args(["--exact", &test, "--nocapture"]).env(CHILD, "1").output().unwrap();
    let (text, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{text}{errors}");
    print!("{text}");
    Some(text.lines().find_map(|l| l.strip_prefix("added ")).unwrap_or_else(|| panic!("{text}{errors}")).parse().unwrap())
}

/// Reading a page costs the page itself, and as much again for what is remembered of its series.
#[test]
fn a_large_page_costs_its_size_and_a_share_of_it() {
    const MIB: usize = 20;
    if let Some(added) = added("a_large_page_costs_its_size_and_a_share_of_it", "page", MIB << 20) {
        assert!(added < 2.0 * MIB as f64 + 50.0, "{added:.0} MiB");
    }
}

/// Strangers' spans are held only as long as there is room for ours.
#[test]
fn a_flood_of_foreign_spans_costs_no_more_than_what_may_be_held() {
    const SPANS: usize = 320_000;
    if let Some(added) = added("a_flood_of_foreign_spans_costs_no_more_than_what_may_be_held", "receiver", SPANS) {
        assert!(added < 480.0, "{added:.0} MiB");
    }
}

/// An answer is read and let go before the next one.
#[test]
fn a_query_service_full_of_strangers_costs_one_answer() {
    if let Some(added) = added("a_query_service_full_of_strangers_costs_one_answer", "jaeger", 50_000) {
        assert!(added < 300.0, "{added:.0} MiB");
    }
}

#[test]
fn a_long_log_costs_our_own_lines() {
    if let Some(added) = added("a_long_log_costs_our_own_lines", "log", 100_000) {
        assert!(added < 40.0, "{added:.0} MiB");
    }
}

#[test]
fn a_long_gzipped_log_costs_our_own_lines() {
    if let Some(added) = added("a_long_gzipped_log_costs_our_own_lines", "gzipped log", 100_000) {
        assert!(added < 40.0, "{added:.0} MiB");
    }
}
