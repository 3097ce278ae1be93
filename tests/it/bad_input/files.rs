//! The access log is not there, or is no log of these requests.

use super::case::{Case, Healthy, check};
use rigcheck::model::units::Ms;
use std::fs;

const NO_LINE: &str = "access_log has no line for 42 of the 42";

enum Log {
    Missing,
    Folder,
    Empty,
    Garbage,
    Prose,
    WithoutIds,
    WithoutFigures,
    Elsewhere,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_rule_passes_on_a_log_that_does_not_tell() {
    let case = |name, says| Case { name, source: "access_log", but: &[], says };
    let fieldless = Case { but: &["LAT-02"], ..case("without the fields", &["access_log:total", "for 0 of the measured requests"] as &[_]) };
    let missing = &["{url}", "no such file", "check `path`"] as &[_];
    let cases = [
        (case("missing", missing), Log::Missing),
        (case("a folder", &["{url}", "is a folder", "write a file"]), Log::Folder),
        (case("empty", &[NO_LINE]), Log::Empty),
        (case("bytes", &[NO_LINE]), Log::Garbage),
        (case("prose", &[NO_LINE]), Log::Prose),
        (case("without ids", &[NO_LINE, "carry no id", "name the field in the spec"]), Log::WithoutIds),
        (fieldless, Log::WithoutFigures),
        (case("of other requests", &[NO_LINE]), Log::Elsewhere),
    ];
    check(Ms(4_000.0), &cases, async |log, healthy| spoil(log, &healthy)).await;
}

fn spoil(log: &Log, healthy: &Healthy<'_>) -> (String, String) {
    let (written, other) = (healthy.folder.join("access.jsonl").display().to_string(), healthy.folder.join("other.log"));
    let at_other = || (healthy.with(&written, &other.display().to_string()), other.display().to_string());
    match log {
        Log::Missing => {}
        Log::Folder => fs::create_dir(&other).unwrap(),
        Log::Empty => fs::write(&other, "").unwrap(),
        Log::Garbage => fs::write(&other, (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>()).unwrap(),
        Log::Prose => fs::write(&other, "alice@example.com asked something.\n".repeat(100)).unwrap(),
        Log::WithoutIds => return (healthy.with("id: request_id", "id: correlation"), written),
        Log::WithoutFigures => return (healthy.with("_ms, unit: ms", "_millis, unit: ms"), written),
        Log::Elsewhere => {
            let line = |i: u32| {
                format!(
                    "{{\"ts\": \"2026-01-01T00:00:00Z\", \"request_id\": \"r-{i}\", \"status\": 200, \"duration_ms\": 5.5, \"ttft_ms\": 1.5, \"inter_chunk_ms\": 0.5}}\n"
                )
            };
            fs::write(&other, (0..100).map(line).collect::<String>()).unwrap();
        }
    }
    at_other()
}
