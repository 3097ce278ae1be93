//! What is done to a part that runs.
#![allow(clippy::disallowed_methods, reason = "stops, restarts and starves parts of the rig")]

use crate::{
    rig::Rig,
    rows::Does,
    stack::{NotUp, Stack},
    support::stranger::Stranger,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// What lasts until the run has ended.
pub enum Held {
    Nothing,
    Process(Child),
    Gateway(#[allow(dead_code, reason = "it runs as long as it is held")] Stack, Option<Stranger>),
}

impl Drop for Held {
    fn drop(&mut self) {
        match self {
            Held::Nothing => {}
            Held::Process(child) => {
                let _ = child.kill();
                let _ = child.wait();
            }
            Held::Gateway(_, stranger) => {
                stranger.take().map(Stranger::end);
            }
        }
    }
}

/// How long a disturbance lasts: several scrapes.
const LASTING: Duration = Duration::from_secs(4);
/// Traces per export: what collectors send at once.
const BATCH: usize = 500;

/// What is done before the audit begins.
pub fn before(rig: &Rig, does: Does) -> Result<Held, NotUp> {
    match does {
        Does::SecondGateway => {
            let second = rig.unscraped_replica()?;
            let stranger = Stranger::asking(second.url("gateway"), "rigcheck-truth", 10);
            Ok(Held::Gateway(second, Some(stranger)))
        }
        Does::Claim(_) => {
            // What is recorded appears with the first requests, and two scrapes later.
            rig.use_it();
            sleep(LASTING);
            Ok(Held::Nothing)
        }
        Does::Interval(interval) => {
            rescrape(rig, interval);
            Ok(Held::Nothing)
        }
        _ => Ok(Held::Nothing),
    }
}

/// What is done in the middle of the load.
pub fn meanwhile(rig: &Rig, does: Does) -> Held {
    match does {
        Does::RestartPrometheus => return Held::Process(restart(rig, "prometheus")),
        Does::FreezePrometheus => {
            signal(rig, "prometheus", "-STOP");
            sleep(LASTING);
            signal(rig, "prometheus", "-CONT");
        }
        Does::RefusePages => {
            refuse(rig);
            sleep(LASTING);
            fs::remove_file(metrics(rig).join("refuse")).expect("our own file");
        }
        Does::RefusePagesForGood => refuse(rig),
        Does::WipeOneWorker => wipe(rig, 1),
        Does::WipeAllWorkers => wipe(rig, usize::MAX),
        Does::Step(offset) => {
            // The new offset appears at once: a file that is written in place is empty for a moment.
            let clock = &rig.stack.part("gateway").files["clock"];
            let new = clock.with_extension("new");
            fs::write(&new, format!("{offset}\n")).expect("a file of the rig");
            fs::rename(new, clock).expect("the same folder");
        }
        Does::ForeignTraces(many) => foreign(rig, many),
        Does::Interval(_)
        | Does::Collector(_)
        | Does::Front(_)
        | Does::Engine(_)
        | Does::Case(_)
        | Does::Gateway(_)
        | Does::Clock(_)
        | Does::Total(_)
        | Does::Claim(_)
        | Does::LogNamedInSeconds
        | Does::Exemplars
        | Does::SecondGateway => {}
    }
    Held::Nothing
}

fn metrics(rig: &Rig) -> PathBuf {
    rig.stack.part("gateway").files["metrics"].clone()
}

fn refuse(rig: &Rig) {
    fs::write(metrics(rig).join("refuse"), "").expect("a file of the rig");
}

/// Deletes the files (`histogram_PID.db` and others) of so many workers.
fn wipe(rig: &Rig, workers: usize) {
    let files: Vec<_> = fs::read_dir(metrics(rig)).expect("the workers' files").flatten().map(|file| file.path()).collect();
    let worker = |file: &Path| file.file_stem()?.to_str()?.rsplit('_').next().map(str::to_owned);
    let all: BTreeSet<String> = files.iter().filter_map(|file| worker(file)).collect();
    assert!(all.len() >= 2, "{files:?}");
    let wiped: Vec<_> = all.into_iter().take(workers).collect();
    for file in files.iter().filter(|file| worker(file).is_some_and(|w| wiped.contains(&w))) {
        fs::remove_file(file).expect("a file of the rig");
    }
}

fn signal(rig: &Rig, part: &str, signal: &str) {
    let told = Command::new("kill").args([signal, &rig.stack.part(part).pid.to_string()]).status();
    assert!(told.is_ok_and(|s| s.success()), "{part} takes no signal");
}

/// Another scrape interval for what runs.
fn rescrape(rig: &Rig, interval: &str) {
    let config = &rig.stack.part("prometheus").files["config"];
    let text = fs::read_to_string(config).expect("the configuration that `up` wrote");
    assert!(text.contains("scrape_interval: 1s"), "{text}");
    fs::write(config, text.replace("scrape_interval: 1s", &format!("scrape_interval: {interval}"))).expect("a file of ours");
    let url = |path: &str| format!("{}/{path}", rig.stack.url("prometheus"));
    let reloaded = rig.block_on(async { reqwest::Client::new().post(url("-/reload")).send().await });
    assert!(reloaded.is_ok_and(|r| r.status().is_success()), "Prometheus takes no new configuration");
    // It scrapes as before for some seconds yet, and says so to whoever asks how long a scrape is to be waited for.
    let as_before = || -> reqwest::Result<bool> {
        let told = rig.block_on(async { reqwest::get(url("api/v1/targets?state=active")).await?.json::<Value>().await })?;
        let targets = told["data"]["activeTargets"].as_array().expect("targets");
        Ok(targets.is_empty() || targets.iter().any(|target| target["scrapeInterval"] == "1s"))
    };
    let until = Instant::now() + Duration::from_secs(30);
    while as_before().expect("Prometheus answers") {
        assert!(Instant::now() < until, "Prometheus does not scrape every {interval}");
        sleep(Duration::from_millis(200));
    }
}

/// By this variable `tests/stack/down` finds what a killed test left.
const MARK: &str = "RIGCHECK_STACK_PART";
/// How long a part that is restarted is away at least: more than one scrape.
const AWAY: Duration = Duration::from_millis(1_500);

/// What `tests/stack/up` marked a process with.
fn mark(pid: u32) -> String {
    let environ = fs::read(format!("/proc/{pid}/environ")).expect("it runs");
    let mark = environ.split(|b| *b == 0).find_map(|pair| std::str::from_utf8(pair).ok()?.strip_prefix(MARK)?.strip_prefix('='));
    mark.expect("`up` marks what it starts").to_owned()
}

/// The same program with the same arguments, once the old process has gone.
fn restart(rig: &Rig, part: &str) -> Child {
    let running = rig.stack.part(part);
    let line = fs::read(format!("/proc/{}/cmdline", running.pid)).expect("it runs");
    let mark = mark(running.pid);
    let words: Vec<&str> = line.split(|b| *b == 0).filter_map(|w| std::str::from_utf8(w).ok()).filter(|w| !w.is_empty()).collect();
    rig.kill(part);
    sleep(AWAY);
    let started = Command::new(words[0]).args(&words[1..]).env(MARK, mark).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let started = started.expect("the same program starts again");
    let (address, until) = (running.url.trim_start_matches("http://"), Instant::now() + Duration::from_secs(20));
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < until, "{part} does not come back");
        sleep(Duration::from_millis(50));
    }
    started
}

/// So many traces of one span, of the gateway's own name, at this time.
fn foreign(rig: &Rig, many: usize) {
    let url = format!("http://127.0.0.1:{}/v1/traces", rig.stack.part("jaeger").ports["otlp_http"]);
    for batch in 0..many.div_ceil(BATCH) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos();
        let spans: Vec<Value> = (0..BATCH)
            .map(|n| {
                let id = now + n as u128;
                json!({"traceId": format!("{id:032x}"), "spanId": format!("{:016x}", id & u128::from(u64::MAX)), "name": "POST /other", "kind": 2,
                    "startTimeUnixNano": now.to_string(), "endTimeUnixNano": (now + 1_000_000).to_string()})
            })
            .collect();
        let body = json!({"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "gateway"}}]},
            "scopeSpans": [{"spans": spans}]}]});
        let sent = rig.block_on(async { reqwest::Client::new().post(&url).json(&body).send().await });
        assert!(sent.is_ok_and(|r| r.status().is_success()), "Jaeger takes no traces ({batch})");
        sleep(Duration::from_millis(200));
    }
}
