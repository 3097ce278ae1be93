use crate::{
    model::{
        evidence::Gap,
        source::{Cost, Slot},
        units::Wall,
    },
    sources::{
        failing::refusal,
        http::{Answered, CAP, Http},
    },
    spec::settings::Connection,
};
use reqwest::StatusCode;
use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};
use std::collections::BTreeMap;

/// Said with every query; who does not know a word of it ignores it. Stored samples instead of averages over them, and one
/// series where replicas scrape the same target (Thanos); the newest samples, too (VictoriaMetrics hides the latest 30 s of
/// what it may cache, and even `time()` is then 30 s behind).
const ASKED: [(&str, &str); 3] = [("max_source_resolution", "0s"), ("dedup", "true"), ("nocache", "1")];
/// All that Mimir and Cortex say to who names no tenant.
const NO_TENANT: &str = "no org id";

/// The part of the Prometheus HTTP API that an auditor needs, as Prometheus, Mimir, Thanos and VictoriaMetrics speak it.
pub struct Api {
    http: Http,
}

/// An answer with what the server said beside it.
pub struct Told<T> {
    pub data: T,
    /// What may make the data incomplete.
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
    /// The exact URL.
    pub request: String,
}

#[derive(Deserialize)]
struct Envelope<T> {
    status: String,
    data: Option<T>,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    infos: Option<Vec<String>>,
    /// VictoriaMetrics clusters say so instead of warning.
    #[serde(rename = "isPartial", default)]
    is_partial: bool,
}

/// `data` of a query.
#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "snake_case")]
pub enum Queried {
    Matrix(Vec<Raw>),
    Vector(Vec<Element>),
    Scalar((f64, String)),
    String(IgnoredAny),
}

/// One element of a vector; a native histogram has no value.
#[derive(Deserialize)]
pub struct Element {
    #[serde(default)]
    value: Option<(f64, String)>,
}

/// The stored samples of one series.
#[derive(Clone, Debug, Deserialize)]
pub struct Raw {
    /// Labels, `__name__` included.
    pub metric: BTreeMap<String, String>,
    /// Seconds since the epoch, value as text.
    #[serde(default)]
    pub values: Vec<(f64, String)>,
    /// Seconds since the epoch, native histogram.
    #[serde(default)]
    pub histograms: Vec<(f64, RawHistogram)>,
}

/// A native histogram at one time; numbers as text.
#[derive(Clone, Debug, Deserialize)]
pub struct RawHistogram {
    pub count: String,
    pub sum: String,
    /// Which edges belong to the bucket (a code), lower edge, upper edge, observations. Empty buckets are left out.
    #[serde(default)]
    pub buckets: Vec<(u8, String, String, String)>,
}

