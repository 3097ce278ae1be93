//! What `rigcheck validate` says of each class of mistake, word for word.
//!
//! A folder of `tests/fixtures/spec/bad` is one mistake: the spec, what else it needs, `args.txt` with further arguments, one a
//! line, and `expected.txt` with what is told. `BLESS=1` writes the latter anew. What cannot lie in a repository is made here.

use std::{
    fs,
    io::{Read, Seek},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/spec/bad");
/// A sound spec.
const SMALL: &str = "version: 1\nrig: dev\ntarget: {url: http://127.0.0.1:8000, chat: {model: rigcheck-truth}}\n";
const BASE: &str = "extends: base.yaml\nrig: dev\n";
/// Any text, however bad, is refused in this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// A user who owns nothing here.
const NOBODY: u32 = 65534;

/// Writes what a folder needs; false where this machine cannot show the mistake.
fn made(name: &str, folder: &Path) -> bool {
    let put = |file: &str, bytes: &[u8]| fs::write(folder.join(file), bytes).unwrap();
    let spec = |bytes: &[u8]| put("rigcheck.yaml", bytes);
    let many = |n: usize| format!("version: 1\nrig: &a dev\ncases: [{}]\n", vec!["*a"; n].join(", "));
    match name {
        "too_large" => spec(format!("{SMALL}{}", "# padding\n".repeat(110_000)).as_bytes()),
        "not_utf8" => spec(b"version: 1\nrig: caf\xe9\n"),
        "utf16" => spec(b"\xff\xfev\0e\0r\0s\0i\0o\0n\0"),
        "byte_order_mark" => spec(format!("\u{feff}{}", SMALL.replace("rig: dev", "rigg: dev")).as_bytes()),
        "windows_line_ends" => spec(SMALL.replace("rig: dev", "rigg: dev").replace('\n', "\r\n").as_bytes()),
        "nul_byte" => spec(SMALL.replace("rig: dev", "rig: d\0v").as_bytes()),
        "hundred_levels_deep" => spec(format!("{SMALL}gate: {}1{}\n", "{a: ".repeat(100), "}".repeat(100)).as_bytes()),
        "ten_thousand_aliases" => spec(many(10_000).as_bytes()),
        "too_many_keys" => spec(lines(8_000, |i| format!("k{i}: 1\n")).as_bytes()),
        "too_many_cases" => spec(lines(8_000, |i| format!("{}- case{i}\n", if i == 0 { "cases:\n" } else { "" })).as_bytes()),
        "too_many_headers" => {
            spec(lines(2_000, |i| format!("{}x{i}: s3cr3t\n", if i == 0 { "target:\n url: http://h\n headers:\n  " } else { "  " })).as_bytes());
        }
        "too_many_removals" => {
            spec(lines(3_000, |i| format!("k{i}: null\n")).replace("version: 1", "extends: base.yaml").as_bytes());
            put("base.yaml", lines(3_000, |i| format!("k{i}{}: 1\n", if i % 2 == 0 { "" } else { "x" })).as_bytes());
        }
        "spec_is_a_folder" => fs::create_dir(folder.join("rigcheck.yaml")).unwrap(),
        "spec_is_missing" => {}
        "spec_unreadable" => {
            spec(SMALL.as_bytes());
            fs::set_permissions(folder.join("rigcheck.yaml"), fs::Permissions::from_mode(0o000)).unwrap();
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
        "endless_device" => std::os::unix::fs::symlink("/dev/zero", folder.join("rigcheck.yaml")).unwrap(),
        "extends_a_large_file" => {
            spec(BASE.as_bytes());
            put("base.yaml", &vec![b'#'; 1_100_000]);
        }
        "extends_what_is_not_utf8" => {
            spec(BASE.as_bytes());
            put("base.yaml", b"version: 1\nrig: caf\xe9\n");
        }
        "extends_a_pipe" => {
            spec(BASE.as_bytes());
            return pipe(&folder.join("base.yaml")) || skipped(name, "no mkfifo");
        }
        "ca_file_without_end" => {
            spec(SMALL.replace("chat:", "ca_file: ca.pem, chat:").as_bytes());
            std::os::unix::fs::symlink("/dev/zero", folder.join("ca.pem")).unwrap();
        }
        "ca_file_is_a_pipe" => {
            spec(SMALL.replace("chat:", "ca_file: ca.pem, chat:").as_bytes());
            return pipe(&folder.join("ca.pem")) || skipped(name, "no mkfifo");
        }
        "token_file_is_a_pipe" => {
            spec(SMALL.replace("chat:", "bearer: \"${file:token}\", chat:").as_bytes());
            return pipe(&folder.join("token")) || skipped(name, "no mkfifo");
        }
        "token_file_is_large" => {
            spec(SMALL.replace("chat:", "bearer: \"${file:token}\", chat:").as_bytes());
            put("token", &vec![b'x'; 100_000]);
        }
        "extends_a_link_to_what_is_no_yaml" => {
            spec(BASE.as_bytes());
            std::os::unix::fs::symlink("/etc/passwd", folder.join("base.yaml")).unwrap();
        }
        "extends_a_strangers_file" => {
            spec(BASE.as_bytes());
            put("base.yaml", SMALL.as_bytes());
            if let Err(why) = std::os::unix::fs::chown(folder.join("base.yaml"), Some(4321), None) {
                return skipped(name, &format!("only root can give a file away: {why}"));
            }
        }
        _ => panic!("{FOLDER}/{name} has no rigcheck.yaml, and nothing makes one"),
    }
    true
}

fn lines(n: usize, line: fn(usize) -> String) -> String {
    let lines: String = (0..n).map(line).collect();
    format!("version: 1\nrig: dev\n{lines}")
}

/// A pipe that nobody writes to.
fn pipe(at: &Path) -> bool {
    Command::new("mkfifo").arg(at).status().is_ok_and(|s| s.success())
}

#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
fn skipped(name: &str, why: &str) -> bool {
    eprintln!("SKIPPED: {name}: {why}");
    false
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// Exit code and standard error; `None` where it cannot be run so.
fn told(folder: &Path, name: &str, args: &[String]) -> Option<(i32, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rigcheck"));
    command.current_dir(folder).env_clear().args(["validate", "--spec", "rigcheck.yaml"]).args(args);
    if name == "spec_unreadable" && is_root() {
        command.uid(NOBODY);
    }
    let began = Instant::now();
    let mut shown = tempfile::tempfile().unwrap();
    let mut child = match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(shown.try_clone().unwrap()).spawn() {
        Ok(child) => child,
        Err(why) => {
            skipped(name, &format!("{why}"));
            return None;
        }
    };
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{name}: no answer in {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut text = String::new();
    shown.rewind().and_then(|()| shown.read_to_string(&mut text)).unwrap();
    Some((child.wait().unwrap().code().unwrap_or(-1), text))
}

#[test]
fn each_mistake_is_told_word_for_word() {
    let mut names: Vec<PathBuf> = fs::read_dir(FOLDER).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 100, "the fixtures are there: {}", names.len());
    let mut wrong = vec![];
    for fixture in names {
        let name = fixture.file_name().unwrap().to_str().unwrap().to_owned();
        let temporary = tempfile::tempdir().unwrap();
        let folder = if fixture.join("rigcheck.yaml").exists() {
            fixture.as_path()
        } else if made(&name, temporary.path()) {
            temporary.path()
        } else {
            continue;
        };
        let args: Vec<_> = fs::read_to_string(fixture.join("args.txt")).unwrap_or_default().lines().map(str::to_owned).collect();
        let Some((code, text)) = told(folder, &name, &args) else { continue };
        let expected = fixture.join("expected.txt");
        if std::env::var("BLESS").is_ok() {
            fs::write(&expected, &text).unwrap();
        }
        if fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{name} says now:\n{text}"));
        }
        // Whatever is written in a spec: it is never a crash, never passed over, and never shown raw.
        let ends = if text.starts_with("error: ") { 2 } else { 0 };
        assert_eq!(code, ends, "{name}: {text}");
        assert!(!text.is_empty() && !text.contains("s3cr3t") && !text.contains("root:"), "{name}: {text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{name}: {text:?}");
    }
    assert!(wrong.is_empty(), "BLESS=1 after reading:\n{}", wrong.join("\n\n"));
}
