//! A spec that stays with an edition is judged by it, whatever later releases bring.

use super::{OTHER_FILES, OTHERS, SMALL, env, good};
use rigcheck::spec::{self, Exec, Loaded, Options, catalogue::Catalogue, diagnostics::Problems, edition_file, load_text};
use std::{fs, path::Path};
use tempfile::TempDir;

const EMBEDDED: &str = include_str!("../../../checks/observability/latency_accuracy.yaml");
const LOCK: &str = include_str!("../../../checks/editions/2027.1.yaml");

/// A rule that edition 2027.1 does not know.
const NEW: &str = "  - id: LAT-90
    judge: match_rate
    title: Nearly every request is found
    requires: [controlled_load, per_request_server_record]
    weight: critical
    blocker: true
    params: {share: 99.9%}
    n_min: 200
    ttl: 24h
    proven_by: []
    why: A test of editions.
    method: As LAT-07.
    blind_spots: None.
    remedy: None.
    source: None.
";

/// The case file of a later release: a margin is tighter, weights, rows and times are others, and there is a rule more.
fn later() -> String {
    let mut text = EMBEDDED.trim_end().to_owned() + "\n" + NEW;
    for (was, now) in [
        (
            "params: {low: 0.9, high: 1.1, share: 5%}\n    n_min: 200\n    ttl: 24h\n    proven_by: [batched-tokens]",
            "params: {low: 0.8, high: 1.1, share: 5%}\n    n_min: 300\n    ttl: 1h\n    proven_by: []",
        ),
        (
            "weight: critical\naudit: {latency_accuracy: {load: controlled, requests: 480,",
            "weight: low\naudit: {latency_accuracy: {load: controlled, requests: 500,",
        ),
        (
            "    requires: [controlled_load, streaming]\n    weight: normal\n    blocker: false",
            "    requires: [controlled_load]\n    weight: critical\n    blocker: true",
        ),
    ] {
        assert_eq!(text.matches(was).count(), 1, "{was}");
        text = text.replace(was, now);
    }
    text
}

/// A folder of checks as a later release would have it: edition 2027.1 as it is, and 2027.2 as these case files say.
pub fn two_editions() -> TempDir {
    folder(&later(), &[("2027.1.yaml", LOCK.to_owned())])
}

