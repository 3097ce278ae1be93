use super::legacy;
use crate::{
    model::{evidence::Gap, payload::SpanRow, source::Slot, units::Span},
    sources::{
        failing::refusal,
        http::{Answered, CAP, Http},
        spans::{NotOtlp, Read, read_json},
    },
};
use reqwest::StatusCode;
use std::collections::HashSet;

/// The two ways to ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Api {
    /// `/api/v3`: stable, OTLP, since Jaeger 1.35.
    V3,
    /// `/api`: internal to Jaeger's web page, JSON of its own; the search was removed after 2.20.
    Legacy,
}

/// Asks one query service about one service; finds out by itself which API is there.
pub struct Client<'h> {
    http: &'h Http,
    service: &'h str,
    api: Option<Api>,
    first_request: Option<String>,
    searches: u64,
    without_id: u64,
}

/// What a search returned.
pub enum Page {
    /// Spans, of this many traces.
    Spans(Vec<SpanRow>, usize),
    /// More than we read in one answer.
    TooMuch,
    /// The server refuses to return that many traces at once.
    TooDeep,
}

/// What the web page shows under the id of a trace.
pub enum Shown {
    /// Its spans, adjusted as Jaeger sees fit.
    Trace(Vec<SpanRow>),
    /// There is no such trace.
    None,
    /// No web page of Jaeger's asks here: what answers instead.
    Stranger(Stranger),
}

/// Most bytes of a trace that is looked at as it is shown: some 5,000 spans.
const SHOWN_CAP: usize = 4 << 20;

/// An answer that does not come from the API that was asked: why.
pub type Stranger = String;

