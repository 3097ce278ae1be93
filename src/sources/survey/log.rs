//! The ends of an access log: enough lines to see its shape.

use super::{look::PATIENCE, shape};
use crate::{
    sources::access_log::docker,
    spec::draft::found::{Asked, LogFormat, LogShape, Place},
};
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::StreamExt;
use std::{io::SeekFrom, path::Path};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Bytes read at each end.
const END: u64 = 128 << 10;
/// Lines looked at, of each end.
const LINES: usize = 100;

/// Looks at a file, or at the container that `docker:NAME` names.
pub async fn look(at: &str, path: Option<&Path>) -> Place<LogShape> {
    let read = async {
        match (path, at.strip_prefix("docker:")) {
            (Some(path), _) => file(path).await,
            (None, Some(container)) => container_log(container).await,
            (None, None) => Err("standard input cannot be looked at beforehand".into()),
        }
    };
    let text = tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| Err("no answer in 3 s".into()));
    let said = text.map(|text| {
        let lines: Vec<&str> = text.lines().collect();
        let (first, rest) = lines.split_at(lines.len().min(LINES));
        let last = &rest[rest.len().saturating_sub(LINES)..];
        shape::of(&[first, last].concat())
    });
    Place { at: at.to_owned(), asked: Asked::Given, said }
}

async fn file(path: &Path) -> Result<String, String> {
    let told = |e: std::io::Error| e.to_string();
    // A pipe would wait for its writer for ever.
    let meta = tokio::fs::metadata(path).await.map_err(told)?;
    if !meta.is_file() {
        return Err("not a regular file".into());
    }
    let mut file = tokio::fs::File::open(path).await.map_err(told)?;
    let mut first = vec![];
    (&mut file).take(END).read_to_end(&mut first).await.map_err(told)?;
    if meta.len() <= END {
        return Ok(String::from_utf8_lossy(&first).into_owned());
    }
    file.seek(SeekFrom::Start(meta.len().saturating_sub(END).max(END))).await.map_err(told)?;
    let mut last = vec![];
    file.take(END).read_to_end(&mut last).await.map_err(told)?;
    // Whole lines only: the first part ends, and the last one begins, somewhere inside of one.
    let until = first.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let from = last.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
    first.truncate(until);
    first.extend_from_slice(&last[from..]);
    Ok(String::from_utf8_lossy(&first).into_owned())
}

async fn container_log(container: &str) -> Result<String, String> {
    let client = docker::connect(None).map_err(|gap| gap.to_string())?;
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&LINES.to_string()).build();
    let mut frames = Box::pin(client.logs(container, Some(options)));
    let mut bytes = vec![];
    while let Some(frame) = frames.next().await {
        bytes.extend_from_slice(frame.map_err(|e| docker::refused(container, &e).to_string())?.as_ref());
        if bytes.len() as u64 > END {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// In words.
pub fn told(shape: &LogShape) -> String {
    let format = match &shape.format {
        LogFormat::Empty => return "no lines yet".into(),
        LogFormat::Json => "JSON lines",
        LogFormat::Nginx(_) => "nginx lines",
        LogFormat::Uvicorn => "uvicorn's default lines, without id and duration",
        LogFormat::Unknown => return format!("{} lines in a format that is not known", shape.lines),
    };
    let named = |what: &str, name: Option<&str>| name.map_or_else(|| format!("no {what}"), |n| format!("{what} {n}"));
    let (id, total) = (shape.id.as_ref().map(|f| f.name.as_str()), shape.total.as_ref().map(|t| t.name.as_str()));
    format!("{} {format}: {}, {}", shape.lines, named("id", id), named("duration", total))
}
