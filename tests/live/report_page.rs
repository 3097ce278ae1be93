//! The HTML report in a browser, under axe-core: wide and narrow, light and dark, with everything unfolded; and on paper.
#![allow(clippy::disallowed_methods, reason = "runs the binary and a browser on files of the test's own")]

use crate::{
    rig::Turn,
    stack::{NotUp, skip},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Rules that axe cannot decide by itself are told, but they are no violation.
const RUN: &str = r"
document.querySelectorAll('details').forEach(d => { d.open = true; });
axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(found => {
  const told = document.createElement('pre');
  told.id = 'axe-result';
  const short = rule => ({id: rule.id, impact: rule.impact, nodes: rule.nodes.map(n => n.html.slice(0, 200) + ' ' + (n.failureSummary || ''))});
  told.textContent = btoa(unescape(encodeURIComponent(JSON.stringify({
    dark: matchMedia('(prefers-color-scheme: dark)').matches, width: innerWidth, passes: found.passes.length,
    scrolls: document.documentElement.scrollWidth > innerWidth + 1, violations: found.violations.map(short)}))));
  document.body.appendChild(told);
});";

/// How a reader looks at it: columns of the window, and whether it is dark there.
const VIEWS: [(u64, bool); 4] = [(1280, false), (1280, true), (400, false), (400, true)];

/// Of a report of one case with charts, on letter paper.
const MOST_PAGES: usize = 15;

#[test]
fn axe_finds_nothing_wide_or_narrow_light_or_dark() {
    let name = "axe_finds_nothing_wide_or_narrow_light_or_dark";
    let axe = match axe() {
        Ok(axe) => axe,
        Err(NotUp::Missing(why)) => return skip(name, &why),
        Err(NotUp::Broken(why)) => panic!("{why}"),
    };
    let _turn = Turn::take(1);
    let folder = tempfile::tempdir().expect("a folder");
    let page = report(folder.path());
    for (width, dark) in VIEWS {
        let seen = look(folder.path(), &page, &axe, width, dark);
        println!("axe at {width} px, {}: {} rules passed, 0 violations", if dark { "dark" } else { "light" }, seen["passes"]);
        assert_eq!(seen["violations"], serde_json::json!([]), "{width} px, dark: {dark}");
        assert_eq!(seen["dark"], dark, "the browser shows the other scheme");
        assert_eq!(seen["scrolls"], false, "{width} px: the page scrolls sideways");
        assert!(seen["passes"].as_u64() > Some(20), "{seen}");
    }
    // That it can find something: the same page with a picture that says nothing and grey text on grey.
    let bad = r#"<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA="><p style="color:#999;background:#aaa">told to nobody</p></body>"#;
    let seen = look(folder.path(), &page.replacen("</body>", bad, 1), &axe, 1280, false);
    let ids: Vec<_> = seen["violations"].as_array().expect("a list").iter().filter_map(|v| v["id"].as_str()).collect();
    assert!(ids.contains(&"image-alt") && ids.contains(&"color-contrast"), "{seen}");
}

/// On paper it is whole and short: a page that is mostly air, or a box that pushes the rest off, would show in the count.
#[test]
fn it_prints_on_few_pages() {
    if !has_chromium() {
        return skip("it_prints_on_few_pages", "chromium is not there; run tests/stack/install");
    }
    let _turn = Turn::take(1);
    let folder = tempfile::tempdir().expect("a folder");
    let page = report(folder.path());
    let printed = pages(folder.path(), &page);
    println!("the report prints on {printed} pages");
    assert!((2..=MOST_PAGES).contains(&printed), "{printed} pages");
    // That it counts: the same with two pages more.
    let more = page.replacen("</body>", "<p style=\"break-before:page\">one</p><p style=\"break-before:page\">two</p></body>", 1);
    assert_eq!(pages(folder.path(), &more), printed + 2);
}

/// Pages of the page on paper.
fn pages(folder: &Path, page: &str) -> usize {
    let (from, to) = (folder.join("to-print.html"), folder.join("printed.pdf"));
    fs::write(&from, page).expect("a file");
    let profile = tempfile::tempdir().expect("a folder");
    let ran = chromium(profile.path()).arg(format!("--print-to-pdf={}", to.display())).arg(format!("file://{}", from.display())).output();
    let said = String::from_utf8_lossy(&ran.expect("chromium runs").stderr).into_owned();
    let pdf = fs::read(&to).unwrap_or_else(|e| panic!("{e}: {said}"));
    // ISO 32000-1, 7.7.3: a page is an object of type `Page`, the tree of them one of type `Pages`.
    String::from_utf8_lossy(&pdf).split("/Type /Page").skip(1).filter(|rest| !rest.starts_with('s')).count()
}

/// Chromium without a window, which asks nobody anything.
fn chromium(profile: &Path) -> Command {
    let mut command = Command::new("chromium");
    command
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.display()));
    command
}

