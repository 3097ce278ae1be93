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
use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};
use std::collections::BTreeMap;

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
enum Queried {
    Matrix(Vec<Raw>),
    Vector(IgnoredAny),
    Scalar((f64, String)),
    String(IgnoredAny),
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
    /// returns values on a grid of its own.
    pub async fn raw(&self, selector: &str, at: Wall, length_ms: i64, slot: &Slot) -> Result<Told<Vec<Raw>>, Gap> {
        let query = [("query", format!("{selector}[{length_ms}ms]")), ("time", seconds(at))];
        let Told { data, warnings, infos, request } = self.get::<Queried>("query", &query, slot).await?;
        let kind = match data {
            Queried::Matrix(data) => return Ok(Told { data, warnings, infos, request }),
            Queried::Vector(_) => "a vector",
            Queried::Scalar(_) => "a scalar",
            Queried::String(_) => "a string",
        };
        Err(Gap::Malformed(format!("{request}: answered with {kind} where stored samples (a matrix) were asked for")))
    }
    /// A number that the server works out; `None` where it has nothing to work with.
    pub async fn number(&self, scalar: &str, at: Wall, slot: &Slot) -> Result<Option<f64>, Gap> {
        let told = self.get::<Queried>("query", &[("query", scalar.to_owned()), ("time", seconds(at))], slot).await?;
        match told.data {
            Queried::Scalar((_, value)) => Ok(value.parse::<f64>().ok().filter(|x| x.is_finite())),
            _ => Err(Gap::Malformed(format!("{}: `scalar()` is no scalar", told.request))),
        }
    }
    /// The server's clock.
    pub async fn now(&self, slot: &Slot) -> Result<Wall, Gap> {
        let told = self.get::<Queried>("query", &[("query", "time()".into())], slot).await?;
        match told.data {
            Queried::Scalar((at, _)) => {
                wall(at).ok_or_else(|| Gap::Malformed(format!("{}: its clock says {at:e} s, which is no time", told.request)))
            }
            _ => Err(Gap::Malformed(format!("{}: `time()` is no scalar", told.request))),
        }
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
fn opened<T: DeserializeOwned>(answered: &Answered) -> Result<Told<T>, Gap> {
    let url = &answered.request;
    let status = answered.status.as_u16();
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

/// A text of the server's without what it quotes (queries, label values: anything may be in them) and without anything
/// that looks like a mail address, at most 300 characters.
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
    let masked = out.split_inclusive(' ').map(|word| if word.contains('@') { "* " } else { word });
    masked.collect::<String>().chars().take(300).collect::<String>().trim_end().to_owned()
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
        assert_eq!(told("an open \"quote of jane"), "an open \"…");
        assert_eq!(told(&"x".repeat(900)).len(), 300);
    }
}
