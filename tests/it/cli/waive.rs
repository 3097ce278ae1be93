//! `rigcheck waive`: from a failure to a line in the spec.

use super::{
    Ran,
    recorded::{SPEC, id, record},
    rigcheck,
};
use crate::report::samples;
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

const WHY: [&str; 6] = ["--reason", "millisecond logging ships in 4.2", "--owner", "sre", "--expires", "30d"];

fn waive(folder: &Path, args: &[&str]) -> Ran {
    rigcheck(folder, &[&["waive"], args, &WHY].concat())
}

fn spec(folder: &Path) -> String {
    fs::read_to_string(folder.join("rigcheck.yaml")).unwrap()
}

#[test]
fn a_failure_becomes_a_waiver_and_nothing_else_changes() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), &id(1), samples::blocked());
    let at = folder.path().join("rigcheck.yaml");
    fs::set_permissions(&at, fs::Permissions::from_mode(0o640)).unwrap();
    let ran = waive(folder.path(), &["LAT-14"]).ends(0);
    let text = spec(folder.path());
    let added = text.strip_prefix(SPEC).expect("the spec as it was, and more");
    let head = "waivers:\n  - rule: LAT-14\n    of: access_log:total\n    while: {bias: 250ms..350ms}\n    reason: millisecond logging ships in 4.2\n    owner: sre\n    expires: ";
    assert!(added.starts_with(head) && added.ends_with('\n') && added.lines().count() == 7, "{added}");
    assert_eq!(fs::metadata(&at).unwrap().permissions().mode() & 0o777, 0o640);
    for part in [
        "rigcheck.yaml:\n\nwaivers:\n  - rule: LAT-14",
        "bias 311 ms (288 ms … 334 ms), n = 240",
        "the waiver ends when it leaves 250ms..350ms",
        "With it the run is",
        "\nSee it: rigcheck replay latest --spec rigcheck.yaml\n",
    ] {
        assert!(ran.out.contains(part), "no {part} in\n{}", ran.out);
    }
    rigcheck(folder.path(), &["validate"]).ends(0);
    let again = waive(folder.path(), &["LAT-14"]).ends(2).err;
    assert!(again.contains("has a waiver of LAT-14 of access_log:total that holds until"), "{again}");
    assert_eq!(spec(folder.path()), text);

    // The next run is judged with it.
    record(folder.path(), &id(2), samples::blocked());
    assert!(
        rigcheck(folder.path(), &["waive", "LAT-14", "--reason", "r", "--owner", "o", "--expires", "30d", "--print"])
            .ends(2)
            .err
            .contains("has a waiver")
    );
}

/// A rule that decides nothing can be waived, for the record; nobody should believe that it then counts less.
#[test]
fn a_waiver_that_changes_no_verdict_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = samples::blocked();
    run.cases[0].outcomes.iter_mut().filter(|o| o.rule.as_str() == "LAT-14").for_each(|o| o.blocker = false);
    record(folder.path(), &id(1), run);
    let said = "! LAT-14 is no blocker: this waiver changes no verdict.";
    assert!(waive(folder.path(), &["LAT-14", "--print"]).ends(0).err.contains(said));
    let out = waive(folder.path(), &["LAT-14"]).ends(0).out;
    assert!(out.contains(said) && !out.contains("With it"), "{out}");
}

#[test]
fn what_is_waived_twice_is_said_in_the_plural() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = samples::blocked();
    let failing = run.cases[0].outcomes.iter().find(|o| o.rule.as_str() == "LAT-14" && o.status == rigcheck::model::outcome::Status::Fail).unwrap();
    let other = rigcheck::model::outcome::Outcome { subject: "jaeger:total".into(), ..failing.clone() };
    run.cases[0].outcomes.retain(|o| o.rule != other.rule || o.subject != other.subject);
    run.cases[0].outcomes.push(other);
    record(folder.path(), &id(1), run);
    let out = waive(folder.path(), &["LAT-14", "--all"]).ends(0).out;
    assert!(out.contains("With them the run is"), "{out}");
}

