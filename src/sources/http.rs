//! One HTTP origin: credentials go to it and to nobody else, answers are capped, and whatever goes wrong is a [`Gap`].

use crate::{
    model::{
        evidence::Gap,
        source::{Cost, Slot},
    },
    sources::{
        client::client,
        failing::{failed, on_the_way, refusal},
    },
    spec::settings::{Auth, Connection},
};
use bytes::Bytes;
use reqwest::{StatusCode, header::CONTENT_TYPE};
use std::sync::atomic::{AtomicU64, Ordering};

/// Answers beyond this many bytes are refused, unless a source says otherwise.
pub const CAP: usize = 64 << 20;

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
    /// The exact URL that was asked, without credentials, and what it was asked through.
    pub request: String,
    /// `Server` header, if told.
    pub server: Option<String>,
}

impl Http {
    /// A client for the connection's origin.
    pub fn new(connection: &Connection) -> Result<Http, Gap> {
        Ok(Http { client: client(connection)?, connection: connection.clone(), queries: AtomicU64::new(0), bytes: AtomicU64::new(0) })
    }
    /// The base URL.
    pub fn url(&self) -> &str {
        &self.connection.url
    }
    /// How it is reached.
    pub fn connection(&self) -> &Connection {
        &self.connection
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
    /// The same, with the text of one header of the answer.
    pub async fn get_with_header(&self, header: &str, slot: &Slot, cap: usize) -> Result<(Answered, Option<String>), Gap> {
        self.send_for(self.client.get(&self.connection.url), Some(header), slot, cap).await
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
        self.send_for(request, None, slot, cap).await.map(|(answered, _)| answered)
    }
    async fn send_for(
        &self,
        request: reqwest::RequestBuilder,
        wanted: Option<&str>,
        slot: &Slot,
        cap: usize,
    ) -> Result<(Answered, Option<String>), Gap> {
        let request = self.authorize(request).build().map_err(|e| Gap::NotConfigured(format!("{}: {e}", self.connection.url)))?;
        let url = request.url().to_string();
        let work = self.exchange(request, &url, wanted, cap);
        let deadline = tokio::time::Instant::from_std(slot.deadline);
        tokio::select! {
            () = slot.cancel.cancelled() => Err(Gap::NotReached("interrupted".into())),
            done = tokio::time::timeout_at(deadline, work) => done.unwrap_or_else(|_| Err(Gap::TooLate(format!("{url}: no whole answer before the deadline")))),
        }
    }
    async fn exchange(
        &self,
        request: reqwest::Request,
        url: &str,
        wanted: Option<&str>,
        cap: usize,
    ) -> Result<(Answered, Option<String>), Gap> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        let mut response = self.client.execute(request).await.map_err(|e| failed(&self.connection, url, &e))?;
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok());
        let (content_type, server) = (header(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase(), header("server").and_then(product));
        let wanted = wanted.and_then(header).map(str::to_owned);
        let status = response.status();
        if status.is_redirection() {
            return Err(Gap::Malformed(format!("{url}: redirects with {status}; write the final URL, redirects are not followed")));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| failed(&self.connection, url, &e))? {
            self.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if body.len() + chunk.len() > cap {
                return Err(Gap::Truncated(format!("{url}: more than {cap} bytes, stopped reading")));
            }
            body.extend_from_slice(&chunk);
        }
        if let Some(gap) = on_the_way(&self.connection, status, &body) {
            return Err(gap);
        }
        let request = format!("{url}{}", self.connection.through());
        Ok((Answered { status, content_type, body: body.into(), request, server }, wanted))
    }
}

/// The products of a `Server` header (RFC 9110, `nginx/1.22.1`), without comments and whatever else stands there.
pub fn product(server: &str) -> Option<String> {
    const LONGEST: usize = 40;
    let is_product = |word: &&str| word.len() <= LONGEST && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b));
    let products: Vec<_> = server.split(' ').take_while(|word| !word.starts_with('(')).take(2).collect();
    (!products.is_empty() && products.iter().all(|word| !word.is_empty() && is_product(word))).then(|| products.join(" "))
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
        // serde's message may repeat a piece of the body; its place does not.
        serde_json::from_slice(&self.body).map_err(|e| {
            let (line, column) = (e.line(), e.column());
            Gap::Malformed(format!("{}: not the JSON that was expected (line {line}, column {column})", self.request))
        })
    }
    /// Is it a web page?
    pub fn looks_like_html(&self) -> bool {
        let start = self.body.trim_ascii_start();
        self.content_type.starts_with("text/html")
            || start.len() >= 5 && (start[..5].eq_ignore_ascii_case(b"<html") || start[..5].eq_ignore_ascii_case(b"<!doc"))
    }
}
