//! A secret is in no text that leaves the program.

use super::{SMALL, good, read};

const SECRET: &str = "k3y-of-the-gateway";

#[test]
fn nothing_that_can_be_printed_holds_a_secret() {
    let text = SMALL.replace(
        "url: http://127.0.0.1:8000,",
        "url: http://127.0.0.1:8000, headers: {x-api-key: \"${env:API_KEY}\", x-plain: plain-secret}, bearer: plain-secret,",
    );
    let loaded = good(&text);
    let connection = &loaded.settings.target.as_ref().unwrap().connection;
    assert_eq!(connection.headers[0].1.expose(), SECRET, "it is there to be sent");
    let recorded = serde_json::to_string(&loaded.profile).unwrap();
    for shown in [format!("{loaded:?}"), format!("{:?}", loaded.settings), loaded.summary(), recorded, format!("{:?}", loaded.warnings)] {
        assert!(!shown.contains(SECRET) && !shown.contains("plain-secret"), "{shown}");
    }
    let cleaned = loaded.settings.redactor.clean(&format!("a {SECRET} b plain-secret c"));
    assert_eq!(cleaned, "a *** b *** c");
}

#[test]
fn problems_show_the_line_but_not_the_secret() {
    let lines = [
        "  baerer: s3cr3t-value, model: x",
        "  headers: {a b: s3cr3t-value}",
        "  bearer: [s3cr3t-value]",
        "  bearer: {x: s3cr3t-value}",
        "  basic: {user: me, pasword: s3cr3t-value}",
        "  url: http://me:s3cr3t-value@127.0.0.1",
        "  bearer: 's3cr3t-value",
        "  headers: {x: s3cr3t-value",
        "  bearer: s3cr3t-value: x",
        "  headers:\n    x: s3cr3t-value: y",
        "  bearer: s3cr3t-value\n  bearer: s3cr3t-value",
        "  bearer: |\n    s3cr3t-value\n    s3cr3t-value",
        "  api_key: s3cr3t-value",
        "  bearer: \"${evn:X:-s3cr3t-value}\"",
        "  bearer: \"s3cr3t-value${env:NOPE}\"",
        "  bearer: !x s3cr3t-value",
    ];
    for line in lines {
        let problems = read(&format!("version: 1\nrig: dev\ntarget:\n{line}\n")).unwrap_err();
        let (shown, debug) = (problems.to_string(), format!("{problems:?}"));
        assert!(!shown.contains("s3cr3t-value"), "{line}:\n{shown}");
        assert!(!debug.contains("s3cr3t-value"), "{line}:\n{debug}");
        assert!(shown.contains("rigcheck.yaml:"), "{shown}");
    }
}