/// The comment at the end of a draft is about what is out of scope, not about the waivers.
#[test]
fn a_comment_at_the_end_stays_apart() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), &id(1), samples::blocked());
    let text = format!("{SPEC}# Out of scope until it is there:\n");
    fs::write(folder.path().join("rigcheck.yaml"), &text).unwrap();
    waive(folder.path(), &["LAT-14"]).ends(0);
    assert!(spec(folder.path()).starts_with(&format!("{text}\nwaivers:\n")), "{}", spec(folder.path()));
}

#[test]
fn printing_changes_nothing_and_the_range_can_be_said() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), &id(1), samples::blocked());
    let printed = |args: &[&str]| waive(folder.path(), &[&["LAT-14", "--print"], args].concat());
    assert!(printed(&[]).ends(0).out.starts_with("waivers:\n  - rule: LAT-14\n"));
    assert!(printed(&["--while", "0.2s..400ms"]).ends(0).out.contains("while: {bias: 0.2s..400ms}"));
    assert!(!printed(&["--any-value"]).ends(0).out.contains("while"));
    for (range, said) in [
        ("0.2s..400ms", None),
        ("-1000000s..1000000s", Some("more than 10 times as far as the observed bias 311 ms")),
        ("-1s..1s", Some("also accepts the opposite of the observed bias 311 ms")),
    ] {
        let err = printed(&["--while", range]).ends(0).err;
        assert_eq!(said.is_some(), err.contains("warning: --while"), "{range}: {err}");
        assert!(err.contains(said.unwrap_or_default()), "{range}: {err}");
    }
    assert!(printed(&["--of", "access_log"]).ends(0).out.contains("of: access_log:total"));
    assert!(printed(&["--all"]).ends(0).out.contains("of: access_log:total"));
    for (args, why) in [
        (&["--while", "1ms..2ms"][..], "the observed bias 311 ms (288 ms … 334 ms), n = 240 of access_log:total is not in it"),
        (&["--while", "250..350"], "is not in it"),
        (&["--while", "much"], "is not a range"),
        (&["--of", "jaeger"], "did not fail for it; it failed for access_log:total"),
        (&["--any-value", "--while", "1ms..2ms"], "cannot be used with"),
    ] {
        let err = printed(args).ends(2).err;
        assert!(err.contains(why), "{args:?}: {err}");
    }
    assert_eq!(spec(folder.path()), SPEC);
}

#[test]
fn only_a_failure_that_was_seen_on_this_rig_is_waived() {
    let folder = tempfile::tempdir().unwrap();
    assert!(fs::write(folder.path().join("rigcheck.yaml"), SPEC).is_ok());
    assert!(waive(folder.path(), &["LAT-14"]).ends(2).err.contains("there is no run"));
    record(folder.path(), &id(1), samples::blocked());
    for (args, why) in [
        (&["LAT-01"][..], "LAT-01 did not fail in run "),
        (&["LAT-1x4"], "there is no rule `LAT-1x4`; did you mean `LAT-14`? `rigcheck list` shows the rules"),
        (&["LAT-20"], "was not judged in run"),
        (&["LAT-14", "--run", "nope"], "there is no run `nope`"),
    ] {
        let err = waive(folder.path(), args).ends(2).err;
        assert!(err.contains(why), "{args:?}: {err}");
    }
    let refused = |spec: &str, args: &[&str]| {
        fs::write(folder.path().join("rigcheck.yaml"), spec).unwrap();
        waive(folder.path(), &[&["LAT-14", "--print"], args].concat())
    };
    assert!(refused(&SPEC.replace("staging-eu", "staging-us"), &["--force"]).ends(2).err.contains("is of rig `staging-eu`"));
    assert!(refused(&SPEC.replace("127.0.0.1:9,", "127.0.0.1:8,"), &["--force"]).ends(2).err.contains("had the target"));
    let stricter = format!("{SPEC}gate: {{threshold: 0.9}}\n");
    assert!(refused(&stricter, &[]).ends(2).err.contains("--force"));
    refused(&stricter, &["--force"]).ends(0);
}

