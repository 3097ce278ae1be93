//! `docs/reports.md` says what is there.
#![allow(clippy::disallowed_methods, reason = "reads the page, and runs promtool where it is installed")]

use super::{plain, samples};
use rigcheck::report::{Format, render};
use std::{fs, process::Command};

fn page() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reports.md")).unwrap()
}

/// First cells of the rows of the table below a heading.
fn cells(page: &str, head: &str) -> Vec<String> {
    let rows = page.lines().skip_while(|line| !line.starts_with(head)).skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| Some(row.split('|').nth(1)?.trim().trim_matches('`').to_owned())).collect()
}

#[test]
fn formats_and_exit_codes_are_all_there() {
    let page = page();
    assert_eq!(cells(&page, "| format"), Format::words());
    let help = Command::new(env!("CARGO_BIN_EXE_rigcheck")).arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let codes = help.split("Exit codes: ").nth(1).unwrap();
    let codes: Vec<_> = codes.split('·').filter_map(|code| code.split_whitespace().next()).collect();
    assert_eq!(cells(&page, "| code"), codes);
}

/// The alerts, as Prometheus loads them.
fn alerts(page: &str) -> String {
    page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

#[test]
fn alerts_name_series_that_a_run_writes() {
    let alerts = alerts(&page());
    let metrics = render(&samples::waived().report(), Format::Openmetrics, &plain(80));
    let mut named = 0;
    for selector in alerts.split("rigcheck_").skip(1).filter_map(|rest| rest.split('}').next()) {
        let (series, labels) = selector.split_once('{').unwrap();
        let (label, values) = labels.split_once(", ").and_then(|(_, more)| more.split_once("=~")).unwrap_or(("rig", "\"staging-eu\""));
        for value in values.trim_matches('"').split('|') {
            let shown =
                metrics.lines().any(|line| line.starts_with(&format!("rigcheck_{series}{{")) && line.contains(&format!("{label}=\"{value}\"")));
            assert!(shown, "no rigcheck_{series} with {label}={value} in\n{metrics}");
            named += 1;
        }
    }
    assert_eq!(named, 6);
}

#[test]
fn promtool_takes_the_alerts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alerts.yml");
    fs::write(&file, alerts(&page())).unwrap();
    match Command::new("promtool").args(["check", "rules"]).arg(&file).output() {
        Ok(said) => assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr)),
        Err(_) => eprintln!("SKIPPED promtool_takes_the_alerts: promtool is not installed (Debian package `prometheus`)"),
    }
}
