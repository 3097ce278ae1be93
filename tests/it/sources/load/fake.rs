//! A real HTTP/1.1 server on loopback that does byte for byte, and when, what a test says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// One thing that the server does in answer to a request.
#[derive(Clone)]
pub enum Step {
    Wait(u64),
    Send(Vec<u8>),
    /// Closes the connection so that the peer sees a reset.
    Reset,
    /// Keeps the connection open and says nothing.
    Hang,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub at: Instant,
    pub line: String,
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: serde_json::Value,
    pub connection: usize,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        match self.headers.get(name).map(Vec::as_slice) {
            Some([one]) => one,
            other => panic!("{name}: {other:?}"),
        }
    }
}

pub struct Fake {
    pub url: String,
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    _serving: JoinSet<()>,
}

impl Fake {
    /// Answers the n-th request (from 0, in order of arrival) with these steps.
    pub async fn answering(answer: impl Fn(usize, &Received) -> Vec<Step> + Send + Sync + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(vec![]));
        let (answer, log) = (Arc::new(answer), Arc::clone(&received));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            for connection in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                connections.spawn(async move { serve(stream, connection, &*answer, &log).await });
            }
        });
        Fake { url: format!("http://127.0.0.1:{port}"), port, received, _serving: serving }
    }
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    answer: &(dyn Fn(usize, &Received) -> Vec<Step> + Send + Sync),
    log: &Mutex<Vec<Received>>,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut held = vec![];
    loop {
        let head = loop {
            if let Some(end) = held.windows(4).position(|w| w == b"\r\n\r\n") {
                break String::from_utf8(held.drain(..end + 4).collect()).ok()?;
            }
            read_more(&mut stream, &mut held).await?;
        };
        let at = Instant::now();
        let mut lines = head.trim_end().lines();
        let line = lines.next()?.to_owned();
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in lines.filter_map(|l| l.split_once(": ")) {
            headers.entry(name.to_ascii_lowercase()).or_default().push(value.to_owned());
        }
        let length: usize = headers.get("content-length").map_or(0, |v| v[0].parse().unwrap());
        while held.len() < length {
            read_more(&mut stream, &mut held).await?;
        }
        let body: Vec<u8> = held.drain(..length).collect();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let request = Received { at, line, headers, body, connection };
        let n = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            log.len() - 1
        };
        for step in answer(n, &request) {
            match step {
                Step::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                Step::Send(bytes) => stream.write_all(&bytes).await.ok()?,
                Step::Reset => {
                    // No lingering: the close is a reset.
                    stream.set_zero_linger().ok()?;
                    return None;
                }
                Step::Hang => std::future::pending().await,
            }
        }
    }
}

async fn read_more(stream: &mut TcpStream, held: &mut Vec<u8>) -> Option<()> {
    let n = stream.read_buf(held).await.ok()?;
    (n > 0).then_some(())
}

/// The head of a streamed answer.
pub fn head(content_type: &str) -> Step {
    Step::Send(format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\nserver: fake/1\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes())
}

/// One HTTP chunk.
pub fn chunk(text: &str) -> Step {
    Step::Send(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes())
}

/// The end of a streamed answer.
pub fn end() -> Step {
    Step::Send(b"0\r\n\r\n".to_vec())
}

/// A whole answer.
pub fn whole(status: &str, content_type: &str, body: &str) -> Step {
    Step::Send(format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

pub fn content(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

pub const ROLE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
pub const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
pub const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n";
pub const DONE: &str = "data: [DONE]\n\n";

/// A well-behaved stream.
pub fn stream() -> Vec<Step> {
    vec![head("text/event-stream"), chunk(ROLE), chunk(&content("a")), chunk(&content("b")), chunk(FINISH), chunk(USAGE), chunk(DONE), end()]
}
