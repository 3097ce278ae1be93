//! One HTTP origin: credentials go to it and to nobody else, answers are capped, and whatever goes wrong is a [`Gap`].
#![allow(clippy::disallowed_methods, reason = "reads the user's CA file")]

use crate::{
    model::{
        evidence::Gap,
        name::Name,
        source::{Cost, Slot},
    },
    spec::settings::{Auth, Connection},
};
use bytes::Bytes;
use reqwest::{StatusCode, header::CONTENT_TYPE};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Answers beyond this many bytes are refused, unless a source says otherwise.
pub const CAP: usize = 64 << 20;
/// A connection that is not there after this time is not coming.
const CONNECT: Duration = Duration::from_secs(5);

/// A client for one origin.
pub struct Http {
    client: reqwest::Client,
    connection: Connection,
    queries: AtomicU64,
    bytes: AtomicU64,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answered {
    /// HTTP status; 2xx unless asked for with [`Http::get_any`].
    pub status: StatusCode,
    /// `Content-Type`, lower case, empty if untold.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
    /// The exact URL that was asked, without credentials.
    pub request: String,
    /// `Server` header, if told.
    pub server: Option<String>,
}

/// The one factory of HTTP clients: no redirects (credentials never cross an origin), no proxies from the environment.
pub fn client(ca_file: Option<&std::path::Path>) -> Result<reqwest::Client, Gap> {
    client_with(ca_file, |builder| builder)
}

/// The same factory for a source that needs more of its client than that.
pub fn client_with(
    ca_file: Option<&std::path::Path>,
    shape: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
) -> Result<reqwest::Client, Gap> {
    let builder = || {
        let plain = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .user_agent(concat!("rigcheck/", env!("CARGO_PKG_VERSION")));
        shape(plain)
    };
    let mut roots = vec![];
    if let Some(path) = ca_file {
        let pem = std::fs::read(path).map_err(|e| Gap::NotConfigured(format!("ca_file {}: {e}", path.display())))?;
        roots = reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| Gap::NotConfigured(format!("ca_file {}: {e}", path.display())))?;
    }
    builder().tls_certs_merge(roots.clone()).build().or_else(|_| {
        // Where the host has no CA store, reqwest refuses to build a client at all, even for http://.
        let bundled = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| reqwest::Certificate::from_der(der).ok());
        builder().tls_certs_only(bundled.chain(roots)).build().map_err(|e| Gap::NotConfigured(format!("TLS: {e}")))
    })
}

