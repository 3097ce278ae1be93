use super::{ask, file, id, lines, rows, trace};
use rigcheck::{
    model::{evidence::Gap, payload::LogLine, units::Wall},
    spec::settings::{Field, LogFormat},
};

#[tokio::test]
async fn json_fields_are_converted_and_nothing_else_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let text = format!(
        "{{\"id\":\"{}\",\"status\":200,\"http\":{{\"seconds\":\"0.125\"}},\"ttft\":40,\"itl\":null,\"ts\":\"2026-05-01T12:00:00Z\",\"prompt\":\"my mail is jane@example.com\"}}\n\
         app[7]: {{\"id\":\"req {} done\",\"status\":\"503\",\"http\":{{\"seconds\":1}},\"user\":\"jane@example.com\"}}\n",
        trace(0).to_uppercase(),
        id(1)
    );
    std::fs::write(&path, text).unwrap();
    let mut settings = file(&path);
    settings.total = Some(Field { field: "http.seconds".into(), unit_ms: 1_000.0 });
    settings.at = Some("ts".into());
    let seen = ask(&settings, 2).await.unwrap();
    assert_eq!(
        rows(&seen),
        [
            LogLine {
                id: id(0),
                at: Some(Wall(1_777_636_800_000_000)),
                total_ms: Some(125.0),
                ttft_ms: Some(40.0),
                inter_chunk_ms: None,
                status: Some(200)
            },
            LogLine { id: id(1), total_ms: Some(1_000.0), status: Some(503), ..LogLine::default() },
        ]
    );
    assert_eq!((lines(&seen).read, lines(&seen).bad), (2, 0));
    assert!((lines(&seen).resolution_ms - 1.0).abs() < 1e-9, "three decimals of a second");
    let kept = serde_json::to_string(&seen).unwrap();
    assert!(!kept.contains("jane") && !kept.contains("example"), "{kept}");
    assert_eq!(seen.origin.request, format!("{}:1-2", path.display()));
}

#[tokio::test]
async fn nginx_variables_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.log");
    let line = |id: &str, s: &str| {
        format!("10.1.2.3 [01/May/2026:14:00:00 +0200] \"POST /v1 HTTP/1.1\" 200 {s} \"Agent \\\"X\\\" jane@example.com\" {id}\n")
    };
    let mut text: String = (0..30).map(|n| line(&format!("00-{}-00f067aa0ba902b7-01", trace(n)), &format!("0.{:03}", 41 + n * 7))).collect();
    text += &line("-", "0.001");
    text += "10.1.2.3 garbage jane@example.com\n";
    std::fs::write(&path, text).unwrap();
    let mut settings = file(&path);
    settings.format = LogFormat::Nginx("$remote_addr [$time_local] \"$request\" $status $request_time \"$http_user_agent\" $http_traceparent".into());
    settings.id = "http_traceparent".into();
    settings.at = Some("time_local".into());
    settings.total = Some(Field { field: "$request_time".into(), unit_ms: 1_000.0 });
    (settings.ttft, settings.inter_chunk) = (None, None);
    let seen = ask(&settings, 30).await.unwrap();
    let rows = rows(&seen);
    assert_eq!(rows.len(), 30);
    assert_eq!((rows[3].id.as_str(), rows[3].status, rows[3].at), (id(3).as_str(), Some(200), Some(Wall(1_777_636_800_000_000))));
    assert!((rows[3].total_ms.unwrap() - 62.0).abs() < 1e-9);
    let kept = lines(&seen);
    assert_eq!(
        (kept.bad, kept.first_bad[0].place.as_str(), kept.first_bad[0].why.as_str()),
        (1, "access.log:32", "does not follow the nginx format")
    );
    assert!((kept.resolution_ms - 1.0).abs() < 1e-9);
    let kept = serde_json::to_string(&seen).unwrap();
    assert!(!kept.contains("jane") && !kept.contains("10.1.2.3") && !kept.contains("Agent"), "{kept}");
}

#[tokio::test]
async fn a_log_of_whole_seconds_is_told_by_its_step() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let lines: Vec<String> = (0..40).map(|n| format!("{{\"id\":\"{}\",\"ms\":{}}}\n", id(n), (n % 3) * 1_000)).collect();
    std::fs::write(&path, lines.concat()).unwrap();
    assert!((super::lines(&ask(&file(&path), 40).await.unwrap()).resolution_ms - 1_000.0).abs() < 1e-9);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let path = std::path::Path::new("x");
    let mut no_id = file(path);
    no_id.id = String::new();
    let mut no_variable = file(path);
    no_variable.format = LogFormat::Nginx("$status".into());
    for settings in [no_id, no_variable] {
        assert!(matches!(ask(&settings, 1).await, Err(Gap::NotConfigured(_))));
    }
}