impl Api {
    pub fn new(connection: &Connection) -> Result<Api, Gap> {
        Ok(Api { http: Http::new(connection)? })
    }
    pub fn url(&self) -> &str {
        self.http.url()
    }
    pub fn cost(&self) -> Cost {
        self.http.cost()
    }
    /// Asks `/api/v1/{path}`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)], slot: &Slot) -> Result<Told<T>, Gap> {
        let answered = self.http.get_any(&format!("/api/v1/{path}"), query, "application/json", slot, CAP).await?;
        opened(&answered)
    }
    /// Stored samples of a selector in the `length_ms` before `at`, with their own timestamps: never `query_range`, which
    /// returns values on a grid of its own. Whether the window's beginning belongs to it differs between engines and
    /// versions; nothing may rest on a sample there.
    pub async fn raw(&self, selector: &str, at: Wall, length_ms: i64, slot: &Slot) -> Result<Told<Vec<Raw>>, Gap> {
        let Told { data, warnings, infos, request } = self.query(&format!("{selector}[{length_ms}ms]"), Some(at), slot).await?;
        let kind = match data {
            Queried::Matrix(data) => return Ok(Told { data, warnings, infos, request }),
            Queried::Vector(_) => "a vector",
            Queried::Scalar(_) => "a scalar",
            Queried::String(_) => "a string",
        };
        Err(Gap::Malformed(format!("{request}: answered with {kind} where stored samples (a matrix) were asked for")))
    }
    /// A number that the server works out, as a scalar or as the only element of a vector (VictoriaMetrics knows no scalars);
    /// `None` where it has nothing to work with.
    pub async fn number(&self, expression: &str, at: Wall, slot: &Slot) -> Result<Option<f64>, Gap> {
        let Told { data, request, .. } = self.query(expression, Some(at), slot).await?;
        let value = match data {
            Queried::Scalar((_, value)) => Some(value),
            Queried::Vector(mut elements) if elements.len() <= 1 => elements.pop().and_then(|e| e.value).map(|(_, value)| value),
            _ => return Err(Gap::Malformed(format!("{request}: answered with something else than the one number that was asked for"))),
        };
        Ok(value.and_then(|v| v.parse::<f64>().ok()).filter(|x| x.is_finite()))
    }
    /// The server's clock, and how far it is rounded down, µs.
    pub async fn now(&self, slot: &Slot) -> Result<(Wall, i64), Gap> {
        let Told { data, request, .. } = self.query("time()", None, slot).await?;
        let (at, resolution_us) = match data {
            Queried::Scalar((at, _)) => (Some(at), 0),
            // VictoriaMetrics: the element's own time is that of a grid, and the value has whole seconds.
            Queried::Vector(mut elements) if elements.len() == 1 => (elements.pop().and_then(|e| e.value?.1.parse().ok()), 1_000_000),
            _ => (None, 0),
        };
        let at: f64 = at.ok_or_else(|| Gap::Malformed(format!("{request}: `time()` is no number")))?;
        let at = wall(at).ok_or_else(|| Gap::Malformed(format!("{request}: its clock says {at:e} s, which is no time")))?;
        Ok((at, if at.0 % 1_000_000 == 0 { resolution_us } else { 0 }))
    }
    async fn query(&self, expression: &str, at: Option<Wall>, slot: &Slot) -> Result<Told<Queried>, Gap> {
        let mut query = vec![("query", expression.to_owned())];
        query.extend(at.map(|at| ("time", seconds(at))));
        query.extend(ASKED.map(|(name, value)| (name, value.to_owned())));
        let answered = self.http.get_any("/api/v1/query", &query, "application/json", slot, CAP).await?;
        if answered.status == StatusCode::NOT_FOUND && !looks_like_json(&answered) {
            let what = "there is no Prometheus API below this address; correct the URL (Mimir has it below `/prometheus`, \
                        a VictoriaMetrics cluster below `/select/TENANT/prometheus`)";
            return Err(Gap::Malformed(format!("{}: answered {}: {what}", answered.request, answered.status)));
        }
        opened(&answered)
    }
}

/// Seconds since the epoch as the API wants them, to the millisecond that it stores.
pub fn seconds(at: Wall) -> String {
    format!("{:.3}", at.seconds())
}

/// A timestamp of the API, which has whole milliseconds; `None` for what is no time of ours.
pub fn wall(seconds: f64) -> Option<Wall> {
    // A hundred thousand years; what is beyond would overflow when durations are made of it.
    const LATEST: f64 = 3e12;
    (seconds.abs() < LATEST).then(|| Wall((seconds * 1e3).round() as i64 * 1_000))
}