impl Http {
    /// A client for the connection's origin.
    pub fn new(connection: &Connection) -> Result<Http, Gap> {
        Ok(Http {
            client: client(connection.ca_file.as_deref())?,
            connection: connection.clone(),
            queries: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        })
    }
    /// The base URL.
    pub fn url(&self) -> &str {
        &self.connection.url
    }
    /// What asking has cost so far.
    pub fn cost(&self) -> Cost {
        Cost { queries: self.queries.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
    /// A GET of `path` below the base URL that must end in 2xx, with a body of at most `cap` bytes, before the slot's deadline.
    pub async fn get(&self, path: &str, query: &[(&str, String)], accept: &str, slot: &Slot, cap: usize) -> Result<Answered, Gap> {
        let answered = self.get_any(path, query, accept, slot, cap).await?;
        if answered.status.is_success() { Ok(answered) } else { Err(refusal(&answered)) }
    }
    /// The same, whatever the status.
    pub async fn get_any(&self, path: &str, query: &[(&str, String)], accept: &str, slot: &Slot, cap: usize) -> Result<Answered, Gap> {
        let url = format!("{}{path}", self.connection.url);
        let asked = self.client.get(&url).query(query).header(reqwest::header::ACCEPT, accept);
        self.send(asked, slot, cap).await
    }
    /// Gives a request the connection's headers and credentials. The request must be for this origin.
    pub fn authorize(&self, mut request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        for (name, value) in &self.connection.headers {
            request = request.header(name, value.expose());
        }
        match &self.connection.auth {
            Auth::None => request,
            Auth::Bearer(token) => request.bearer_auth(token.expose()),
            Auth::Basic { user, password } => request.basic_auth(user, Some(password.expose())),
        }
    }
    async fn send(&self, request: reqwest::RequestBuilder, slot: &Slot, cap: usize) -> Result<Answered, Gap> {
        let request = self.authorize(request).build().map_err(|e| Gap::NotConfigured(format!("{}: {e}", self.connection.url)))?;
        let url = request.url().to_string();
        let work = self.exchange(request, &url, cap);
        let deadline = tokio::time::Instant::from_std(slot.deadline);
        tokio::select! {
            () = slot.cancel.cancelled() => Err(Gap::NotReached("interrupted".into())),
            done = tokio::time::timeout_at(deadline, work) => done.unwrap_or_else(|_| Err(Gap::TooLate(format!("{url}: no whole answer before the deadline")))),
        }
    }
    async fn exchange(&self, request: reqwest::Request, url: &str, cap: usize) -> Result<Answered, Gap> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let mut response = self.client.execute(request).await.map_err(|e| failed(url, &e))?;
        let header = |name| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (content_type, server) = (header(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase(), header("server"));
        let status = response.status();
        if status.is_redirection() {
            return Err(Gap::Malformed(format!("{url}: redirects with {status}; write the final URL, redirects are not followed")));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| failed(url, &e))? {
            self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if body.len() + chunk.len() > cap {
                return Err(Gap::Truncated(format!("{url}: more than {cap} bytes, stopped reading")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answered { status, content_type, body: body.into(), request: url.to_owned(), server })
    }
}

impl Answered {
    /// The body as JSON, or why it is none.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Gap> {
        if self.looks_like_html() {
            return Err(Gap::Malformed(format!(
                "{}: answered with an HTML page instead of JSON; is there a login page or another program at this address?",
                self.request
            )));
        }
        serde_json::from_slice(&self.body).map_err(|e| Gap::Malformed(format!("{}: not the JSON that was expected: {e}", self.request)))
    }
    /// Is it a web page?
    pub fn looks_like_html(&self) -> bool {
        let start = self.body.trim_ascii_start();
        self.content_type.starts_with("text/html")
            || start.len() >= 5 && (start[..5].eq_ignore_ascii_case(b"<html") || start[..5].eq_ignore_ascii_case(b"<!doc"))
    }
}

/// What a status other than 2xx means. Bodies are not repeated: they may hold anything.
pub fn refusal(answered: &Answered) -> Gap {
    let (url, status) = (&answered.request, answered.status);
    match status {
        StatusCode::UNAUTHORIZED => Gap::Denied(format!("{url}: {status}; add `bearer`, `basic` or `headers` to this source")),
        StatusCode::FORBIDDEN => Gap::Denied(format!("{url}: {status}; these credentials may not read it")),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            Gap::Busy(format!("{url}: {status}"))
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Gap::Malformed(format!("{url}: answered {status}: there is no such thing at this address; correct the URL"))
        }
        s if s.is_server_error() => Gap::Malformed(format!("{url}: answered {status}; its own log should say why")),
        _ => Gap::Malformed(format!("{url}: answered {status}")),
    }
}

/// Adds what to do where the place that found the gap could not know.
pub fn advised(gap: Gap, source: &Name) -> Gap {
    match gap {
        Gap::Unreachable(t) => Gap::Unreachable(format!("{t}; start it, or correct or remove sources.{source}")),
        Gap::TooLate(t) => Gap::TooLate(format!("{t}; look whether it is overloaded, or give the run more time")),
        Gap::Busy(t) => Gap::Busy(format!("{t}; it is overloaded or starting up: try again")),
        other => other,
    }
}

/// Why there is no answer, with the innermost cause: "connection refused" says more than "error sending request".
pub fn failed(url: &str, error: &reqwest::Error) -> Gap {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = format!("{url}: {cause}");
    if error.is_timeout() {
        Gap::TooLate(text)
    } else if error.is_connect() {
        Gap::Unreachable(text)
    } else if error.is_body() || error.is_decode() {
        Gap::Malformed(format!("{url}: the answer broke off ({cause}); look at what stands between, and at its own log"))
    } else {
        Gap::Malformed(text)
    }
}