#[test]
fn somebody_answers_for_it_until_a_day() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), &id(1), samples::blocked());
    let with = |args: &[&str]| rigcheck(folder.path(), &[&["waive", "LAT-14", "--print"], args].concat());
    for (args, why) in [
        (&["--reason", "r", "--owner", "o"][..], "--expires"),
        (&["--owner", "o", "--expires", "30d"], "--reason"),
        (&["--reason", " ", "--owner", "o", "--expires", "30d"], "say why"),
        (&["--reason", "r", "--owner", " ", "--expires", "30d"], "somebody must answer for it"),
        (&["--reason", "r", "--owner", "o", "--expires", "2020-01-01"], "that is over"),
        (&["--reason", "r", "--owner", "o", "--expires", "500d"], "at most a year"),
        (&["--reason", "r", "--owner", "o", "--expires", "2y"], "--expires 2y: use days"),
        (&["--reason", "r", "--owner", "o", "--expires", "2099-01-01T00:00:00"], "with its offset"),
    ] {
        let err = with(args).ends(2).err;
        assert!(err.contains(why), "{args:?}: {err}");
    }
    let odd = with(&["--reason", "\"it's\": ${env:HOME} # no\n", "--owner", "true", "--expires", "30d"]).ends(0).out;
    assert!(odd.contains(r#"reason: "\"it's\": $${env:HOME} # no""#) && odd.contains("owner: \"true\""), "{odd}");
    rigcheck(folder.path(), &["waive", "LAT-14", "--reason", "\"it's\": ${env:HOME} # no", "--owner", "true", "--expires", "30d"]).ends(0);
}

/// Where the text cannot be added to, it stays as it is, and what to paste is shown.
#[test]
fn what_cannot_be_edited_is_shown() {
    for (spec, _) in [
        (format!("{SPEC}x: &w []\nwaivers: *w\n").replace("x: &w []\n", ""), "unsound"),
        (
            format!(
                "{{{}}}\n",
                "version: 1, rig: staging-eu, target: {url: 'http://127.0.0.1:9', chat: {path: /v1/chat/completions, model: rigcheck-truth, max_tokens: 64}}, sources: {access_log: {path: nothing.jsonl}, jaeger: {url: 'http://127.0.0.1:9', service: gw}}"
            ),
            "braces",
        ),
        (format!("{SPEC}...\n"), "end of document"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        record(folder.path(), &id(1), samples::blocked());
        fs::write(folder.path().join("rigcheck.yaml"), &spec).unwrap();
        let err = waive(folder.path(), &["LAT-14"]).ends(2).err;
        let unsound = spec.contains("*w");
        assert!(unsound || err.contains("nothing was changed") && err.contains("  - rule: LAT-14\n"), "{spec}\n{err}");
        assert_eq!(self::spec(folder.path()), spec);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no partial file is left");
    }
}

/// A list of its own would take the place of the one that it inherits.
#[test]
fn a_list_that_is_inherited_is_not_advised_to_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let base = format!("{SPEC}waivers:\n  - {{rule: LAT-05, reason: r, owner: o, expires: 2030-01-01T00:00:00Z}}\n");
    fs::write(folder.path().join("base.yaml"), base).unwrap();
    fs::write(folder.path().join("rigcheck.yaml"), "extends: base.yaml\n").unwrap();
    record(folder.path(), &id(1), samples::blocked());
    let err = waive(folder.path(), &["LAT-14"]).ends(2).err;
    assert!(err.contains("stand in a file that it extends") && err.contains("nothing was changed"), "{err}");
    assert!(!err.contains("add the lines above to rigcheck.yaml yourself"), "{err}");
}