impl<'h> Client<'h> {
    /// Nothing is asked yet.
    pub fn new(http: &'h Http, service: &'h str) -> Client<'h> {
        Client { http, service, api: None, first_request: None, searches: 0, without_id: 0 }
    }
    /// The first search, as it was asked, and how many there were.
    pub fn request(&self) -> String {
        let first = self.first_request.as_deref().unwrap_or(self.http.url());
        if self.searches > 1 { format!("{first} (the first of {} searches)", self.searches) } else { first.to_owned() }
    }
    /// Which API answers.
    pub fn api_name(&self) -> &'static str {
        match self.api {
            Some(Api::Legacy) => "Jaeger legacy API",
            _ => "Jaeger API v3",
        }
    }
    /// What a reader of the answer should know.
    pub fn notes(&self) -> Vec<String> {
        let legacy = (self.api == Some(Api::Legacy)).then(|| "read by the legacy API, which cuts times to whole microseconds".to_owned());
        let bad = (self.without_id > 0).then(|| format!("{} spans without a valid id were left out", self.without_id));
        legacy.into_iter().chain(bad).collect()
    }
    /// The service that is searched for.
    pub fn service(&self) -> &str {
        self.service
    }
    /// The base URL.
    pub fn url(&self) -> &str {
        self.http.url()
    }

    /// Traces in which the service has a span that starts in `within`, at most `limit`.
    pub async fn search(&mut self, within: Span, limit: usize, slot: &Slot) -> Result<Page, Gap> {
        self.searches += 1;
        let v3 = if self.api == Some(Api::Legacy) { None } else { Some(self.get("/api/v3/traces", &self.v3_query(within, limit)?, slot).await?) };
        let why_not_v3 = match v3 {
            None => None,
            Some(None) => return Ok(Page::TooMuch),
            Some(Some(answered)) => match from_v3(&answered)? {
                Ok(found) => {
                    self.api = Some(Api::V3);
                    return Ok(self.page(found));
                }
                // Old gateways stream one document per trace: none found is no document at all. Only where others came is that telling.
                Err(_) if self.api == Some(Api::V3) && answered.body.is_empty() => return Ok(Page::Spans(vec![], 0)),
                Err(why) if self.api == Some(Api::V3) => return Err(Gap::Malformed(format!("{}: {why}", answered.request))),
                Err(why) => Some(why),
            },
        };
        let Some(answered) = self.get("/api/traces", &self.legacy_query(within, limit), slot).await? else { return Ok(Page::TooMuch) };
        match (from_legacy(&answered)?, why_not_v3) {
            (Ok(found), _) => {
                self.api = Some(Api::Legacy);
                Ok(self.page(found))
            }
            (Err(why), None) => Err(Gap::Malformed(format!("{}: {why}", answered.request))),
            (Err(why), Some(why_not_v3)) => Err(Gap::Malformed(format!(
                "{}: no Jaeger query service answers here (/api/v3/traces {why_not_v3}; /api/traces {why}); \
                 write the address of Jaeger's web page, with its base path if it has one",
                self.http.url()
            ))),
        }
    }

    /// One trace by its id; `None` if there is none. Only after a search, which finds out the API.
    pub async fn trace(&mut self, id: u128, slot: &Slot) -> Result<Option<Vec<SpanRow>>, Gap> {
        let yes = || "true".to_owned();
        let found = if self.api == Some(Api::Legacy) {
            let answered = self.get(&format!("/api/traces/{id:032x}"), &[("raw", yes())], slot).await?;
            answered.map(|a| if a.status == StatusCode::NOT_FOUND { Ok(Ok(Found::default())) } else { from_legacy(&a) })
        } else {
            let answered = self.get(&format!("/api/v3/traces/{id:032x}"), &[("raw_traces", yes()), ("rawTraces", yes())], slot).await?;
            answered.map(|a| from_v3(&a))
        };
        // A server that cannot be asked so has no trace to show; what the search found stands.
        let Some(Ok(found)) = found.transpose()? else { return Ok(None) };
        let Page::Spans(rows, traces) = self.page(found) else { return Ok(None) };
        Ok((traces > 0).then_some(rows))
    }

    /// One trace by its id without a search before it, by whichever API is there; `None` if there is none.
    pub async fn look_up(&mut self, id: u128, slot: &Slot) -> Result<Option<Vec<SpanRow>>, Gap> {
        let path = format!("/api/v3/traces/{id:032x}");
        let yes = || "true".to_owned();
        let too_much = || Gap::Truncated(format!("{}{path}: the trace is larger than what is read of one answer", self.http.url()));
        let answered = self.get(&path, &[("raw_traces", yes()), ("rawTraces", yes())], slot).await?.ok_or_else(too_much)?;
        let why_not_v3 = match from_v3(&answered)? {
            Ok(found) => {
                self.api = Some(Api::V3);
                return self.one(found);
            }
            Err(why) => why,
        };
        let answered = self.get(&format!("/api/traces/{id:032x}"), &[("raw", yes())], slot).await?.ok_or_else(too_much)?;
        self.api = Some(Api::Legacy);
        if answered.status == StatusCode::NOT_FOUND && legacy::is_error(&answered.body) {
            return Ok(None);
        }
        match from_legacy(&answered)? {
            Ok(found) => self.one(found),
            Err(why) => Err(Gap::Malformed(format!(
                "{}: no Jaeger query service answers here (/api/v3/traces {why_not_v3}; /api/traces {why}); \
                 write the address of Jaeger's web page, with its base path if it has one",
                self.http.url()
            ))),
        }
    }

    fn one(&mut self, found: Found) -> Result<Option<Vec<SpanRow>>, Gap> {
        match self.page(found) {
            Page::Spans(rows, traces) => Ok((traces > 0).then_some(rows)),
            Page::TooMuch | Page::TooDeep => {
                Err(Gap::Truncated(format!("{}: the trace has more spans than are read of one answer", self.http.url())))
            }
        }
    }

    /// One trace as the web page asks for it. Never by `/api/v3` without `raw_traces`, whichever API found it: there Jaeger 2
    /// moves the very spans that its memory store holds, for good and for every later reader, whereas what the page is given
    /// is a copy.
    pub async fn shown(&self, id: u128, slot: &Slot) -> Result<Shown, Gap> {
        let answered = self.http.get_any(&format!("/api/traces/{id:032x}"), &[], "application/json", slot, SHOWN_CAP).await?;
        if answered.status == StatusCode::NOT_FOUND && legacy::is_error(&answered.body) {
            return Ok(Shown::None);
        }
        Ok(match from_legacy(&answered)? {
            Ok(Found { rows, .. }) if rows.is_empty() => Shown::None,
            Ok(found) => Shown::Trace(found.rows),
            Err(why) => Shown::Stranger(format!("{} {why}", answered.request)),
        })
    }

    /// The services that it knows, or nothing where it does not tell.
    pub async fn services(&mut self, slot: &Slot) -> Option<Vec<String>> {
        #[derive(serde::Deserialize)]
        struct Services {
            #[serde(alias = "data")]
            services: Option<Vec<String>>,
        }
        let path = if self.api == Some(Api::Legacy) { "/api/services" } else { "/api/v3/services" };
        let answered = self.get(path, &[], slot).await.ok()??;
        if !answered.status.is_success() {
            return None;
        }
        answered.json::<Services>().ok().map(|s| s.services.unwrap_or_default())
    }

    /// Any status; `None` where the answer is larger than what we read.
    async fn get(&self, path: &str, query: &[(&str, String)], slot: &Slot) -> Result<Option<Answered>, Gap> {
        match self.http.get_any(path, query, "application/json", slot, CAP).await {
            Ok(answered) => Ok(Some(answered)),
            Err(Gap::Truncated(_)) => Ok(None),
            Err(gap) => Err(gap),
        }
    }

    fn page(&mut self, found: Found) -> Page {
        if found.too_deep {
            return Page::TooDeep;
        }
        if found.too_many {
            return Page::TooMuch;
        }
        self.first_request.get_or_insert(found.request);
        self.without_id += found.without_id;
        let traces = found.rows.iter().map(|r| r.trace_id.as_str()).collect::<HashSet<_>>().len();
        Page::Spans(found.rows, traces)
    }

    /// Names as Jaeger up to 2.20 knows them, and the later canonical ones beside them: each version ignores the others.
    /// `raw` keeps the clock-skew adjuster away from the numbers.
    fn v3_query(&self, within: Span, limit: usize) -> Result<Vec<(&'static str, String)>, Gap> {
        let time = |at: crate::model::units::Wall| {
            let stamp = jiff::Timestamp::from_microsecond(at.0).map_err(|e| Gap::NotReached(format!("the act's time is out of range: {e}")));
            stamp.map(|t| t.to_string())
        };
        let (from, to, limit) = (time(within.from)?, time(within.to)?, limit.to_string());
        let (service, yes) = (self.service.to_owned(), "true".to_owned());
        Ok(vec![
            ("query.service_name", service.clone()),
            ("query.start_time_min", from.clone()),
            ("query.start_time_max", to.clone()),
            ("query.num_traces", limit.clone()),
            ("query.raw_traces", yes.clone()),
            ("query.serviceName", service),
            ("query.startTimeMin", from),
            ("query.startTimeMax", to),
            ("query.searchDepth", limit),
            ("query.rawTraces", yes),
        ])
    }

    fn legacy_query(&self, within: Span, limit: usize) -> Vec<(&'static str, String)> {
        vec![
            ("service", self.service.to_owned()),
            ("start", within.from.0.to_string()),
            ("end", within.to.0.to_string()),
            ("limit", limit.to_string()),
            ("raw", "true".to_owned()),
        ]
    }
}

