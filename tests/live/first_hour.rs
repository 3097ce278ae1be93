//! docs/first-hour.md is what a newcomer sees: every command in it is run, in order, and what it says is compared.
//!
//! A block ```` ```console ```` holds commands (`$ …`) with their output. Addresses in it are the usual ones of each part; here
//! they stand for the real ones. Figures differ from run to run: `BLESS=1` writes those of this run.
#![allow(clippy::disallowed_methods, reason = "runs the binary and its rig, and keeps a page of the documentation true")]

use crate::{
    rig::{Busy, Gateway, QUIET, Rig, Turn},
    stack::or_skip,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/first-hour.md");
/// From here on the page is about the gateway with its telemetry repaired.
const REPAIRED: &str = "<!-- the repaired gateway -->";

#[test]
fn the_page_shows_what_happens() {
    let name = "the_page_shows_what_happens";
    let Some(mut rig) = or_skip(name, Rig::start(Gateway::COMMON, "1s")) else { return };
    let _turn = Turn::take(1);
    rig.use_it();
    let page = fs::read_to_string(PAGE).expect("the page");
    let folder = rig.stack.dir().join("first-hour");
    fs::create_dir_all(&folder).expect("a folder");
    let mut hour = Hour { names: names(&rig), folder, quiet: true, different: vec![] };
    let mut fresh = String::new();
    for (at, part) in page.split("```").enumerate() {
        if at > 0 {
            fresh += "```";
        }
        match part.strip_prefix("console\n") {
            Some(block) => {
                fresh += "console\n";
                fresh += &hour.block(block);
            }
            None => fresh += part,
        }
        if part.contains(REPAIRED) {
            rig.replace_gateway(Gateway::REPAIRED).expect("the repaired gateway");
            hour.moved(names(&rig));
        }
    }
    if std::env::var("BLESS").is_ok() {
        fs::write(PAGE, &fresh).expect("the page");
    } else if hour.quiet {
        assert!(hour.different.is_empty(), "docs/first-hour.md shows something else; BLESS=1 writes it anew:\n{}", hour.different.join("\n"));
    } else {
        println!("{name}: this machine was too busy to compare figures with those of the page; every command ended as the page says");
    }
}

/// Real addresses and files, and what stands for them on the page.
fn names(rig: &Rig) -> Vec<(String, String)> {
    let part = |part: &str, usual: &str| (rig.stack.url(part).to_owned(), format!("http://127.0.0.1:{usual}"));
    let log = rig.stack.part("gateway").files["access_log"].display().to_string();
    let addresses = [part("gateway", "8000"), part("prometheus", "9090"), part("jaeger", "16686"), (rig.provider(), "http://127.0.0.1:9100".into())];
    // Longer ones first: one port may begin with another.
    let bare = addresses.clone().map(|(real, usual)| (real.trim_start_matches("http://").to_owned(), usual.trim_start_matches("http://").to_owned()));
    addresses.into_iter().chain(bare).chain([(log, "logs/access.jsonl".into())]).collect()
}

/// A newcomer at work in one folder.
struct Hour {
    names: Vec<(String, String)>,
    folder: PathBuf,
    quiet: bool,
    different: Vec<String>,
}

impl Hour {
    /// A block as it is now: each command and what it says.
    fn block(&mut self, block: &str) -> String {
        let mut fresh = String::new();
        for shown in block.split("$ ").filter(|s| !s.trim().is_empty()) {
            let (command, shown) = shown.split_once('\n').unwrap_or((shown, ""));
            let busy = Busy::watch();
            let said = self.run(command);
            self.quiet &= busy.share() <= QUIET;
            // What an audit finds differs a little from run to run; what it tells, and how it ends, does not.
            let of = |text: &str| if command.contains("audit") || command.contains("runs") { labels(text) } else { shape(text) };
            if of(&said) != of(shown) {
                self.different.push(format!("$ {command}\n--- the page\n{}\n--- now\n{}", of(shown), of(&said)));
            }
            fresh.extend(["$ ", command, "\n", &said]);
        }
        fresh
    }

    /// What a command says, in the words of the page, and how it ended, where that is not 0.
    fn run(&self, command: &str) -> String {
        let real = self.names.iter().fold(command.to_owned(), |text, (real, usual)| text.replace(usual, real));
        // As in a terminal: what is said on either stream, in order, and how it ended.
        let script = format!("{{ {real} ; }} 2>&1; code=$?; [ $code -eq 0 ] || echo \"(exit $code)\"");
        let binary = Path::new(env!("CARGO_BIN_EXE_rigcheck")).parent().expect("a folder").display().to_string();
        let path = format!("{binary}:{}", std::env::var("PATH").unwrap_or_default());
        let ran = Command::new("bash")
            .args(["-c", &script])
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("COLUMNS", "110")
            .env_remove("RIGCHECK_SPEC")
            .stdin(Stdio::null())
            .output()
            .expect("bash");
        let text = String::from_utf8(ran.stdout).expect("UTF-8");
        let text = self.names.iter().fold(text, |text, (real, usual)| text.replace(real, usual));
        let text = text.replace(&format!("{}/", self.folder.display()), "");
        // On a terminal the former lines overwrite one another; the latter is true here only, where the repaired gateway has a new port.
        text.lines().filter(|l| !l.starts_with("  … ") && !l.contains(" had the target ")).flat_map(|l| [l, "\n"]).collect()
    }

    /// The gateway is another one now: a user would write its address into the spec, where its port is a new one here.
    fn moved(&mut self, names: Vec<(String, String)>) {
        let spec = self.folder.join("rigcheck.yaml");
        let text = fs::read_to_string(&spec).expect("the spec");
        let moved = self.names.iter().zip(&names).fold(text, |text, ((old, _), (new, _))| text.replace(old, new));
        fs::write(spec, moved).expect("the spec");
        self.names = names;
    }
}

/// What the lines begin with that are not indented, and how it ended.
fn labels(text: &str) -> String {
    let lines = text.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_lowercase() || c == '('));
    lines.filter_map(|l| l.split_whitespace().next()).collect::<Vec<_>>().join(" ")
}

/// A text without what differs from run to run: numbers, ids, digests, and the widths and line ends that follow from them.
fn shape(text: &str) -> String {
    let mut words = vec![];
    for word in text.split_whitespace() {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
        let id = plain.len() >= 16 && plain.chars().all(|c| c.is_ascii_hexdigit()) || plain.len() == 26 && plain.starts_with("01");
        if id {
            words.push("ID".to_owned());
        } else {
            let signed = word.trim_start_matches(['+', '-', '±']);
            let masked: String = signed.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
            let unit = ["µs", "ms", "s", "kB", "MB"].contains(&masked.as_str());
            words.push(if unit { "#".to_owned() } else { squeezed(&masked) });
        }
    }
    words.join(" ")
}

/// `##.#` and `#` are both a number.
fn squeezed(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        let goes_on = out.ends_with('#') && (c == '#' || c == '.' || c == ':');
        if !goes_on {
            out.push(c);
        }
    }
    out
}
