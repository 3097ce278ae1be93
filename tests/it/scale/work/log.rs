use super::{OURS, ask, id, load};
use flate2::{Compression, write::GzEncoder};
use rigcheck::{
    model::{
        key::{LogLines, Question as _, When},
        name, payload,
    },
    sources::access_log::Log,
    spec::settings::{AccessLog, Field, LogFormat, LogPlace},
};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

/// So many lines, among which those of our requests are spread evenly, with a time in the act.
pub fn write(out: &mut dyn Write, lines: usize, at: f64) {
    let every = lines / OURS;
    for n in 0..lines {
        let request = if n % every == 0 && n / every < OURS { id(n / every) } else { format!("5b1f6a2c-{n:012}") };
        writeln!(
            out,
            "{{\"time\":{at:.3},\"level\":\"info\",\"request_id\":\"{request}\",\"method\":\"POST\",\"path\":\"/v1/chat/completions\",\"status\":200,\
             \"duration_ms\":{}.25,\"bytes\":{},\"upstream\":\"10.0.0.7:8000\"}}",
            40 + n % 100,
            1_000 + n % 900
        )
        .unwrap();
    }
}

/// How such a line is read.
pub fn settings(path: &Path) -> AccessLog {
    AccessLog {
        from: LogPlace::File(path.into()),
        format: LogFormat::JsonLines,
        id: "request_id".into(),
        at: Some("time".into()),
        status: Some("status".into()),
        total: Some(Field { field: "duration_ms".into(), unit_ms: 1.0 }),
        ttft: None,
        inter_chunk: None,
    }
}

fn read(lines: usize, gzipped: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let at = super::now().0 as f64 / 1e6 - 5.0;
    if gzipped {
        File::create(&path).unwrap();
        let packed = BufWriter::new(File::create(folder.path().join("access.log.1.gz")).unwrap());
        let mut out = GzEncoder::new(packed, Compression::fast());
        write(&mut out, lines, at);
        out.finish().unwrap().flush().unwrap();
    } else {
        let mut out = BufWriter::new(File::create(&path).unwrap());
        write(&mut out, lines, at);
        out.flush().unwrap();
    }
    let found = asked(&path);
    assert_eq!((found.read, found.lines.len(), found.bad), (lines as u64, OURS as u64, 0));
    assert_eq!(found.foreign, (lines - OURS) as u64);
    format!("{lines} lines, {OURS} of ours")
}

fn asked(path: &Path) -> payload::LogLines {
    let source = Log::new(name("access_log"), &settings(path)).unwrap();
    let query = LogLines { when: When::During(load()) }.into();
    let seen = ask(&source, &query, super::act, async {}).unwrap();
    assert_eq!(seen.partial, None, "{:?}", seen.notes);
    LogLines::pick(&seen.payload).unwrap().clone()
}

/// How many lines of a file were read.
pub fn lines_of(path: &Path) -> usize {
    asked(path).read as usize
}

/// A log file of so many lines.
pub fn plain(lines: usize) -> String {
    read(lines, false)
}

/// The same as a rotated, gzipped one.
pub fn gzipped(lines: usize) -> String {
    read(lines, true)
}
