//! HTTP/1.1 as far as a server of the tests needs it.

use super::behaves::Behaves;
use std::io::{self, Read, Write};

/// Longest head of a request, bytes.
const HEAD: usize = 16 << 10;

/// Reads one request with its body; its first line. Nothing if the client has closed the connection.
pub(super) fn read_request(from: &mut impl Read) -> io::Result<Option<String>> {
    let mut head = vec![];
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if from.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
        if head.len() > HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    });
    io::copy(&mut from.take(length.unwrap_or(0)), &mut io::sink())?;
    Ok(head.lines().next().map(str::to_owned))
}

/// Writes one answer; a body is spaces, but for a `{}`, so that it is JSON.
pub(super) fn answer(to: &mut impl Write, behaves: &Behaves, is_head: bool) -> io::Result<()> {
    let connection = if behaves.keeps_alive { "keep-alive" } else { "close" };
    let retry = behaves.retry_after.map_or(String::new(), |s| format!("retry-after: {s}\r\n"));
    let (status, length) = (behaves.status, behaves.body);
    let head = format!("HTTP/1.1 {status} \r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: {connection}\r\n{retry}\r\n");
    let mut bytes = head.into_bytes();
    if !is_head {
        let json = &b"{}"[..length.min(2)];
        bytes.extend_from_slice(json);
        bytes.resize(bytes.len() + length - json.len(), b' ');
    }
    to.write_all(&bytes)?;
    to.flush()
}
