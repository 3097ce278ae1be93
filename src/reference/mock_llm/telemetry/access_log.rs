#![allow(clippy::disallowed_methods, reason = "writes the access log, on a thread of its own")]

use crate::reference::mock_llm::served::Served;
use jiff::Timestamp;
use serde::Serialize;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::Path,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

/// A JSON access log, one line a request. A thread of its own writes it, so that a slow disk delays no answer.
pub struct AccessLog {
    lines: Mutex<Option<Sender<Line>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// One line. Durations in milliseconds with a fraction; nothing of the prompt, the client's address or its credentials.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// End of the request, RFC 3339 with microseconds.
    pub ts: String,
    /// `x-request-id`, or one of our own.
    pub request_id: String,
    /// 32 hex digits.
    pub trace_id: String,
    /// `POST`.
    pub method: &'static str,
    /// Route.
    pub path: &'static str,
    /// HTTP status; 499 if the client went away.
    pub status: u16,
    /// Was a stream asked for?
    pub stream: bool,
    /// Total.
    pub duration_ms: f64,
    /// To the first content of a stream.
    pub ttft_ms: Option<f64>,
    /// Mean gap between content chunks of a stream.
    pub inter_chunk_ms: Option<f64>,
}

impl Line {
    /// What a good gateway logs.
    pub fn of(served: &Served) -> Line {
        let ms = |ns: u64| ns as f64 / 1e6;
        let ended = served.wall(served.closed) / 1000;
        let streamed = |x: Option<u64>| x.filter(|_| served.stream).map(ms);
        let gaps = served.chunks.len().saturating_sub(1) as f64;
        let whole = served.chunks.last().zip(served.chunks.first()).map(|(last, first)| last - first);
        Line {
            ts: Timestamp::from_microsecond(i64::try_from(ended).unwrap_or(i64::MAX)).map(|t| t.to_string()).unwrap_or_default(),
            request_id: served.request_id.clone(),
            trace_id: served.trace.trace_id.clone(),
            method: "POST",
            path: served.route,
            status: served.status,
            stream: served.stream,
            duration_ms: ms(served.total()),
            ttft_ms: streamed(served.ttft()),
            inter_chunk_ms: streamed(whole).filter(|_| gaps > 0.0).map(|all| all / gaps),
        }
    }
    /// Changes every duration.
    pub fn each(&mut self, change: impl Fn(f64) -> f64) {
        self.duration_ms = change(self.duration_ms);
        self.ttft_ms = self.ttft_ms.map(&change);
        self.inter_chunk_ms = self.inter_chunk_ms.map(&change);
    }
}

impl AccessLog {
    /// Appends to the file, which is made if there is none; the thread is named after its mock.
    pub fn open(path: &Path, mock: &str) -> io::Result<AccessLog> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|e| io::Error::new(e.kind(), format!("opening the access log {}: {e}", path.display())))?;
        let (sender, receiver) = channel();
        let writer = std::thread::Builder::new().name(format!("{mock}-log")).spawn(move || write_all(&receiver, file))?;
        Ok(AccessLog { lines: Mutex::new(Some(sender)), writer: Mutex::new(Some(writer)) })
    }
    /// Hands a line to the writer.
    pub fn write(&self, line: Line) {
        if let Some(lines) = self.lines.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            // Fails only after the writer has ended.
            let _ = lines.send(line);
        }
    }
    /// Waits until all lines are written; later ones are lost.
    pub fn close(&self) {
        drop(self.lines.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(writer) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(writer.join());
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.close();
    }
}

/// Flushes whenever no further line waits, so that readers see whole lines soon.
fn write_all(lines: &Receiver<Line>, file: File) {
    let mut out = BufWriter::new(file);
    while let Ok(line) = lines.recv() {
        let mut next = Some(line);
        while let Some(line) = next {
            write_line(&mut out, &line);
            next = lines.try_recv().ok();
        }
        let _ = out.flush();
    }
}

/// To the microsecond, as loggers print it. A full disk loses lines, which is what the audit is to find out.
fn write_line(out: &mut impl Write, line: &Line) {
    let mut line = line.clone();
    line.each(|x| (x * 1000.0).round() / 1000.0);
    if let Ok(mut text) = serde_json::to_vec(&line) {
        text.push(b'\n');
        let _ = out.write_all(&text);
    }
}
