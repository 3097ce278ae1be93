use super::{ask, file, id, line, lines};
use rigcheck::model::evidence::Seen;

/// Lines as (id, seconds before now), read with or without their times.
async fn read(log: &[(Option<String>, f64)], timed: bool, requests: usize) -> Seen {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let now = jiff::Timestamp::now().as_microsecond() as f64 / 1e6;
    let text = log.iter().map(|(id, ago)| {
        let id = id.as_ref().map(|id| format!("\"id\":\"{id}\",")).unwrap_or_default();
        format!("{{{id}\"at\":{:.3},\"ms\":5}}\n", now - ago)
    });
    std::fs::write(&path, text.collect::<String>()).unwrap();
    let mut settings = file(&path);
    settings.at = timed.then(|| "at".into());
    ask(&settings, requests).await.unwrap()
}

fn others(seen: &Seen) -> (u64, u64) {
    (lines(seen).foreign, lines(seen).without_id)
}

fn stranger() -> String {
    "somebody-else".into()
}

#[tokio::test]
async fn strangers_count_within_the_act_only() {
    // The act took the last ten seconds.
    let log = [
        (Some(stranger()), 3_600.0),
        (None, 3_600.0),
        (Some(stranger()), 9.0),
        (Some(id(0)), 8.0),
        (Some(stranger()), 7.0),
        (None, 6.0),
        (Some(id(1)), 5.0),
        (Some(stranger()), 4.0),
        (Some(stranger()), -60.0),
    ];
    assert_eq!(others(&read(&log, true, 2).await), (3, 1), "by their time");
    assert_eq!(others(&read(&log, false, 2).await), (1, 1), "by their place between our lines");
}

#[tokio::test]
async fn a_log_with_another_clock_is_counted_by_place_and_named() {
    let hour = 3_600.0;
    let log = [
        (Some(stranger()), hour + 9.0),
        (Some(id(0)), hour + 8.0),
        (Some(stranger()), hour + 7.0),
        (Some(id(1)), hour + 6.0),
        (Some(stranger()), 3.0),
    ];
    let seen = read(&log, true, 2).await;
    assert_eq!(others(&seen), (1, 0));
    assert!(seen.notes.iter().any(|n| n.contains("time zone") && n.contains("60.")), "{:?}", seen.notes);
}

#[tokio::test]
async fn a_log_without_ids_is_an_answer() {
    let log = [(None, 5.0), (None, 4.0), (None, 3_600.0)];
    let timed = read(&log, true, 2).await;
    assert_eq!((others(&timed), lines(&timed).lines.len()), ((0, 2), 0));
    let untimed = read(&log, false, 2).await;
    assert_eq!((others(&untimed), untimed.notes.len()), ((0, 3), 1));
}

#[tokio::test]
async fn a_time_without_an_offset_is_no_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let stranger = "{\"id\":\"x\",\"at\":\"2026-05-01 12:00:00,123\"}\n";
    std::fs::write(&path, [&line(0), stranger, &line(1), stranger].concat()).unwrap();
    let mut settings = file(&path);
    settings.at = Some("at".into());
    assert_eq!(others(&ask(&settings, 2).await.unwrap()), (1, 0));
}
