#![allow(clippy::disallowed_methods, reason = "readings are stamped on the monotonic clock")]

use crate::{
    engine::wall_now,
    model::{
        evidence::Gap,
        source::{Cost, Slot},
        units::Wall,
    },
    sources::{
        exposition::{Format, Page, Sample, parse_kept, protobuf},
        http::{Answered, Http},
    },
    spec::settings::Connection,
};
use bytes::Bytes;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Larger pages are refused. A page of this size has some two million series; of all but the claimed ones only a hash is
/// remembered, so that reading it takes half as much again at most.
pub const CAP: usize = 256 << 20;
/// How long one reading may take; Prometheus' own default for `scrape_timeout`.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the page; readings that are wanted at about the same time by several watchers are shared, so that more claims do
/// not mean more load on the target.
pub struct Pages {
    http: Http,
    /// One only, of whichever form was asked for last: a page may be large.
    last: Mutex<Option<Reading>>,
    /// Did it answer in OpenMetrics 2, and is asked for plain text since?
    draft: AtomicBool,
}

/// In which form a page is asked for; what it answers in is its own choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As lines of text.
    Lines,
    /// As protobuf, where there is such a form.
    Protobuf,
}

/// What is asked for after an answer in OpenMetrics 2.
const PLAIN: &str = "text/plain;version=0.0.4";

#[derive(Clone)]
struct Reading {
    form: Form,
    begun: Instant,
    at: Wall,
    page: Result<Arc<Fetched>, Gap>,
}

impl Reading {
    /// Is it as good as one that begins at `since`? A page that was too large is not asked for again: reading it to the limit
    /// would weigh on the target and on this host, each time for the same gap.
    fn stands(&self, since: Instant) -> bool {
        self.begun >= since || matches!(self.page, Err(Gap::Truncated(_)))
    }
}

/// A page as it came.
pub struct Fetched {
    /// Its bytes.
    pub body: Bytes,
    /// The text format that its content type names; `None` for protobuf.
    pub format: Option<Format>,
    /// The exact URL.
    pub request: String,
    /// The `Server` header.
    pub server: Option<String>,
    /// How long reading it took.
    pub took: Duration,
}

impl Pages {
    pub fn new(connection: &Connection) -> Result<Pages, Gap> {
        Ok(Pages { http: Http::new(connection)?, last: Mutex::default(), draft: AtomicBool::new(false) })
    }
    pub fn url(&self) -> &str {
        self.http.url()
    }
    pub fn cost(&self) -> Cost {
        self.http.cost()
    }
    /// Has it answered in OpenMetrics 2, so that it is read as plain text?
    pub fn avoided_draft(&self) -> bool {
        self.draft.load(Ordering::Relaxed)
    }
    /// The page, as read not before `since`, with the time at which reading it began.
    pub async fn read(&self, form: Form, since: Instant, slot: &Slot) -> (Wall, Result<Arc<Fetched>, Gap>) {
        // Whoever waits here gets the reading that is under way, if it began late enough.
        let mut last = self.last.lock().await;
        if let Some(shared) = last.as_ref().filter(|l| l.form == form && l.stands(since)) {
            return (shared.at, shared.page.clone());
        }
        let (begun, at) = (Instant::now(), wall_now());
        let slot = Slot { deadline: slot.deadline.min(begun + TIMEOUT), ..slot.clone() };
        // A page may be large: the one before is let go first.
        *last = None;
        let page = self.fetch(form, &slot).await.map(|page| Arc::new(Fetched { took: begun.elapsed(), ..page }));
        *last = Some(Reading { form, begun, at, page: page.clone() });
        (at, page)
    }
    async fn fetch(&self, form: Form, slot: &Slot) -> Result<Fetched, Gap> {
        let accept = match form {
            Form::Protobuf => protobuf::ACCEPT,
            Form::Lines if self.avoided_draft() => PLAIN,
            Form::Lines => Format::ACCEPT,
        };
        let mut answered = self.http.get("", &[], accept, slot, CAP).await?;
        if Format::is_draft(&answered.content_type) && accept != PLAIN {
            answered = self.http.get("", &[], PLAIN, slot, CAP).await?;
            self.draft.store(true, Ordering::Relaxed);
        }
        fetched(answered, form)
    }
}

fn fetched(answered: Answered, form: Form) -> Result<Fetched, Gap> {
    if answered.looks_like_html() {
        return Err(Gap::Malformed(format!(
            "{}: answered with an HTML page instead of metrics; is there a login page at this address, or is the path another one?",
            answered.request
        )));
    }
    let format = Format::from_content_type(&answered.content_type);
    if Format::is_draft(&answered.content_type) {
        return Err(Gap::Malformed(format!(
            "{}: answers in OpenMetrics 2 only, which is a draft; let it offer OpenMetrics 1.0 or text 0.0.4 as well",
            answered.request
        )));
    }
    if format.is_none() && !(form == Form::Protobuf && protobuf::is_delimited(&answered.content_type)) {
        let kind = answered.content_type.split(';').next().unwrap_or_default();
        return Err(Gap::Malformed(format!("{}: answered with `{kind}`, which is no metrics page in text form", answered.request)));
    }
    Ok(Fetched { body: answered.body, format, request: answered.request, server: answered.server, took: Duration::ZERO })
}

impl Fetched {
    /// The page as lines, with the samples that are wanted; one of protobuf has none, and is asked for only where a claim needs it.
    pub fn lines(&self, wanted: &dyn Fn(&Sample<'_>) -> bool) -> Page<'_> {
        let (body, format) = self.format.map_or((&[][..], Format::Text), |format| (&self.body[..], format));
        parse_kept(body, format, wanted)
    }
}
