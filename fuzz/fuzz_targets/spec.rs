//! Any text as a spec: a rig or problems, never both and never neither, and every problem can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rigcheck::spec::{Exec, Options, load_text};
use std::path::Path;

fuzz_target!(|text: &str| {
    let env = |name: &str| (name == "MODEL").then(|| "rigcheck-truth".to_owned());
    match load_text(text, "rigcheck.yaml", Path::new("/nowhere"), &Options { checks_dir: None, env: &env, exec: Exec::Refused }) {
        Ok(loaded) => assert!(!loaded.summary().is_empty()),
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.render(true).contains("error"));
        }
    }
});
