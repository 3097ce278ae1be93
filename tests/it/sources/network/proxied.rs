//! Through a proxy.

use super::{
    ask, effort, endpoint,
    https::{self, Behaves, accept, request},
    probed, refusal, settings, trusting,
};
use rigcheck::{
    model::{
        evidence::Gap,
        payload::network::{Ended, Proves, Seeing, Via},
    },
    sources::network::Reach,
};
use std::{
    io::{Read as _, Write as _, copy},
    net::{SocketAddr, TcpStream},
    thread,
    time::Duration,
};

/// A proxy that makes tunnels after a while, or answers with a status.
fn proxy(refuses: Option<&'static str>) -> SocketAddr {
    accept(move |mut stream| {
        let mut head = vec![];
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
            head.push(byte[0]);
        }
        if let Some(status) = refuses {
            let _ = stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes());
            return;
        }
        let text = String::from_utf8(head).unwrap();
        let to = text.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_else(|| panic!("{text}"));
        let mut there = TcpStream::connect(to).unwrap();
        thread::sleep(Duration::from_millis(60));
        let _ = stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
        let (mut back, mut from) = (stream.try_clone().unwrap(), there.try_clone().unwrap());
        thread::spawn(move || copy(&mut from, &mut back));
        let _ = copy(&mut stream, &mut there);
    })
}

fn through(at: SocketAddr) -> Reach {
    Reach { proxy: Some(format!("http://{at}")), ..Reach::default() }
}

#[tokio::test]
async fn tls_goes_through_the_tunnel_and_the_kernel_measures_the_proxy() {
    let server = https::start(Behaves::default());
    let at = proxy(None);
    let (settings, ca) = trusting(&server.pem);
    let reach = Reach { ca_file: Some(ca.path().into()), ..through(at) };
    let seen = ask(rigcheck::sources::network::NetworkSettings { reach, ..settings }, endpoint(server.at, true), effort(2, 1)).await;
    let told = probed(&seen);
    assert_eq!((&told.via, told.targets[0].address), (&Via::Proxy { url: format!("http://{at}") }, at));
    for row in &told.connects {
        assert_eq!((row.http.map(|h| h.status), &row.ended), (Some(401), &Ended::Done), "{row:?}");
        assert!(row.tunnel_us.unwrap() >= 60_000 && row.tcp.unwrap().rtt_us.unwrap() < 50_000, "{row:?}");
    }
    assert_eq!(told.proves(Seeing::Connects), Proves::Proxy);
    assert!(seen.origin.request.contains("through the proxy http://127.0.0.1"), "{}", seen.origin.request);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_by_its_status() {
    for (status, code) in [("407 Proxy Authentication Required", 407), ("403 Forbidden", 403)] {
        let reach = through(proxy(Some(status)));
        let settings = rigcheck::sources::network::NetworkSettings { reach, ..settings() };
        let seen = ask(settings, endpoint("127.0.0.1:9".parse().unwrap(), true), effort(1, 1)).await;
        assert_eq!(probed(&seen).connects[0].ended, Ended::TunnelRefused(code));
    }
}

#[test]
fn a_proxy_that_cannot_be_is_refused_in_words() {
    let reach = Reach { proxy: Some("https://user:hunter2@p:1".into()), ..Reach::default() };
    let settings = rigcheck::sources::network::NetworkSettings { reach, ..settings() };
    let gap = refusal(settings, endpoint("127.0.0.1:9".parse().unwrap(), true));
    assert!(matches!(&gap, Gap::NotConfigured(why) if why.contains("http://HOST:PORT") && !why.contains("hunter2")), "{gap}");
    let _ = request(&mut &b""[..]);
}
