//! The log of a real container, read through a real Docker engine.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts a container and reads clocks")]

use crate::stack::{Stack, or_skip};
use rigcheck::{
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        audit::Effort,
        evidence::{Gap, Origin, Seen},
        key::{LogLines, Perform, Question, When},
        name::name,
        payload::{Heartbeat, Performed},
        rows::{InMemory, Rows},
        source::{Slot, Source},
        timeline::{Nanos, Timeline},
        units::{Span, Wall},
    },
    sources::access_log::Log,
    spec::settings::{AccessLog, Field, LogFormat, LogPlace},
};
use std::{
    fs,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

const OURS: usize = 30;

fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A container that prints a file and ends; removed when dropped, with its image.
struct Printing(String);

impl Printing {
    fn start(lines: &str) -> Printing {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("rigcheck-test-{}", std::process::id());
        for sub in ["bin", "data"] {
            fs::create_dir(folder.path().join(sub)).unwrap();
        }
        fs::copy("/bin/busybox", folder.path().join("bin/busybox")).unwrap();
        fs::write(folder.path().join("data/lines"), lines).unwrap();
        let tar = folder.path().join("image.tar");
        let packed =
            Command::new("tar").args(["-C", &folder.path().display().to_string(), "-cf", &tar.display().to_string(), "bin", "data"]).status();
        assert!(packed.unwrap().success());
        docker(&["import", &tar.display().to_string(), &format!("{name}:test")]);
        let printing = Printing(name.clone());
        docker(&["run", "-d", "--name", &name, "--network", "none", &format!("{name}:test"), "/bin/busybox", "cat", "/data/lines"]);
        docker(&["wait", &name]);
        printing
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        let image = format!("{}:test", self.0);
        for args in [["rm", "-f", &self.0], ["rmi", "-f", &image]] {
            let _ = Command::new("docker").args(args).output();
        }
    }
}

fn act() -> Act {
    Act::Load(LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: "m".into(),
        path: "/".into(),
        stream: true,
        per_kilosecond: 15_000,
        max_tokens: 16,
        planted: false,
        traced: Traced::All,
    })
}

fn id(n: usize) -> String {
    format!("01JDOCKER-{n:05}")
}

/// An act of the last minute with so many requests.
fn performed() -> Arc<Seen> {
    let row = |n: usize| Timeline { id: id(n), trace_id: format!("{n:032x}"), closed: Some(Nanos(1)), status: Some(200), ..Timeline::default() };
    let now = Wall(jiff::Timestamp::now().as_microsecond());
    let started = now.plus_us(-60_000_000);
    let answer = Performed {
        started,
        asked: OURS as u64,
        requests: Rows::inline((0..OURS).map(row).collect()),
        heartbeat: Heartbeat::default(),
        tokens_allowed: 0,
        cut: None,
    };
    Arc::new(Seen {
        payload: Perform::wrap(answer),
        covered: Span { from: started, to: now },
        origin: Origin::default(),
        notes: vec![],
        partial: None,
    })
}

fn log_of(container: &str) -> Log {
    let settings = AccessLog {
        from: LogPlace::Docker(container.into()),
        format: LogFormat::JsonLines,
        id: "request_id".into(),
        at: None,
        status: None,
        total: Some(Field { field: "duration_ms".into(), unit_ms: 1.0 }),
        ttft: None,
        inter_chunk: None,
    };
    Log::new(name("access_log"), &settings).unwrap()
}

async fn ask(container: &str) -> Result<Seen, Gap> {
    let slot = Slot::detached(Instant::now() + Duration::from_secs(20), Arc::new(InMemory::default())).after(performed());
    log_of(container).ask(&LogLines { when: When::During(act()) }.into(), Effort::default(), &slot).await
}

#[tokio::test]
async fn the_log_of_a_real_container_is_read() {
    let Some(_stack) = or_skip("docker::the_log_of_a_real_container_is_read", Stack::up(&["docker"])) else { return };
    let line = |n: usize| format!("INFO {{\"request_id\": \"{}\", \"duration_ms\": {}.5}}\n", id(n), 100 + n);
    let ours: String = (0..OURS - 1).map(line).collect();
    // Without a time in the lines, others count where they stand between ours.
    let container = Printing::start(&format!("starting up\n{}{{\"request_id\": \"somebody-else\", \"duration_ms\": 1}}\n{ours}", line(OURS - 1)));

    let seen = ask(&container.0).await.unwrap();
    let lines = LogLines::pick(&seen.payload).unwrap();
    assert_eq!((lines.lines.len(), lines.bad, lines.foreign), (OURS as u64, 1, 1));
    assert_eq!(lines.lines.iter().find(|l| l.id == id(7)).unwrap().total_ms, Some(107.5));
    assert!(seen.origin.request.contains(&container.0), "{}", seen.origin.request);

    let gap = ask("rigcheck-no-such-container").await.unwrap_err();
    assert!(gap.to_string().contains("rigcheck-no-such-container"), "{gap}");
}
