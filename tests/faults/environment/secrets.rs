//! What is secret in a server's environment and arguments is shown nowhere.
#![allow(clippy::disallowed_methods, reason = "reads all that the binary wrote")]

use super::{server::Start, site::Site};
use crate::{
    stack::{NotUp, or_skip},
    support::turn::CHILDREN,
};
use std::{fs, path::Path};

const CANARY: &str = "canary-7f3e9b21c4";

#[test]
fn what_is_secret_in_a_servers_environment_is_shown_nowhere() {
    let name = "what_is_secret_in_a_servers_environment_is_shown_nowhere";
    let _children = CHILDREN.blocking_lock();
    let Some(()) = or_skip(name, secret_kept()) else { return };
}

fn secret_kept() -> Result<(), NotUp> {
    let site = Site::up()?;
    let secret = |before: &str, after: &str| format!("{before}{CANARY}{after}");
    let start = Start {
        variables: vec![
            ("PAYMENT_TOKEN", CANARY.into()),
            ("DATABASE_URL", secret("postgresql://app:", "@10.0.0.7/orders")),
            // These are shown by name.
            ("OTEL_SERVICE_NAME", secret("https://app:", "@collector")),
            ("GUNICORN_CMD_ARGS", secret("--env API_KEY=", "")),
            ("PLAIN_WORD", CANARY.into()),
        ],
        options: vec!["--ssl-keyfile-password", CANARY, "--header", "authorization: Bearer canary-7f3e9b21c4"],
        ..Start::default()
    };
    site.serve(&start)?;
    // What is written down, then what is said of it in every form.
    site.capture("secret.snapshot", "");
    let (shown, diff) = (["snapshot", "show", "secret.snapshot"], ["snapshot", "diff", "production.snapshot", "secret.snapshot"]);
    for arguments in [&shown[..], &diff[..]] {
        let out = crate::rig::rigcheck(site.path()).args(arguments).output().expect("the binary");
        let said = [out.stdout, out.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("PAYMENT_TOKEN") && !said.contains(CANARY), "{arguments:?}: {said}");
    }
    let outputs = ["html", "junit", "sarif", "markdown", "openmetrics", "nagios"].map(|form| format!("{form}:report.{form}"));
    let arguments: Vec<&str> = outputs.iter().flat_map(|output| ["--output", output]).chain(["--prove"]).collect();
    let key = "fingerprint_key: 0123456789abcdef0123456789abcdef";
    let audited = site.audit_by(&site.spec("postgres", "", &format!("reference: production.snapshot, {key}")), &arguments);
    assert!(audited.statuses("CFG-01", "gateway").contains("fail"), "{}", audited.trouble());
    assert!(audited.text.contains("PAYMENT_TOKEN") || audited.report.to_string().contains("PAYMENT_TOKEN"), "{}", audited.text);
    let (mut files, mut leaks) = (0, vec![]);
    look(site.path(), &mut |file, bytes| {
        files += 1;
        if bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()) {
            leaks.push(file.display().to_string());
        }
    });
    assert!(files > 12 && leaks.is_empty(), "{files} files; {leaks:?}");
    Ok(())
}

/// Every file below a folder.
fn look(folder: &Path, each: &mut impl FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() { look(&path, each) } else { each(&path, &fs::read(&path).expect("a file")) }
    }
}
