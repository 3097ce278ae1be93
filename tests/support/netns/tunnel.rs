//! A proxy of HTTP that knows CONNECT and nothing else.

use super::http::read_request;
use std::{
    io::{self, Write},
    net::{Shutdown, TcpStream},
    thread,
};

/// Serves one connection: what follows the request is carried to whom it names, and back.
pub(super) fn carry(mut client: &TcpStream) -> io::Result<()> {
    let Some(request) = read_request(&mut client)? else { return Ok(()) };
    let Some(to) = request.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else {
        return client.write_all(b"HTTP/1.1 405 CONNECT only\r\ncontent-length: 0\r\n\r\n");
    };
    let server = TcpStream::connect(to)?;
    server.set_nodelay(true)?;
    client.write_all(b"HTTP/1.1 200 connected\r\n\r\n")?;
    thread::scope(|scope| {
        scope.spawn(|| pass(&server, client));
        pass(client, &server);
    });
    Ok(())
}

/// Until one end has said all.
fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
