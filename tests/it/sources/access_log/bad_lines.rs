use super::{ask, file, id, ids, line, lines, rows};
use std::fmt::Write as _;

#[tokio::test]
async fn bad_lines_are_counted_placed_and_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let mut bytes = line(0).into_bytes();
    bytes.extend(b"Traceback: jane@example.com\n");
    bytes.extend([0xff, 0xfe, 0x00, b'{', 0x80, b'\n']);
    bytes.extend(b"{\"id\":\"x\",\"prompt\":\"jane@exa\n");
    bytes.extend(b"{\"prompt\":\"");
    bytes.extend(vec![b'a'; 3 << 20]);
    bytes.extend(b"\"}\n\n");
    bytes.extend(format!("{{\"id\":\"{}\",\"ms\":\"12.5ms\",\"ttft\":-1}}\n", id(1)).bytes());
    bytes.extend(b"{\"a\":1} {\"b\":2}\n");
    bytes.extend(line(2).bytes());
    std::fs::write(&path, bytes).unwrap();
    let seen = ask(&file(&path), 3).await.unwrap();
    let kept = lines(&seen);
    assert_eq!(ids(&seen), [id(0), id(1), id(2)], "good lines after bad ones are read");
    assert_eq!((rows(&seen)[1].total_ms, rows(&seen)[1].ttft_ms), (None, None), "what is no number is no figure");
    assert_eq!((kept.read, kept.bad), (8, 6));
    let shown: Vec<_> = kept.first_bad.iter().map(|b| (b.place.as_str(), b.why.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("access.jsonl:2", "no JSON object in it"),
            ("access.jsonl:3", "not one JSON object"),
            ("access.jsonl:4", "JSON object is cut short"),
            ("access.jsonl:5", "longer than 1 MiB"),
            ("access.jsonl:7", "field `ttft` is negative"),
        ]
    );
    assert!(!serde_json::to_string(&seen).unwrap().contains("jane"));
}

#[tokio::test]
async fn an_id_may_occur_more_than_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    std::fs::write(&path, [line(0), line(1), line(0)].concat()).unwrap();
    assert_eq!(ids(&ask(&file(&path), 2).await.unwrap()), [id(0), id(0), id(1)]);
}

#[tokio::test]
async fn many_rows_go_to_a_blob_and_come_back_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let mut text = String::new();
    for n in (0..5_000).rev() {
        text += &line(n);
        let _ = writeln!(text, "{{\"id\":\"other-{n}\"}}");
    }
    std::fs::write(&path, text).unwrap();
    let seen = ask(&file(&path), 5_000).await.unwrap();
    assert!(lines(&seen).lines.blob().is_some());
    assert!(ids(&seen).iter().eq(&(0..5_000).map(id).collect::<Vec<_>>()));
    assert_eq!((lines(&seen).read, lines(&seen).foreign), (10_000, 4_999));
}