#[derive(Default)]
struct Found {
    rows: Vec<SpanRow>,
    without_id: u64,
    too_deep: bool,
    /// More spans than are taken from one answer.
    too_many: bool,
    request: String,
}

/// Reads an answer of `/api/v3`. "None found" is a 404 with an error in the gateway's envelope, and so told apart from a
/// server that has no such path.
fn from_v3(answered: &Answered) -> Result<Result<Found, Stranger>, Gap> {
    let found = |rows, without_id, too_deep| Found { rows, without_id, too_deep, too_many: false, request: answered.request.clone() };
    let (status, read) = (answered.status, read_json(&answered.body));
    Ok(match (status, read) {
        (s, Ok((rows, without_id))) if s.is_success() => Ok(found(rows, without_id, false)),
        (s, Err(NotOtlp::TooMany)) if s.is_success() => Ok(Found { too_many: true, ..found(vec![], 0, false) }),
        (_, Err(NotOtlp::Error { depth: true, .. })) => Ok(found(vec![], 0, true)),
        (_, Err(NotOtlp::Error { status, none_found, .. })) if none_found || status == 404 => Ok(found(vec![], 0, false)),
        (s, Err(NotOtlp::Error { status, .. })) if s.is_success() => {
            return Err(Gap::Malformed(format!("{}: the answer breaks off with error {status}", answered.request)));
        }
        (s, _) if s.is_success() && answered.looks_like_html() => Err("is a web page".into()),
        (s, Err(NotOtlp::NoJson(place))) if s.is_success() => Err(format!("is no whole JSON ({place})")),
        (s, _) if s.is_success() => Err("is no OTLP".into()),
        (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE | StatusCode::NOT_IMPLEMENTED, _) => {
            Err(format!("answers {status}"))
        }
        _ => return Err(refusal(answered)),
    })
}

/// Reads an answer of the legacy API.
fn from_legacy(answered: &Answered) -> Result<Result<Found, Stranger>, Gap> {
    let status = answered.status;
    if status.is_success() {
        if answered.looks_like_html() {
            return Ok(Err("is a web page".into()));
        }
        let read = legacy::read(&answered.body);
        return Ok(read.map(|Read { rows, without_id, too_many }| Found {
            rows,
            without_id,
            too_many,
            too_deep: false,
            request: answered.request.clone(),
        }));
    }
    if legacy::too_deep(&answered.body) {
        return Ok(Ok(Found { too_deep: true, ..Found::default() }));
    }
    match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE | StatusCode::NOT_IMPLEMENTED => {
            Ok(Err(format!("answers {status}")))
        }
        _ => Err(refusal(answered)),
    }
}
