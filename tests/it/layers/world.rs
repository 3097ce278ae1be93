//! Who touches the world: `clippy.toml` bans it everywhere, and the owners are listed here.

use super::{
    code::{code, outside_tests, paths, tokens},
    files, module,
};
use rigcheck::{model::name::name, reference::mock_llm::MockSettings, sources::otlp::Otlp};

/// The files that may use what `clippy.toml` bans, each with its reason beside the attribute.
/// In a `mod.rs`, `#![allow]` holds for the folder.
const OWNERS: [&str; 64] = [
    "cli/commands/init.rs",
    "cli/commands/mod.rs",
    "cli/commands/network/record.rs",
    "cli/commands/snapshot/capture.rs",
    "cli/commands/waive/mod.rs",
    "cli/environments.rs",
    "cli/outputs.rs",
    "cli/recordings.rs",
    "cli/run.rs",
    "engine/gather.rs",
    "engine/journal.rs",
    "engine/mod.rs",
    "engine/own_cost.rs",
    "reference/burner/mod.rs",
    "reference/mock_llm/clock.rs",
    "reference/mock_llm/mod.rs",
    "reference/mock_llm/pacer.rs",
    "reference/mock_llm/telemetry/access_log.rs",
    "reference/mock_llm/telemetry/exporter.rs",
    "reference/rig/mod.rs",
    "sources/access_log/mod.rs",
    "sources/burn.rs",
    "sources/cgroup/mod.rs",
    "sources/clock/chrony.rs",
    "sources/clock/ptp/mod.rs",
    "sources/cloud/mod.rs",
    "sources/container/mod.rs",
    "sources/dashboards/mod.rs",
    "sources/docker.rs",
    "sources/docker_stats/mod.rs",
    "sources/environment/mod.rs",
    "sources/kernel/mod.rs",
    "sources/lines/mod.rs",
    "sources/load/drive.rs",
    "sources/load/round_trip.rs",
    "sources/network/mod.rs",
    "sources/noise/mod.rs",
    "sources/otlp/files.rs",
    "sources/otlp/mod.rs",
    "sources/prometheus/histogram.rs",
    "sources/prometheus/risen.rs",
    "sources/prometheus/usage.rs",
    "sources/scrape/mod.rs",
    "sources/scrape/pages.rs",
    "sources/scrape/usage.rs",
    "sources/survey/mod.rs",
    "sources/trace.rs",
    "spec/bounded_file.rs",
    "spec/catalogue.rs",
    "spec/discover.rs",
    "spec/exec.rs",
    "spec/owner.rs",
    "spec/replace_spec.rs",
    "store/baseline.rs",
    "store/blobs.rs",
    "store/cited.rs",
    "store/export.rs",
    "store/import.rs",
    "store/lock.rs",
    "store/prune.rs",
    "store/read.rs",
    "store/shelf.rs",
    "store/snapshot.rs",
    "store/write.rs",
];

/// The files that may name what listens. `reference/burner/network.rs` and `sources/noise/calibrate` accept one connection, their own, and `reference/rig/mod.rs`
/// only looks for a free port, both on loopback; `sources/clock/chrony.rs` and `sources/clock/ptp` receive the replies of the one address or path that they ask,
/// and so does `sources/network`, whose sockets are never listened at.
const LISTENERS: [&str; 13] = [
    "reference/burner/network.rs",
    "reference/mock_llm/mod.rs",
    "reference/rig/mod.rs",
    "sources/clock/chrony.rs",
    "sources/clock/ptp/mod.rs",
    "sources/network/dns/nameserver.rs",
    "sources/network/hops.rs",
    "sources/network/ping.rs",
    "sources/network/sockets.rs",
    "sources/network/targets.rs",
    "sources/noise/calibrate/exchange.rs",
    "sources/otlp/mod.rs",
    "sources/otlp/receiver.rs",
];

/// The files that may start tasks or threads. Over questions only `engine/gather.rs` fans out; the others do it for one
/// question, one server or one signal; `sources/survey` looks at all places at once, before there are questions.
const STARTERS: [&str; 27] = [
    "cli/run.rs",
    "engine/gather.rs",
    "reference/burner/mod.rs",
    "reference/mock_llm/mod.rs",
    "reference/mock_llm/pacer.rs",
    "reference/mock_llm/telemetry/access_log.rs",
    "reference/mock_llm/telemetry/exporter.rs",
    "sources/access_log/mod.rs",
    "sources/access_log/stdin.rs",
    "sources/burn.rs",
    "sources/cgroup/sampler.rs",
    "sources/environment/mod.rs",
    "sources/environment/python/run.rs",
    "sources/environment/workload.rs",
    "sources/kernel/mod.rs",
    "sources/kernel/sampler.rs",
    "sources/load/drive.rs",
    "sources/noise/calibrate/exchange.rs",
    "sources/noise/calibrate/mod.rs",
    "sources/noise/probe/mod.rs",
    "sources/noise/quiet.rs",
    "sources/otlp/files.rs",
    "sources/scrape/mod.rs",
    "sources/scrape/risen.rs",
    "sources/scrape/usage.rs",
    "sources/survey/mod.rs",
    "spec/exec.rs",
];

/// The files below `src` whose code, without unit tests, holds one of these words.
fn using(words: &[&str]) -> Vec<String> {
    let uses = |text: &str| tokens(&outside_tests(text)).iter().any(|token| words.contains(token));
    files("src").into_iter().filter(|(_, text)| uses(text)).map(|(file, _)| file).collect()
}

