//! One trace, wherever it lies, to be looked at: never judged and never recorded, whosever it is.
#![allow(clippy::disallowed_methods, reason = "sets the deadline of a question outside a run")]

use super::{
    failing::advised,
    http::Http,
    jaeger::{self, Client},
    lines::{Files, Kind, Line, Pieces, Take},
    otlp::{DOCUMENT_CAP, OTHER_SIGNALS},
    spans::{MOST_SPANS, read_json},
};
use crate::{
    model::{evidence::Gap, name::Name, payload::SpanRow, rows::InMemory, source::Slot},
    spec::settings::{OtlpPlace, SourceSettings},
    traces::{is_marked, trace_number},
};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// A store that has not answered until then is told as one that does not.
const PATIENCE: Duration = Duration::from_secs(20);
const FILES: Kind = Kind { word: "file of traces", ending: ".jsonl", instead: "", pieces: || Pieces::documents(DOCUMENT_CAP) };

/// The spans of a trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// All of them, of every service.
    pub spans: Vec<SpanRow>,
    /// Where they were found: a request, or paths with lines.
    pub at: String,
    /// What a reader of them should know.
    pub notes: Vec<String>,
}

/// Which trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The one with this id.
    Id(u128),
    /// The one that began last; one of a request of rigcheck's before any other.
    Newest,
}

/// Can this source be asked for a trace of any time? A receiver has only what it was sent.
pub fn keeps(how: &SourceSettings) -> bool {
    matches!(how, SourceSettings::Jaeger { .. } | SourceSettings::Otlp { from: OtlpPlace::File(_), .. })
}

/// A trace by its id from a source that [`keeps`] traces; `None` if it has none of that id.
pub async fn ask(source: &Name, how: &SourceSettings, id: u128) -> Result<Option<Found>, Gap> {
    match how {
        SourceSettings::Jaeger { connection, service, .. } => {
            let http = Http::new(connection)?;
            let slot = Slot::detached(Instant::now() + PATIENCE, Arc::new(InMemory::default()));
            let mut client = Client::new(&http, service);
            let rows = client.look_up(id, &slot).await.map_err(|gap| advised(gap, source))?;
            let notes = client.notes();
            Ok(rows.map(|spans| Found { spans, at: format!("{}, {}", http.url(), client.api_name()), notes }))
        }
        SourceSettings::Otlp { from: OtlpPlace::File(path), .. } => in_file(path, Wanted::Id(id)),
        _ => Ok(None),
    }
}

/// A trace out of a file with its rotated siblings: OTLP-JSON, one or many documents, or what Jaeger's web page saves. `None` if
/// it is not there.
pub fn in_file(path: &Path, wanted: Wanted) -> Result<Option<Found>, Gap> {
    let id = match wanted {
        Wanted::Id(id) => Some(id),
        Wanted::Newest => {
            let mut newest = Newest::default();
            read(path, &mut |row| newest.look(&row))?;
            newest.ours.or(newest.any).map(|(_, id)| id)
        }
    };
    let (mut spans, mut more) = (vec![], 0_u64);
    let told = read(path, &mut |row| {
        if trace_number(&row.trace_id) == id && id.is_some() {
            if spans.len() < MOST_SPANS { spans.push(row) } else { more += 1 }
        }
    })?;
    let cut = (more > 0).then(|| format!("{more} more spans of the trace were left out: {MOST_SPANS} are read at most"));
    let notes = told.notes().into_iter().chain(cut).collect();
    Ok((!spans.is_empty()).then_some(Found { spans, at: told.place, notes }))
}

/// The trace that began last: (start, id).
#[derive(Default)]
struct Newest {
    ours: Option<(u64, u128)>,
    any: Option<(u64, u128)>,
}

impl Newest {
    fn look(&mut self, row: &SpanRow) {
        let Some(id) = trace_number(&row.trace_id) else { return };
        let this = Some((row.start_ns, id));
        self.any = self.any.max(this);
        if is_marked(id) {
            self.ours = self.ours.max(this);
        }
    }
}

/// What a reading of files found.
#[derive(Default)]
struct Told {
    place: String,
    documents: u64,
    bad: u64,
    first_bad: String,
}

impl Told {
    fn notes(&self) -> Vec<String> {
        let bad = (self.bad > 0).then(|| format!("{} of {} documents could not be read, first {}", self.bad, self.documents, self.first_bad));
        bad.into_iter().collect()
    }
}

/// Every span of the files.
fn read(path: &Path, each: &mut dyn FnMut(SpanRow)) -> Result<Told, Gap> {
    let mut files = Files::new(FILES, path, SystemTime::UNIX_EPOCH);
    let mut documents = Documents { told: Told::default(), each };
    files.read(&mut documents, &|| false)?;
    files.end(&mut documents);
    let told = Told { place: files.request(), ..documents.told };
    if told.bad > 0 && told.bad == told.documents {
        return Err(Gap::Malformed(format!(
            "{}: {}; expected OTLP-JSON, as a collector's `file` exporter writes it with `format: json`, or the JSON of a trace that Jaeger's web page saves",
            path.display(),
            told.first_bad
        )));
    }
    Ok(told)
}

struct Documents<'a> {
    told: Told,
    each: &'a mut dyn FnMut(SpanRow),
}

impl Take for Documents<'_> {
    fn line(&mut self, line: Line<'_>, place: &dyn Fn() -> String) {
        let Ok(text) = line.map(<[u8]>::trim_ascii) else {
            self.told.documents += 1;
            return self.bad("is too long".into(), place);
        };
        if OTHER_SIGNALS.iter().any(|start| text.starts_with(start)) || text == b"{}" {
            return;
        }
        self.told.documents += 1;
        let rows = read_json(text).map(|(rows, _)| rows).or_else(|_| jaeger::legacy::read(text).map(|read| read.rows));
        match rows {
            Ok(rows) => rows.into_iter().for_each(&mut self.each),
            Err(_) => self.bad("is no OTLP-JSON and no trace of Jaeger's".into(), place),
        }
    }
    fn bad(&mut self, why: String, place: &dyn Fn() -> String) {
        self.told.bad += 1;
        if self.told.first_bad.is_empty() {
            self.told.first_bad = format!("{} ({why})", place());
        }
    }
}