fn folder(case: &str, locks: &[(&str, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("case.yaml"), case).unwrap();
    for (nth, text) in OTHER_FILES.iter().enumerate() {
        fs::write(folder.path().join(format!("other{nth}.yaml")), text).unwrap();
    }
    let cases = Catalogue::load(Some(folder.path())).unwrap_or_else(|p| panic!("{p}")).cases;
    fs::create_dir(folder.path().join("editions")).unwrap();
    let newest = ("2027.2.yaml", edition_file::text("2027.2", &cases));
    for (name, text) in locks.iter().chain([&newest]) {
        fs::write(folder.path().join("editions").join(name), text).unwrap();
    }
    folder
}

fn read(checks: &Path, spec: &str) -> Result<Loaded, Problems> {
    load_text(spec, "rigcheck.yaml", Path::new("/nowhere"), &Options { checks_dir: Some(checks.to_owned()), env: &env, exec: Exec::Refused })
}

fn under(checks: &Path, edition: &str) -> Loaded {
    read(checks, &format!("{SMALL}checks: \"{edition}\"\n")).unwrap_or_else(|p| panic!("{p}"))
}

fn changes(loaded: &Loaded) -> Vec<String> {
    loaded.profile.changed.iter().map(ToString::to_string).collect()
}

#[test]
fn an_earlier_edition_judges_as_it_did() {
    let checks = two_editions();
    let loaded = under(checks.path(), "2027.1");
    let today = good(SMALL);
    assert_eq!((loaded.profile.checks.as_str(), loaded.newer.as_deref()), ("2027.1", Some("2027.2")));
    assert_eq!(changes(&loaded), [""; 0]);
    // Scores stay comparable: the same digest as by the release that had no later edition.
    assert_eq!(loaded.profile.digest(), today.profile.digest());
    let rules = &loaded.profile.cases[0].rules;
    let newer: Vec<_> = rules.iter().filter(|r| r.newer).map(|r| r.id.as_str()).collect();
    assert_eq!(newer, ["LAT-90"]);
    for (rule, was) in rules.iter().filter(|r| !r.newer).zip(&today.profile.cases[0].rules) {
        assert_eq!((&rule.id, &rule.judge, &rule.requires, rule.weight, rule.blocker), (&was.id, &was.judge, &was.requires, was.weight, was.blocker));
        assert_eq!((rule.n_min, rule.ttl, rule.proven_by.is_empty()), (was.n_min, was.ttl, was.proven_by.is_empty()), "{}", rule.id);
        assert!(!rule.why.is_empty(), "{}: the words are those of the release", rule.id);
    }
    let summary = loaded.summary();
    assert!(summary.contains("newer than checks 2027.1, judged and not scored: LAT-90\n"), "{summary}");
    assert_eq!(loaded.rules_in_scope(), today.rules_in_scope());
    // Whatever a spec says of it, it is not scored.
    let loud = read(
        checks.path(),
        &format!(
            "{SMALL}checks: \"2027.1\"\ncases:\n  {}: {{rules: {{LAT-90: {{weight: low}}}}}}\n{}",
            loaded.profile.cases[0].id,
            OTHERS.map(|id| format!("  {id}: {{}}\n")).concat()
        ),
    );
    let loud = loud.unwrap_or_else(|p| panic!("{p}"));
    assert!(loud.profile.cases[0].rules.iter().any(|r| r.newer) && loud.profile.digest() == today.profile.digest());
}

#[test]
fn the_newest_edition_is_what_the_case_files_say() {
    let checks = two_editions();
    for loaded in [under(checks.path(), "2027.2"), read(checks.path(), SMALL).unwrap_or_else(|p| panic!("{p}"))] {
        assert_eq!(
            (loaded.profile.checks.as_str(), loaded.newer.as_deref()),
            ("2027.2 (own)", None),
            "this release vouches for no edition of others"
        );
        // What it judges otherwise than this release's edition is named: an edition of one's own is no measure of itself.
        let told = changes(&loaded);
        assert!(told.contains(&"LAT-20 blocker no → yes".into()) && told.contains(&"LAT-90 not of this edition".into()), "{told:?}");
        assert!(loaded.profile.cases[0].rules.iter().all(|r| !r.newer));
    }
    assert_eq!((good(SMALL).profile.checks.as_str(), good(SMALL).newer), (spec::EDITION, None));
}

#[test]
fn what_an_upgrade_changes_is_told_through_the_same_changes() {
    let checks = two_editions();
    let between = spec::between(&under(checks.path(), "2027.1").profile, &under(checks.path(), "2027.2").profile);
    let said: Vec<_> = between.iter().map(ToString::to_string).collect();
    let case = "PERF_INFRA_MONITORING_LATENCY_ACCURACY_001";
    let expected = [
        format!("{case} weight critical → low"),
        format!("{case} requests 480 → 500"),
        "LAT-20 requires controlled_load+streaming → controlled_load".into(),
        "LAT-20 weight normal → critical".into(),
        "LAT-20 blocker no → yes".into(),
        "LAT-20 low 0.9 → 0.8".into(),
        "LAT-20 n_min 200 → 300".into(),
        "LAT-20 ttl 24h → 1h".into(),
        "LAT-20 proven yes → no".into(),
        "LAT-90 is scored from now on".into(),
    ];
    assert_eq!(said, expected);
}

#[test]
fn an_edition_that_is_not_there_says_which_there_are() {
    let checks = two_editions();
    let told = read(checks.path(), &format!("{SMALL}checks: \"2026.4\"\n")).unwrap_err().to_string();
    assert!(told.contains("there are 2027.1, 2027.2; the newest is `checks: \"2027.2\"`") && told.contains("rigcheck.yaml:"), "{told}");
    // And only that: what is selected below it is not called unknown for it.
    let id = &good(SMALL).profile.cases[0].id;
    let told = read(checks.path(), &format!("{SMALL}checks: 2027.1\ncases: [{id}]\n")).unwrap_err().to_string();
    assert!(told.contains("is a number here") && !told.contains("unknown case"), "{told}");
}

/// An edition judges by all that it has, or not at all.
#[test]
fn a_rule_that_is_gone_is_refused_by_name() {
    let start = EMBEDDED.find("  - id: LAT-20").unwrap();
    let checks = folder(&EMBEDDED[..start], &[("2027.1.yaml", LOCK.to_owned())]);
    let told = read(checks.path(), &format!("{SMALL}checks: \"2027.1\"\n")).unwrap_err().to_string();
    assert!(told.contains("checks 2027.1 judge by LAT-20, which this release no longer has") && told.contains("rigcheck.yaml:"), "{told}");
    // What an edition of one's own takes out is named.
    assert_eq!(changes(&under(checks.path(), "2027.2")), ["LAT-20 left out"]);
}

/// Who writes an edition of this release anew is compared with this release's.
#[test]
fn an_edition_of_this_release_cannot_be_redefined() {
    let lax = LOCK.replace("params: {low: 0.9, high: 1.1, share: 5%}", "params: {low: 0.1, high: 1.1, share: 5%}");
    assert_ne!(lax, LOCK);
    let checks = folder(&later(), &[("2027.1.yaml", lax)]);
    let loaded = under(checks.path(), "2027.1");
    assert_eq!((loaded.profile.checks.as_str(), changes(&loaded)), ("2027.1", vec!["LAT-20 low 0.9 → 0.1".to_owned()]));
    assert_ne!(loaded.profile.digest(), good(SMALL).profile.digest());
}

/// An edition of this release that is written anew without a rule no longer scores it, and says that.
#[test]
fn a_rule_that_is_no_longer_scored_is_said_to_be_that() {
    let start = LOCK.find("      - id: LAT-20").unwrap();
    let end = OTHERS.iter().filter_map(|id| LOCK.find(&format!("  - id: {id}"))).min().unwrap();
    let checks = folder(EMBEDDED, &[("2027.1.yaml", format!("{}{}", &LOCK[..start], &LOCK[end..]))]);
    assert_eq!(changes(&under(checks.path(), "2027.1")), ["LAT-20 is judged and not scored"]);
}

#[test]
fn a_broken_edition_is_told_at_its_place() {
    for (was, now, words) in [
        ("edition: \"2027.1\"", "edition: \"first\"", "is no edition"),
        ("        weight: ", "        wieght: ", "unknown key `wieght`"),
        ("        proven: true", "        proven: perhaps", "must be `true` or `false`"),
        ("edition: \"2027.1\"", "edition: \"2027.2\"", "the edition `2027.2` is given twice"),
        ("judge: known_truth", "judge: no_such_judge", "has no judge `no_such_judge`"),
    ] {
        let checks = folder(&later(), &[("2027.1.yaml", LOCK.replacen(was, now, 1))]);
        let told = read(checks.path(), &format!("{SMALL}checks: \"2027.1\"\n")).unwrap_err().to_string();
        assert!(told.contains(words) && told.contains("editions/2027."), "`{now}` must say `{words}` and says\n{told}");
    }
}
