//! HTTP/1.1 as far as a baseline needs it: one request, and the head of its response. Nothing of a body is kept, nor any header
//! but `Retry-After`.

use super::clock::us;
use crate::model::{endpoint::Endpoint, payload::network::HttpAnswer};
use std::{
    io,
    time::{Instant, SystemTime},
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A head is no longer; whatever comes beyond is no answer.
pub const HEAD: usize = 16 << 10;
/// How we name ourselves, so that whoever sees it in a log knows what it was.
pub const USER_AGENT: &str = concat!("rigcheck/", env!("CARGO_PKG_VERSION"), " (+network baseline)");

/// Why there is no head.
#[derive(Debug)]
pub enum NoHead {
    /// Reading or writing failed.
    Io(io::Error),
    /// It ended before its head did.
    Closed,
    /// It is no HTTP/1, or its head has no end.
    NotHttp,
}

/// A head, and what came behind it.
#[derive(Debug)]
pub struct Head {
    /// Its figures.
    pub answer: HttpAnswer,
    /// When its first byte came.
    pub first_byte: Instant,
    /// Bytes of the body that came with it.
    pub rest: usize,
}

/// A request without credentials; `body` bytes of JSON follow it.
pub fn request(method: &str, path: &str, endpoint: &Endpoint, body: Option<usize>) -> Vec<u8> {
    let host = match (endpoint.tls, endpoint.port) {
        (true, 443) | (false, 80) => endpoint.authority().rsplit_once(':').map_or_else(String::new, |(host, _)| host.to_owned()),
        _ => endpoint.authority(),
    };
    let body = body.map(|n| format!("Content-Type: application/json\r\nContent-Length: {n}\r\n")).unwrap_or_default();
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n{body}Connection: close\r\n\r\n").into_bytes()
}

/// Sends a request and reads the head of its response. The stopwatch begins before it is sent: whoever waits for a CPU after sending would
/// measure less than it took.
pub async fn exchange(wire: &mut (impl AsyncRead + AsyncWrite + Unpin + ?Sized), request: &[u8]) -> Result<Head, NoHead> {
    let sent = Instant::now();
    wire.write_all(request).await.map_err(NoHead::Io)?;
    wire.flush().await.map_err(NoHead::Io)?;
    head(wire, sent).await
}

/// Reads the head of a response to what was sent at `sent`.
pub async fn head(wire: &mut (impl AsyncRead + Unpin + ?Sized), sent: Instant) -> Result<Head, NoHead> {
    let (mut bytes, mut first_byte) = (vec![], None);
    let mut piece = vec![0; 4 << 10];
    loop {
        let read = wire.read(&mut piece).await.map_err(NoHead::Io)?;
        if read == 0 {
            return Err(NoHead::Closed);
        }
        let first = *first_byte.get_or_insert_with(Instant::now);
        bytes.extend_from_slice(&piece[..read]);
        if !bytes.starts_with(b"HTTP/1.") && bytes.len() >= 7 {
            return Err(NoHead::NotHttp);
        }
        // An interim response is followed by the one that counts.
        while let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let (status, retry_after_s) = parse(&bytes[..end], SystemTime::now()).ok_or(NoHead::NotHttp)?;
            if (100..200).contains(&status) && status != 101 {
                bytes.drain(..end + 4);
                continue;
            }
            let first_byte_us = us(first.duration_since(sent));
            return Ok(Head { answer: HttpAnswer { first_byte_us, status, retry_after_s }, first_byte: first, rest: bytes.len() - end - 4 });
        }
        if bytes.len() > HEAD {
            return Err(NoHead::NotHttp);
        }
    }
}

/// Status and `Retry-After` of a head.
pub fn parse(head: &[u8], now: SystemTime) -> Option<(u16, Option<u64>)> {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?;
    let status = status.parse().ok().filter(|s| status.len() == 3 && (100..600).contains(s))?;
    let mut headers = lines.filter_map(|line| line.split_once(':'));
    let retry = headers.find(|(name, _)| name.eq_ignore_ascii_case("retry-after")).map(|(_, value)| value.trim());
    Some((status, retry.and_then(|value| seconds(value, now))))
}

/// `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3).
fn seconds(value: &str, now: SystemTime) -> Option<u64> {
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp().as_second();
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    Some(u64::try_from(at).ok()?.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::name;
    use std::time::Duration;

    pub fn endpoint(host: &str, port: u16, tls: bool) -> Endpoint {
        let path = "/v1/models".into();
        Endpoint { name: name("e"), host: host.into(), port, tls, sni: None, method: None, path, large_body: false, download: None }
    }

    #[test]
    fn a_request_names_us_and_carries_no_credentials() {
        let text = String::from_utf8(request("GET", "/v1/models", &endpoint("api.example.com", 443, true), None)).unwrap();
        assert!(text.starts_with("GET /v1/models HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: rigcheck/"), "{text}");
        assert!(text.contains(" (+network baseline)\r\n") && text.ends_with("Connection: close\r\n\r\n") && !text.contains("uthorization"), "{text}");
        let text = String::from_utf8(request("POST", "/x", &endpoint("::1", 8443, true), Some(7))).unwrap();
        assert!(text.contains("Host: [::1]:8443\r\n") && text.contains("Content-Length: 7\r\n"), "{text}");
    }

    #[test]
    fn of_a_head_the_status_is_read_and_when_to_come_back() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 - 90);
        let read = |text: &str| parse(text.as_bytes(), at);
        assert_eq!(read("HTTP/1.1 401 Unauthorized\r\nServer: x"), Some((401, None)));
        assert_eq!(read("HTTP/1.1 429\r\nretry-after: 30"), Some((429, Some(30))));
        assert_eq!(read("HTTP/1.0 503 x\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT"), Some((503, Some(90))));
        assert_eq!(read("HTTP/1.1 503 x\r\nRetry-After: soon"), Some((503, None)));
        for bad in ["", "HTTP/1.1", "HTTP/1.1 x", "HTTP/1.1 99999 x", "HTTP/2 200", "SSH-2.0-OpenSSH"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn an_interim_response_is_not_the_answer() {
        let (mut ours, mut theirs) = tokio::io::duplex(1 << 10);
        theirs.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\nbody").await.unwrap();
        let head = head(&mut ours, Instant::now()).await.unwrap();
        assert_eq!((head.answer.status, head.rest), (404, 4));
    }

    #[tokio::test]
    async fn what_is_no_http_is_told_and_a_head_without_end_is_cut() {
        let (mut ours, mut theirs) = tokio::io::duplex(1 << 20);
        theirs.write_all(b"SSH-2.0-OpenSSH_9\r\n").await.unwrap();
        assert!(matches!(head(&mut ours, Instant::now()).await, Err(NoHead::NotHttp)));
        let (mut ours, mut theirs) = tokio::io::duplex(1 << 20);
        theirs.write_all(&[b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'y'; 2 * HEAD]].concat()).await.unwrap();
        assert!(matches!(head(&mut ours, Instant::now()).await, Err(NoHead::NotHttp)));
        let (mut ours, theirs) = tokio::io::duplex(16);
        drop(theirs);
        assert!(matches!(head(&mut ours, Instant::now()).await, Err(NoHead::Closed)));
    }
}