/// Opens the envelope; an error inside is a gap, also when it comes with status 200.
pub fn opened<T: DeserializeOwned>(answered: &Answered) -> Result<Told<T>, Gap> {
    let url = &answered.request;
    let status = answered.status.as_u16();
    if answered.body.trim_ascii() == NO_TENANT.as_bytes() {
        return Err(no_tenant(answered));
    }
    if !answered.status.is_success() && (matches!(status, 401 | 403) || !looks_like_json(answered)) {
        return Err(refusal(answered));
    }
    // First without its data: an error may come with data of another shape.
    let frame: Envelope<IgnoredAny> = match answered.json() {
        // JSON of something else than a Prometheus: its status says more than what its body lacks.
        Err(_) if !answered.status.is_success() => return Err(refusal(answered)),
        frame => frame?,
    };
    if frame.status != "success" {
        let (kind, text) = (frame.error_type.unwrap_or_default(), frame.error.unwrap_or_default());
        if text == NO_TENANT {
            return Err(no_tenant(answered));
        }
        let text = format!("{url}: {}: {}", told(&kind), told(&text));
        return Err(match kind.as_str() {
            "timeout" => Gap::TooLate(text),
            "unavailable" | "canceled" => Gap::Busy(text),
            _ if status == 429 || status == 503 => Gap::Busy(text),
            _ => Gap::Malformed(text),
        });
    }
    let envelope: Envelope<T> = answered.json()?;
    let data = envelope.data.ok_or_else(|| Gap::Malformed(format!("{url}: success without data")))?;
    let mut warnings = envelope.warnings.unwrap_or_default();
    if envelope.is_partial {
        warnings.push("the response is partial".into());
    }
    Ok(Told { data, warnings, infos: envelope.infos.unwrap_or_default(), request: url.clone() })
}

fn no_tenant(answered: &Answered) -> Gap {
    let (url, status) = (&answered.request, answered.status);
    Gap::Denied(format!("{url}: {status}: it keeps tenants apart and was told none; add `headers: {{X-Scope-OrgID: TENANT}}` to this source"))
}

/// A text of the server's without what it quotes (queries, label values: anything may be in them) and without anything
/// that looks like an address, of mail or of a machine, at most 300 characters.
pub fn told(text: &str) -> String {
    let mut out = String::new();
    let mut inside: Option<char> = None;
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        match inside {
            Some(end) if c == end => {
                out.push('…');
                out.push(c);
                inside = None;
            }
            Some(_) => {}
            None => {
                out.push(c);
                inside = match c {
                    '"' | '`' => Some(c),
                    '{' => Some('}'),
                    _ => None,
                };
            }
        }
    }
    if inside.is_some() {
        out.push('…');
    }
    let masked = out.split_inclusive(' ').map(|word| if is_address(word.trim_end()) { "* " } else { word });
    masked.collect::<String>().chars().take(300).collect::<String>().trim_end().to_owned()
}

/// `jane@example.com`, `http://…`, `10.1.2.3`, `store-2:10901`, with whatever punctuation around it.
fn is_address(word: &str) -> bool {
    let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
    let (host, port) = word.rsplit_once(':').unwrap_or((word, ""));
    let has_port = !host.is_empty() && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    word.contains('@') || word.contains("://") || has_port || host.parse::<std::net::IpAddr>().is_ok()
}

fn looks_like_json(answered: &Answered) -> bool {
    answered.body.trim_ascii_start().starts_with(b"{")
}

#[cfg(test)]
mod tests {
    use super::{Wall, told, wall};

    #[test]
    fn what_is_no_time_is_none() {
        assert_eq!(wall(1_700_000_000.123), Some(Wall(1_700_000_000_123_000)));
        assert_eq!([1e300, -1e300, f64::INFINITY, f64::NAN].map(wall), [None; 4]);
    }

    #[test]
    fn a_text_of_the_server_keeps_its_reason_and_nothing_that_it_quotes() {
        let kept = "query processing would load too many samples into memory in query execution";
        assert_eq!(told(kept), kept);
        let quoting =
            "found duplicate series for the match group {user=\"jane@example.com\"} on the left: \"tell me a secret\"; ask joe@example.com\nnow";
        assert_eq!(told(quoting), "found duplicate series for the match group {…} on the left: \"…\"; ask * now");
        let addresses = "receive series from Addr: 10.1.2.3:10901 (store-2:10901): dial http://10.1.2.3/x: 5m0s of 10.1.2.3 are missing: unavailable";
        assert_eq!(told(addresses), "receive series from Addr: * * dial * 5m0s of * are missing: unavailable");
        assert_eq!(told("an open \"quote of jane"), "an open \"…");
        assert_eq!(told(&"x".repeat(900)).len(), 300);
    }
}