#[test]
fn the_world_is_touched_by_its_owners_only() {
    let mut owners = vec![];
    for (file, text) in files("src") {
        let code = code(&text);
        let whole = tokens(&code);
        if whole.contains(&"disallowed_methods") {
            owners.push(file.clone());
        }
        for lints in ["clippy::all", "clippy::style", "allow(warnings"] {
            assert!(!code.contains(lints), "{file} allows {lints}, and with it everything that clippy.toml bans");
        }
    }
    assert_eq!(owners, OWNERS);
    for pure in ["model", "stats", "fidelity", "llm", "traces", "usage", "audits", "scoring"] {
        assert!(!owners.iter().any(|file| module(file)[0] == pure), "{pure} is pure");
    }
}

/// What clippy's list leaves out, the text shows: nothing that could touch the world is even named.
#[test]
fn what_judges_names_nothing_of_the_world() {
    const CRATES: [&str; 13] =
        ["std", "tokio", "tokio_util", "futures_util", "reqwest", "axum", "bollard", "procfs", "tempfile", "rand", "ulid", "indicatif", "clap"];
    const STD: [&str; 6] = ["fs", "env", "net", "os", "process", "thread"];
    // The port of a source carries a deadline, a token to cancel, and when its act begins; none of them is read there.
    const PORTS: [&str; 3] = ["std::time::Instant", "tokio::sync::watch", "tokio_util::sync::CancellationToken"];
    let mut wrong = vec![];
    for (file, text) in files("src") {
        let own = module(&file);
        if !own.first().is_some_and(|top| ["model", "stats", "fidelity", "llm", "traces", "usage", "audits", "scoring"].contains(top)) {
            continue;
        }
        let code = outside_tests(&text);
        for path in paths(&own, &code, &CRATES) {
            let clock = ["Instant", "SystemTime"].iter().any(|clock| path.contains(clock)) || path == ["std", "time", "*"];
            let world = match path.first() {
                Some(&"std") => clock || path.get(1).is_some_and(|part| STD.contains(part)) || path[1..] == ["io", "stdin"],
                Some(first) => CRATES.contains(first),
                None => false,
            };
            let whole = path.join("::");
            if world && !(file == "model/source.rs" && PORTS.contains(&whole.as_str())) {
                wrong.push(format!("{file}: {whole}"));
            }
        }
        if tokens(&code).windows(3).any(|w| w == ["::", "now", "("]) {
            wrong.push(format!("{file}: reads a clock"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_mock_and_the_receiver_listen() {
    assert_eq!(using(&["TcpListener", "TcpSocket", "UdpSocket", "UnixListener", "UnixDatagram", "UnixSocket", "socket2"]), LISTENERS);
    let serving = files("src").into_iter().filter(|(_, text)| outside_tests(text).contains("axum::serve("));
    assert_eq!(serving.map(|(file, _)| file).collect::<Vec<_>>(), ["reference/mock_llm/mod.rs", "sources/otlp/receiver.rs"]);

    // The mock on loopback unless told otherwise, the receiver on loopback only.
    assert!(MockSettings::default().listen.ip().is_loopback());
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_rigcheck")).args(["mock", "--help"]).output().unwrap().stdout;
    assert!(String::from_utf8(help).unwrap().contains("[default: 127.0.0.1:9100]"));
    for (address, loopback) in
        [("127.0.0.1:4318", true), ("[::1]:4318", true), ("0.0.0.0:4318", false), ("[::]:4318", false), ("192.0.2.1:4318", false)]
    {
        assert_eq!(Otlp::new(name("otlp"), address.parse().unwrap(), String::new()).is_ok(), loopback, "{address}");
    }
}

/// `unsafe_code` is denied and not forbidden, so that one small file may ask the kernel what no crate asks it.
#[test]
fn one_file_has_unsafe_code() {
    let words = ["unsafe", "unsafe_code"];
    let of = |folder: &str| {
        let all = files(folder).into_iter();
        let holds = |text: &str| tokens(&code(text)).iter().any(|token| words.contains(token));
        all.filter(|(_, text)| holds(text)).map(|(file, text)| (file, text.matches("SAFETY:").count(), text)).collect::<Vec<_>>()
    };
    let found = of("src");
    assert_eq!(found.iter().map(|(file, ..)| file.as_str()).collect::<Vec<_>>(), ["sources/network/sockets.rs"]);
    let (_, explained, text) = &found[0];
    let blocks = tokens(&code(text)).windows(2).filter(|w| *w == ["unsafe", "{"]).count();
    assert_eq!((*explained, text.lines().count() < 250), (blocks, true), "each block says why it is sound, and the file stays small");
}

#[test]
fn only_gather_fans_out_over_questions() {
    let starting = [
        "spawn",
        "spawn_blocking",
        "spawn_local",
        "JoinSet",
        "FuturesUnordered",
        "FuturesOrdered",
        "buffer_unordered",
        "for_each_concurrent",
        "join_all",
        "try_join_all",
    ];
    assert_eq!(using(&starting), STARTERS);
    // A source is asked in one place, and only gathering goes there.
    let calling =
        |call: &str| files("src").into_iter().filter(|(_, text)| outside_tests(text).contains(call)).map(|(file, _)| file).collect::<Vec<_>>();
    assert_eq!((calling(".ask("), calling("retry::ask(")), (vec!["engine/retry.rs".to_owned()], vec!["engine/gather.rs".to_owned()]));
}