fn has_chromium() -> bool {
    Command::new("chromium").arg("--version").output().is_ok_and(|o| o.status.success())
}

/// A report with failures, charts and notes.
fn report(folder: &Path) -> String {
    let to = folder.join("report.html");
    let output = format!("html:{}", to.display());
    let ran = Command::new(env!("CARGO_BIN_EXE_rigcheck"))
        .args(["demo", "--fault", "log-offset", "--output", &output])
        .current_dir(folder)
        .output()
        .expect("the binary runs");
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    let page = fs::read_to_string(to).expect("a report");
    assert!(!page.contains("<script"), "the report is read without scripts");
    page
}

/// The page with axe in it, as the browser leaves it.
fn look(folder: &Path, page: &str, axe: &str, width: u64, dark: bool) -> Value {
    // The report itself allows no script; only this copy does.
    let open = page.replacen("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';", 1);
    assert_ne!(open, page, "the report states what it may load");
    let at = open.rfind("</body>").expect("a body");
    let copy = folder.join("with-axe.html");
    fs::write(&copy, format!("{}<script>{axe}</script><script>{RUN}</script>{}", &open[..at], &open[at..])).expect("a file");
    let profile = tempfile::tempdir().expect("a folder");
    let ran = chromium(profile.path())
        .args(["--virtual-time-budget=60000", "--dump-dom"])
        .arg(format!("--window-size={width},900"))
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)))
        .arg(format!("file://{}", copy.display()))
        .output()
        .expect("chromium runs");
    let dom = String::from_utf8_lossy(&ran.stdout);
    let told = dom.rsplit_once("<pre id=\"axe-result\">").and_then(|(_, rest)| Some(rest.split_once("</pre>")?.0));
    let told = told.unwrap_or_else(|| panic!("axe told nothing: {}", String::from_utf8_lossy(&ran.stderr)));
    serde_json::from_slice(&decoded(told)).expect("JSON")
}

/// RFC 4648.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |c: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|d| *d == c);
    let digits: Vec<_> = text.bytes().filter_map(digit).collect();
    let group = |four: &[usize]| {
        let bits = four.iter().fold(0, |bits, d| bits << 6 | d) << (6 * (4 - four.len()));
        [16, 8, 0].map(|by| (bits >> by) as u8).into_iter().take(four.len() * 3 / 4)
    };
    digits.chunks(4).flat_map(group).collect()
}

/// The check itself, as tests/stack/install left it.
fn axe() -> Result<String, NotUp> {
    let missing = |what: &str| NotUp::Missing(format!("{what} is not there; run tests/stack/install"));
    if !has_chromium() {
        return Err(missing("chromium"));
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stack/lib.sh");
    let asked = Command::new("bash").args(["-c", &format!(". '{script}' && axe_js")]).output().expect("bash");
    let path = PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim());
    fs::read_to_string(path).map_err(|_| missing("axe-core"))
}
