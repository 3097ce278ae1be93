//! One question to one nameserver: a datagram, and TCP where the answer is too long for one. Nothing is sent twice: a loss is what
//! an application meets, too.

use super::{
    super::{
        clock::us_since,
        leash::{Leash, Off},
    },
    message::{MOST, Question, Told},
};
use crate::model::payload::network::{Lookup, LookupEnd, RecordKind};
use hickory_proto::rr::Name;
use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
};

/// No more than these datagrams are looked at for one answer.
const MOST_IGNORED: u32 = 100;

/// Asks, and waits for the answer.
pub async fn ask(at: SocketAddr, name: &Name, kind: RecordKind, first: bool, patience: Duration, leash: &Leash) -> Lookup {
    let began = Instant::now();
    let mut lookup = Lookup { kind, first, took_us: 0, over_tcp: false, ignored: 0, end: LookupEnd::TimedOut };
    let asked = leash.hold(patience, exchange(at, &Question::new(name, kind), &mut lookup)).await;
    lookup.took_us = us_since(began);
    lookup.end = match asked {
        Ok(Ok(end)) => end,
        Ok(Err(error)) => failed(&error),
        Err(Off::Patience) => LookupEnd::TimedOut,
        Err(Off::End | Off::Interrupted) => LookupEnd::Cut,
    };
    lookup
}

async fn exchange(at: SocketAddr, question: &Question, lookup: &mut Lookup) -> io::Result<LookupEnd> {
    // A port that nobody can guess: the kernel's choice is random.
    let socket = UdpSocket::bind(if at.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }).await?;
    // Only what comes from there is received.
    socket.connect(at).await?;
    let bytes = question.bytes().ok_or(ErrorKind::InvalidInput)?;
    socket.send(&bytes).await?;
    let mut reply = vec![0; 4 << 10];
    while lookup.ignored < MOST_IGNORED {
        let read = socket.recv(&mut reply).await?;
        match question.read(&reply[..read]) {
            Told::Other => lookup.ignored += 1,
            Told::End(end) => return Ok(end),
            Told::Truncated => {
                lookup.over_tcp = true;
                return over_tcp(at, question, &bytes).await;
            }
        }
    }
    Ok(LookupEnd::Malformed)
}

async fn over_tcp(at: SocketAddr, question: &Question, bytes: &[u8]) -> io::Result<LookupEnd> {
    let mut stream = TcpStream::connect(at).await?;
    let length = u16::try_from(bytes.len()).map_err(|_| ErrorKind::InvalidInput)?;
    stream.write_all(&[&length.to_be_bytes(), bytes].concat()).await?;
    let length = usize::from(stream.read_u16().await?).min(MOST);
    let mut reply = vec![0; length];
    stream.read_exact(&mut reply).await?;
    Ok(match question.read(&reply) {
        Told::End(end) => end,
        Told::Other | Told::Truncated => LookupEnd::Malformed,
    })
}

fn failed(error: &io::Error) -> LookupEnd {
    match error.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => LookupEnd::Refused,
        ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData => LookupEnd::Malformed,
        ErrorKind::TimedOut => LookupEnd::TimedOut,
        _ => LookupEnd::Unreachable,
    }
}
