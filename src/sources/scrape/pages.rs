#![allow(clippy::disallowed_methods, reason = "readings are stamped on the monotonic clock")]

use crate::{
    engine::wall_now,
    model::{
        evidence::Gap,
        source::{Cost, Slot},
        units::Wall,
    },
    sources::{exposition::Format, http::Http},
    spec::settings::Connection,
};
use bytes::Bytes;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// Larger pages are refused: no scraper would read them every few seconds.
pub const CAP: usize = 16 << 20;
/// How long one reading may take; Prometheus' own default for `scrape_timeout`.
const LONGEST: Duration = Duration::from_secs(10);

/// Reads the page; readings that are wanted at about the same time by several watchers are shared, so that more claims do
/// not mean more load on the target.
pub struct Pages {
    http: Http,
    last: Mutex<Option<Reading>>,
}

#[derive(Clone)]
struct Reading {
    begun: Instant,
    at: Wall,
    page: Result<Arc<Fetched>, Gap>,
}

/// A page as it came.
pub struct Fetched {
    /// Its bytes.
    pub body: Bytes,
    /// The format that its content type names.
    pub format: Format,
    /// The exact URL.
    pub request: String,
    /// The `Server` header.
    pub server: Option<String>,
}

impl Pages {
    pub fn new(connection: &Connection) -> Result<Pages, Gap> {
        Ok(Pages { http: Http::new(connection)?, last: Mutex::new(None) })
    }
    pub fn url(&self) -> &str {
        self.http.url()
    }
    pub fn cost(&self) -> Cost {
        self.http.cost()
    }
    /// The page, as read not before `since`, with the time at which reading it began.
    pub async fn read(&self, since: Instant, slot: &Slot) -> (Wall, Result<Arc<Fetched>, Gap>) {
        // Whoever waits here gets the reading that is under way, if it began late enough.
        let mut last = self.last.lock().await;
        if let Some(shared) = last.as_ref().filter(|l| l.begun >= since) {
            return (shared.at, shared.page.clone());
        }
        let (begun, at) = (Instant::now(), wall_now());
        let slot = Slot { deadline: slot.deadline.min(begun + LONGEST), ..slot.clone() };
        let page = self.fetch(&slot).await.map(Arc::new);
        *last = Some(Reading { begun, at, page: page.clone() });
        (at, page)
    }
    async fn fetch(&self, slot: &Slot) -> Result<Fetched, Gap> {
        let answered = self.http.get("", &[], Format::ACCEPT, slot, CAP).await?;
        if answered.looks_like_html() {
            return Err(Gap::Malformed(format!(
                "{}: answered with an HTML page instead of metrics; is there a login page at this address, or is the path another one?",
                answered.request
            )));
        }
        let Some(format) = Format::from_content_type(&answered.content_type) else {
            let kind = answered.content_type.split(';').next().unwrap_or_default();
            return Err(Gap::Malformed(format!("{}: answered with `{kind}`, which is no metrics page in text form", answered.request)));
        };
        Ok(Fetched { body: answered.body, format, request: answered.request, server: answered.server })
    }
}
