//! Real TLS: nginx that requires client certificates stands before the target and the sources, and tinyproxy between.
#![allow(clippy::disallowed_methods, reason = "sets deadlines and listens on loopback")]

mod certs;
mod credentials;
mod limits;
mod redirected;
mod refused;
mod whole;

use crate::stack::{NotUp, Stack};
use rigcheck::{
    model::{
        act::{Act, Api, Destination, LoadAct, Traced},
        audit::Effort,
        evidence::{Gap, Origin, Seen},
        key::{Facts, Page, Perform, Query, Question, Spans, When},
        name::name,
        payload::{Cell, Heartbeat, Performed},
        rig::Allow,
        rows::{InMemory, Rows},
        source::{Slot, Source},
        timeline::{Nanos, Timeline},
        units::{Count, Ms, PerSecond, Span, Wall},
    },
    reference::mock_llm::{Mock, MockSettings},
    sources::{jaeger::Jaeger, load::Load, prometheus::Prometheus, scrape::Scrape},
    spec::settings::{ClientCert, Connection, TargetSettings},
};
use std::{
    io::Read,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// nginx before a mock, which answers chats and has a metrics page.
pub struct Edge {
    pub stack: Stack,
    pub certs: TempDir,
    pub elsewhere: Elsewhere,
    _mock: Mock,
}

impl Edge {
    pub fn up() -> Result<Edge, NotUp> {
        let (certs, elsewhere) = (certs::certs(), Elsewhere::listen());
        let mock = Mock::start(MockSettings::default()).expect("a provider on a free port");
        let stack = before(&mock.url(), &certs, &elsewhere.url)?;
        Ok(Edge { stack, certs, elsewhere, _mock: mock })
    }
    /// A connection to one of its ports, with its authority trusted and a certificate shown.
    pub fn connection(&self, port: &str, path: &str, cert: Option<&str>) -> Connection {
        let file = |name: String| self.certs.path().join(name);
        Connection {
            url: format!("https://127.0.0.1:{}{path}", self.stack.part("nginx").ports[port]),
            ca_file: Some(file("ca.pem".into())),
            client_cert: cert.map(|c| ClientCert { cert: file(format!("{c}.pem")), key: Some(file(format!("{c}.key"))) }),
            ..Connection::default()
        }
    }
}

/// A stack of one nginx before something.
pub fn before(upstream: &str, certs: &TempDir, elsewhere: &str) -> Result<Stack, NotUp> {
    Stack::up(&["nginx", "--upstream", upstream, "--certs", certs.path().to_str().expect("a path"), "--elsewhere", elsewhere])
}

/// Another origin, which keeps whatever reaches it.
pub struct Elsewhere {
    pub url: String,
    kept: Arc<Mutex<Vec<u8>>>,
}

impl Elsewhere {
    pub fn listen() -> Elsewhere {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let kept = Arc::new(Mutex::new(vec![]));
        let keeps = Arc::clone(&kept);
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
                keeps.lock().expect("nobody panics").extend_from_slice(b"connected ");
                let mut bytes = vec![];
                let _ = (&stream).take(1 << 16).read_to_end(&mut bytes);
                keeps.lock().expect("nobody panics").extend(bytes);
            }
        });
        Elsewhere { url, kept }
    }
    /// All that came.
    pub fn kept(&self) -> String {
        String::from_utf8_lossy(&self.kept.lock().expect("nobody panics")).into_owned()
    }
}

pub fn act(path: &str, per_second: u64) -> LoadAct {
    LoadAct {
        name: name("controlled"),
        to: Destination::Target,
        api: Api::Chat,
        model: "rigcheck-truth".into(),
        path: path.into(),
        stream: true,
        per_kilosecond: per_second * 1_000,
        max_tokens: 8,
        planted: true,
        traced: Traced::All,
    }
}

fn slot() -> Slot {
    Slot::detached(Instant::now() + Duration::from_secs(30), Arc::new(InMemory::default()))
}

/// A load of so many requests.
pub async fn load(connection: Connection, path: &str, per_second: u64, requests: u64) -> Result<Seen, Gap> {
    let allow = Allow { requests: Count(1_000), tokens: Count(100_000), rate: PerSecond(100.0) };
    let load = Load::new(Some(&TargetSettings { connection, allow }), None)?;
    let query = Perform { act: Act::Load(act(path, per_second)) }.into();
    load.ask(&query, Effort { requests, ..Effort::default() }, &slot()).await
}

/// What each source answers to its simplest question, by the source's kind.
pub async fn ask(kind: &str, connection: Connection) -> Result<Seen, Gap> {
    let once = Effort::default();
    let ask = async |source: &dyn Source, query: Query, slot: Slot| source.ask(&query, once, &slot).await;
    match kind {
        "scrape" => {
            let page = Connection { url: format!("{}/metrics", connection.url), ..connection };
            let source = Scrape::new(name(kind), &page, Ms(1_000.0), vec![])?;
            ask(&source, Page { when: When::Now }.into(), slot()).await
        }
        "prometheus" => {
            let facts = Facts { scope: name("server") };
            let seen = ask(&Prometheus::new(name(kind), &connection, vec![])?, facts.into(), slot()).await?;
            // Each fact is asked for by itself.
            match Facts::pick(&seen.payload).and_then(|table| table.0.get("version").cloned()) {
                Some(Cell::Gap(gap)) => Err(gap),
                _ => Ok(seen),
            }
        }
        "jaeger" => {
            let spans = Spans { of: Act::Load(act("/", 1)) }.into();
            ask(&Jaeger::new(name(kind), &connection, "gateway".into())?, spans, slot().after(performed())).await
        }
        "load" => load(connection, "/v1/chat/completions", 20, 5).await,
        other => panic!("no source {other}"),
    }
}

/// An act of one request, a minute ago.
fn performed() -> Arc<Seen> {
    let now = Wall(jiff::Timestamp::now().as_microsecond());
    let started = now.plus_us(-60_000_000);
    let one = Timeline { id: "one".into(), trace_id: "1".repeat(32), closed: Some(Nanos(1)), status: Some(200), ..Timeline::default() };
    let answer = Performed { started, asked: 1, requests: Rows::inline(vec![one]), heartbeat: Heartbeat::default(), tokens_allowed: 0, cut: None };
    Arc::new(Seen {
        payload: Perform::wrap(answer),
        covered: Span { from: started, to: now },
        origin: Origin::default(),
        notes: vec![],
        partial: None,
    })
}
