use super::{ask, file, id, ids, line, lines, query, slot};
use flate2::{Compression, write::GzEncoder};
use rigcheck::{
    model::{audit::Effort, evidence::Gap, name::name, source::Source},
    sources::access_log::Log,
};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn gz(path: &Path, text: &str) {
    let mut out = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap();
}

fn aged(path: &Path, seconds: u64) {
    File::options().append(true).open(path).unwrap().set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
}

#[tokio::test]
async fn rotated_siblings_are_read_oldest_first_and_old_ones_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let other = |name: &str| dir.path().join(name);
    gz(&other("access.jsonl.2.gz"), &[line(0), line(1)].concat());
    fs::write(other("access.jsonl.1"), line(2)).unwrap();
    fs::write(&path, line(3)).unwrap();
    fs::write(other("access.jsonl.3"), line(4)).unwrap();
    fs::write(other("access.jsonl.bak"), line(4)).unwrap();
    fs::write(other("other.jsonl"), line(4)).unwrap();
    aged(&other("access.jsonl.3"), 86_400);
    aged(&other("access.jsonl.2.gz"), 8);
    aged(&other("access.jsonl.1"), 4);
    let seen = ask(&file(&path), 4).await.unwrap();
    assert_eq!(ids(&seen), [id(0), id(1), id(2), id(3)]);
    let at = |name: &str, n: u32| format!("{}:1-{n}", other(name).display());
    assert_eq!(seen.origin.request, [at("access.jsonl.2.gz", 2), at("access.jsonl.1", 1), at("access.jsonl", 1)].join(", "));
    assert_eq!(lines(&seen).read, 4);
    let all = ask(&file(&dir.path().join("*.jsonl")), 5).await.unwrap();
    assert_eq!(ids(&all).len(), 5, "a star takes other.jsonl too");
}

#[tokio::test]
async fn lines_that_come_late_or_in_halves_are_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let settings = file(&path);
    let begun = Instant::now();
    let (seen, ()) = tokio::join!(ask(&settings, 3), async {
        // The log does not even exist at first.
        tokio::time::sleep(Duration::from_millis(400)).await;
        append(&path, &line(0));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let (left, right) = (line(1)[..20].to_owned(), line(1)[20..].to_owned());
        append(&path, &left);
        tokio::time::sleep(Duration::from_millis(600)).await;
        append(&path, &right);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        append(&path, line(2).trim_end());
    });
    let seen = seen.unwrap();
    assert_eq!(ids(&seen), [id(0), id(1), id(2)], "a last line needs no line end");
    assert_eq!((lines(&seen).read, lines(&seen).bad, seen.partial.clone()), (3, 0, None));
    assert!(begun.elapsed() > Duration::from_millis(3_900));
}

#[tokio::test]
async fn a_rotation_while_reading_loses_and_doubles_nothing() {
    // A rename, a rename that is packed at once, and a copy with the file cut.
    for packed in [Some(false), Some(true), None] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("access.jsonl");
        fs::write(&path, [line(0), line(1)].concat()).unwrap();
        let settings = file(&path);
        let (seen, ()) = tokio::join!(ask(&settings, 3), async {
            tokio::time::sleep(Duration::from_millis(600)).await;
            match packed {
                Some(false) => fs::rename(&path, dir.path().join("access.jsonl.1")).unwrap(),
                Some(true) => {
                    gz(&dir.path().join("access.jsonl.1.gz"), &fs::read_to_string(&path).unwrap());
                    fs::remove_file(&path).unwrap();
                }
                None => {
                    fs::copy(&path, dir.path().join("access.jsonl.1")).unwrap();
                    File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
                }
            }
            append(&path, &line(2));
        });
        assert_eq!(ids(&seen.unwrap()), [id(0), id(1), id(2)], "{packed:?}");
    }
}

#[tokio::test]
async fn a_log_that_misses_lines_is_seen_after_a_while() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    fs::write(&path, line(1)).unwrap();
    let begun = Instant::now();
    let seen = ask(&file(&path), 3).await.unwrap();
    assert_eq!((ids(&seen), seen.partial.clone()), (vec![id(1)], None));
    assert!(begun.elapsed() >= Duration::from_secs(3), "loggers buffer");
    fs::write(&path, "").unwrap();
    let empty = ask(&file(&path), 3).await.unwrap();
    assert_eq!((lines(&empty).read, ids(&empty).len(), empty.partial.clone()), (0, 0, None), "an empty log is an answer");
    assert!(lines(&empty).resolution_ms.abs() < f64::EPSILON);
}

#[tokio::test]
async fn the_deadline_and_an_interruption_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    fs::write(&path, line(0)).unwrap();
    let log = Log::new(name("access_log"), &file(&path)).unwrap();
    let mut short = slot(2);
    short.deadline = Instant::now() + Duration::from_millis(1_200);
    let seen = log.ask(&query(), Effort::default(), &short).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::TooLate(t)) if t.contains("1 requests had no line")), "{:?}", seen.partial);
    let cancelled = slot(2);
    let cancel = cancelled.cancel.clone();
    let query = query();
    let (seen, ()) = tokio::join!(log.ask(&query, Effort::default(), &cancelled), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel();
    });
    assert!(matches!(seen.unwrap().partial, Some(Gap::NotReached(_))));
    assert!(log.cost().queries >= 2 && log.cost().bytes > 0);
}

#[tokio::test]
async fn what_is_no_log_is_a_gap_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let gap = async |path: &Path| ask(&file(path), 1).await.map(|_| ()).unwrap_err();
    let missing = gap(&dir.path().join("access.jsonl")).await;
    assert!(matches!(&missing, Gap::Unreachable(t) if t.contains("no such file") && t.contains("check `path`")), "{missing}");
    let folder = gap(dir.path()).await;
    assert!(matches!(&folder, Gap::NotConfigured(t) if t.contains("is a folder") && t.contains("*.log")), "{folder}");
    let nowhere = gap(&dir.path().join("no/such/access.jsonl")).await;
    assert!(matches!(&nowhere, Gap::Unreachable(t) if t.contains("no such folder")), "{nowhere}");
    let socket = dir.path().join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let special = gap(&socket).await;
    assert!(matches!(&special, Gap::NotConfigured(t) if t.contains("not a regular file")), "{special}");
}

#[tokio::test]
async fn a_damaged_archive_is_read_as_far_as_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("access.jsonl");
    let packed = dir.path().join("access.jsonl.1.gz");
    gz(&packed, &line(0));
    let mut bytes = fs::read(&packed).unwrap();
    bytes.extend(b"no more gzip");
    fs::write(&packed, bytes).unwrap();
    fs::write(&path, line(1)).unwrap();
    let seen = ask(&file(&path), 2).await.unwrap();
    assert_eq!(ids(&seen), [id(0), id(1)]);
    assert_eq!((lines(&seen).bad, lines(&seen).first_bad[0].place.as_str()), (1, "access.jsonl.1.gz:2"));
}

#[tokio::test]
async fn log_lines_are_about_a_load() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new(name("access_log"), &file(&dir.path().join("x"))).unwrap();
    let now = rigcheck::model::key::LogLines { when: rigcheck::model::key::When::Now };
    assert!(matches!(log.ask(&now.into(), Effort::default(), &slot(1)).await, Err(Gap::NotConfigured(_))));
    let page = rigcheck::model::key::Page { when: rigcheck::model::key::When::Now };
    assert!(matches!(log.ask(&page.into(), Effort::default(), &slot(1)).await, Err(Gap::NotConfigured(_))));
}
