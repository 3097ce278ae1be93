//! A server below HTTP: it reads what it is asked and sends bytes as they come, whether they are HTTP or not.

use flate2::{Compress, Compression, FlushCompress};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What is sent, piece by piece; a pause of so many milliseconds between two pieces.
pub struct Script {
    pub pieces: Box<dyn Fn() -> Box<dyn Iterator<Item = Vec<u8>> + Send> + Send + Sync>,
    pub pause_ms: u64,
    pub end: End,
}

/// How a connection ends when all is sent.
#[derive(Clone, Copy, PartialEq)]
pub enum End {
    Close,
    /// With a TCP reset.
    Reset,
    /// Not at all.
    Hang,
}

impl Script {
    /// All at once, then the connection is closed.
    pub fn of(bytes: impl Into<Vec<u8>>) -> Script {
        let bytes = bytes.into();
        Script::pieces(move || Box::new(std::iter::once(bytes.clone())))
    }
    /// In pieces, maybe without end.
    pub fn pieces(pieces: impl Fn() -> Box<dyn Iterator<Item = Vec<u8>> + Send> + Send + Sync + 'static) -> Script {
        Script { pieces: Box::new(pieces), pause_ms: 0, end: End::Close }
    }
    /// A head, then the same piece again and again, without end.
    pub fn endless(head: impl Into<Vec<u8>>, piece: impl Into<Vec<u8>>) -> Script {
        let (head, piece) = (head.into(), piece.into());
        Script::pieces(move || Box::new(std::iter::once(head.clone()).chain(std::iter::repeat(piece.clone()))))
    }
    /// Byte by byte.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Script {
        let bytes = bytes.into();
        Script::pieces(move || Box::new(bytes.clone().into_iter().map(|b| vec![b])))
    }
    /// A piece in 300 ms.
    pub fn slowly(self) -> Script {
        Script { pause_ms: 300, ..self }
    }
    /// Ended otherwise.
    pub fn ended(self, end: End) -> Script {
        Script { end, ..self }
    }
}

/// Where it listens, and how many connections came.
pub struct Raw {
    pub url: String,
    pub came: Arc<AtomicU64>,
}

impl Raw {
    pub async fn start(script: Script) -> Raw {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (came, script) = (Arc::new(AtomicU64::new(0)), Arc::new(script));
        let count = Arc::clone(&came);
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(play(connection, Arc::clone(&script)));
            }
        });
        Raw { url, came }
    }
    pub fn came(&self) -> u64 {
        self.came.load(Ordering::SeqCst)
    }
}

async fn play(mut connection: TcpStream, script: Arc<Script>) {
    // The head of the request; a body may follow, which is left to lie.
    let mut head = [0; 1 << 14];
    if connection.read(&mut head).await.unwrap_or(0) == 0 {
        return;
    }
    for piece in (script.pieces)() {
        if script.pause_ms > 0 {
            tokio::time::sleep(Duration::from_millis(script.pause_ms)).await;
        }
        if connection.write_all(&piece).await.is_err() {
            return;
        }
    }
    match script.end {
        End::Close => drop(connection.shutdown().await),
        End::Reset => drop(connection.set_zero_linger()),
        End::Hang => std::future::pending().await,
    }
}

/// The head of an answer of this type, with more lines.
pub fn head(kind: &str, more: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{more}\r\n")
}

/// A gzip member that never ends, of the same text again and again: its beginning, and what may be repeated.
pub fn gzip_without_end(text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut packing = Compress::new(Compression::best(), false);
    let mut packed = |n: usize| {
        let mut out = vec![];
        for _ in 0..n {
            let mut piece = Vec::with_capacity(1 << 20);
            packing.compress_vec(text, &mut piece, FlushCompress::Sync).unwrap();
            out.extend(piece);
        }
        out
    };
    let mut begin = b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec();
    // From the second on, a piece refers to one that was the same.
    begin.extend(packed(2));
    (begin, packed(1))
}
