//! What connects tell: the kernel's figures, TLS, HTTP, and each way to fail.

use super::{
    ask, brisk, effort, endpoint,
    https::{self, Behaves, accept, request},
    probed, settings, survives, trusting,
};
use rigcheck::model::{
    endpoint::Endpoint,
    evidence::Gap,
    payload::network::{AddressClass, Cut, Distrust, Ended, PathMtu, Probed, Session, Stage, TlsFault, Trust},
};
use std::{
    io::Write as _,
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

async fn of(at: std::net::SocketAddr, tls: bool) -> Probed {
    let seen = ask(settings(), endpoint(at, tls), effort(1, 1)).await;
    survives(&seen);
    probed(&seen).clone()
}

fn plain(response: &'static str) -> std::net::SocketAddr {
    accept(move |mut stream| {
        if request(&mut stream).is_some() {
            let _ = stream.write_all(response.as_bytes());
        }
    })
}

#[tokio::test]
async fn loopback_tells_its_round_trip_and_its_largest_packets() {
    let at = plain("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let seen = ask(settings(), endpoint(at, false), effort(6, 3)).await;
    let told = probed(&seen);
    assert!(seen.partial.is_none(), "{:?}", seen.partial);
    assert_eq!((told.connects.len(), told.targets.len(), told.targets[0].class), (6, 1, AddressClass::Loopback));
    assert_eq!(told.connects.iter().map(|c| c.round).collect::<Vec<_>>(), [0, 0, 1, 1, 2, 2]);
    for row in &told.connects {
        let tcp = row.tcp.unwrap();
        assert!(tcp.rtt_us.unwrap() > 0 && tcp.pmtu.unwrap() > 60_000 && tcp.total_retrans == Some(0), "{row:?}");
        assert!(row.connect_us.is_some() && row.clean_rtt_ms().is_some() && row.lost() == Some(false), "{row:?}");
        assert_eq!((row.http.unwrap().status, &row.ended, row.tls.is_none()), (404, &Ended::Done, true));
    }
    // The machine's own part is told: one line a round, and one for each other part.
    assert_eq!(told.prober.at.len(), 6, "{:?}", told.prober);
    assert!(seen.origin.request.contains("6 connects in 3 rounds to 127.0.0.1:"), "{}", seen.origin.request);
    // The path has one hop: the target.
    let hops = told.hops.known().unwrap();
    assert_eq!((hops.distance(), hops.flows.len(), hops.flows[0].reached), (Some(1), 3, true));
    // An echo needs a permission; without it, what would give it is told.
    assert!(told.ping.known().is_some_and(|p| p.answered() > 0) || told.ping.gap().is_some(), "{:?}", told.ping);
    survives(&seen);
}

#[tokio::test]
async fn each_way_to_fail_has_its_name() {
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(of(refused, false).await.connects[0].ended, Ended::Refused);

    let reset = accept(|stream| drop(socket2_linger(stream)));
    // On a busy machine the reset is there before the connection was looked at.
    let told = of(reset, false).await;
    assert!(matches!(told.connects[0].ended, Ended::Reset(Stage::Tcp | Stage::Http)), "{:?}", told.connects[0]);
    let told = of(reset, true).await;
    assert!(matches!(told.connects[0].ended, Ended::Reset(Stage::Tcp | Stage::Tls)), "{:?}", told.connects[0]);

    let silent = accept(|stream| {
        thread::sleep(Duration::from_secs(5));
        drop(stream);
    });
    assert_eq!(of(silent, true).await.connects[0].ended, Ended::TimedOut(Stage::Tls));
    assert_eq!(of(silent, false).await.connects[0].ended, Ended::TimedOut(Stage::Http));

    let ssh = accept(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        thread::sleep(Duration::from_millis(200));
    });
    assert_eq!(of(ssh, true).await.connects[0].ended, Ended::TlsFailed(TlsFault::NotTls));
    assert_eq!(of(ssh, false).await.connects[0].ended, Ended::NotHttp);
}

/// Closing it then resets.
fn socket2_linger(stream: TcpStream) -> socket2::Socket {
    let socket = socket2::Socket::from(stream);
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    socket
}

#[tokio::test]
async fn a_full_queue_of_a_listener_times_out() {
    // Nobody accepts: the kernel drops what comes beyond its queue.
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    listener.listen(0).unwrap();
    let at = listener.local_addr().unwrap().as_socket().unwrap();
    let held: Vec<_> = (0..3).map(|_| TcpStream::connect_timeout(&at, Duration::from_millis(100))).collect();
    assert_eq!(of(at, false).await.connects[0].ended, Ended::TimedOut(Stage::Tcp));
    drop(held);
}

#[tokio::test]
async fn a_handshake_tells_who_is_there_and_sessions_are_resumed() {
    for resumes in [true, false] {
        let server = https::start(Behaves { resumes, ..Behaves::default() });
        let (settings, _ca) = trusting(&server.pem);
        let seen = ask(settings, endpoint(server.at, true), effort(4, 1)).await;
        let told = probed(&seen);
        let of = |nth: usize| told.connects[nth].tls.as_ref().unwrap_or_else(|| panic!("{:?}", told.connects[nth]));
        assert_eq!((of(0).version.as_str(), of(0).session, of(0).resumed), ("1.3", Session::Kept, false));
        assert_eq!((of(1).session, of(1).resumed), (Session::Offered { had: resumes }, resumes));
        assert_eq!((of(2).alpn.as_deref(), told.connects[2].http), (Some("h2"), None), "the third one looks which protocol it prefers");
        assert_eq!((of(3).alpn.as_deref(), of(3).session), (Some("http/1.1"), Session::Fresh));
        assert_eq!(told.connects[3].http.unwrap().status, 401);
        let [certificate] = told.certificates.as_slice() else { panic!("{:?}", told.certificates) };
        assert_eq!((&certificate.trust, certificate.matched, certificate.subject.as_deref()), (&Trust::Configured, true, Some("localhost")));
        assert!(certificate.issuer.contains("authority of the tests") && certificate.names == ["localhost", "127.0.0.1"], "{certificate:?}");
        assert!(certificate.sha256.len() == 64 && certificate.not_before < certificate.not_after, "{certificate:?}");
        assert_eq!(told.connects[1].certificate.is_none(), resumes, "a resumed session shows none");
        for request in server.requests.lock().unwrap().iter() {
            let text = String::from_utf8_lossy(request);
            assert!(text.contains("(+network baseline)") && !text.to_lowercase().contains("authorization"), "{text}");
        }
        survives(&seen);
    }
}

#[tokio::test]
async fn to_who_is_not_trusted_nothing_is_sent() {
    let cases = [
        (Behaves { expired: true, ..Behaves::default() }, true, Distrust::Expired),
        (Behaves { name: "elsewhere.test", ..Behaves::default() }, true, Distrust::OtherName),
        (Behaves::default(), false, Distrust::UnknownIssuer),
    ];
    for (behaves, known, why) in cases {
        let server = https::start(behaves);
        let (settings, _ca) = if known { trusting(&server.pem) } else { trusting(&https::start(Behaves::default()).pem) };
        let seen = ask(settings, Endpoint { large_body: true, ..endpoint(server.at, true) }, effort(7, 1)).await;
        let told = probed(&seen);
        assert!(seen.partial.is_none() && told.connects.len() == 7, "it was reached: {:?}", seen.partial);
        assert!(told.connects.iter().all(|c| c.ended == Ended::Untrusted && c.http.is_none() && c.tls.is_some()), "{:?}", told.connects);
        assert_eq!(told.certificates[0].trust, Trust::Not(why));
        assert!(matches!(told.large_body.gap(), Some(Gap::Unreachable(_))), "{:?}", told.large_body);
        thread::sleep(Duration::from_millis(50));
        assert!(server.requests.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_first_byte_is_timed_by_itself() {
    let server = https::start(Behaves { first_byte: Duration::from_millis(150), ..Behaves::default() });
    let (settings, _ca) = trusting(&server.pem);
    let seen = ask(settings, endpoint(server.at, true), effort(6, 1)).await;
    // One of them looks which protocol the server prefers, and asks nothing.
    let rows: Vec<_> = probed(&seen).connects.iter().filter(|row| row.http.is_some()).collect();
    let ms: Vec<_> = rows.iter().map(|row| row.http.unwrap().first_byte_us as f64 / 1e3).collect();
    // A busy machine only adds.
    assert!(ms.len() == 5 && ms.iter().all(|ms| *ms >= 150.0) && ms.iter().any(|ms| *ms < 250.0), "{ms:?} ms");
    assert!(rows.iter().any(|row| row.tcp.unwrap().rtt_us.unwrap() < 50_000), "{rows:?}");
}

#[tokio::test]
async fn who_asks_to_be_left_alone_is_left_alone() {
    for (response, status, after) in [
        ("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", 429, Some(17)),
        ("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n", 429, None),
        ("HTTP/1.1 503 x\r\nRetry-After: 3\r\n\r\n", 503, Some(3)),
    ] {
        let at = plain(response);
        let seen = ask(settings(), Endpoint { large_body: true, ..endpoint(at, false) }, effort(50, 5)).await;
        let told = probed(&seen);
        assert_eq!((told.connects.len(), &told.cut), (1, &Some(Cut::Asked { status, retry_after_s: after })));
        let partial = seen.partial.as_ref().unwrap().to_string();
        assert!(partial.starts_with("busy:") && partial.contains(&status.to_string()), "{partial}");
        assert!(after.is_none_or(|s| partial.contains(&format!("after {s} s"))), "{partial}");
        assert!([told.large_body.gap(), told.hops.gap()].iter().all(|gap| matches!(gap, Some(Gap::Busy(_)))), "{told:?}");
    }
}

#[tokio::test]
async fn an_address_that_fails_five_times_in_a_row_is_given_up() {
    let at = plain("HTTP/1.1 500 x\r\n\r\n");
    let seen = ask(settings(), endpoint(at, false), effort(50, 5)).await;
    let told = probed(&seen);
    assert_eq!((told.connects.len(), &told.given_up, &told.cut), (5, &vec![0], &Some(Cut::Failures)));
    assert!(matches!(&seen.partial, Some(Gap::Unreachable(why)) if why.contains("5 of 50")), "{:?}", seen.partial);
}

#[tokio::test]
async fn a_large_body_passes_where_nothing_is_in_its_way() {
    let server = https::start(Behaves::default());
    let (settings, _ca) = trusting(&server.pem);
    let seen = ask(settings, Endpoint { large_body: true, method: None, ..endpoint(server.at, true) }, effort(2, 1)).await;
    let told = probed(&seen).large_body.known().unwrap_or_else(|| panic!("{:?}", probed(&seen).large_body)).clone();
    assert_eq!((told.status, told.arrived(), &told.ended), (Some(401), Some(true), &Ended::Done));
    assert!(matches!(told.path_mtu(), PathMtu::Passed { mtu } if mtu > 60_000), "{told:?}");
    let all = server.requests.lock().unwrap();
    let [post] = all.as_slice() else { panic!("{} requests", all.len()) };
    assert!(post.starts_with(b"POST /v1/models HTTP/1.1\r\n") && post.len() > 8192);
}

#[tokio::test]
async fn a_download_is_bounded_and_its_rate_told() {
    use rigcheck::model::endpoint::Download;
    let at = accept(|mut stream| {
        let Some(read) = request(&mut stream) else { return };
        if read.starts_with(b"GET /large ") {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            // 40 pieces of 10 KB, 5 ms apart: 16 Mbit/s at most.
            for _ in 0..40 {
                thread::sleep(Duration::from_millis(5));
                if stream.write_all(&[b'x'; 10_000]).is_err() {
                    return;
                }
            }
        } else {
            let _ = stream.write_all(b"HTTP/1.1 404 x\r\n\r\n");
        }
    });
    let of = async |path: &str| {
        let download = Some(Download { path: path.into(), most_bytes: 300_000 });
        let seen = ask(settings(), Endpoint { download, ..endpoint(at, false) }, effort(1, 1)).await;
        probed(&seen).bandwidth.clone()
    };
    let read = of("/large").await;
    let read = read.known().unwrap();
    assert_eq!((read.status, read.arrived.last().unwrap().bytes), (200, 300_000));
    assert!(read.bits_per_s().is_some_and(|rate| (2e6..17e6).contains(&rate)), "{:?}", read.bits_per_s());
    assert!(matches!(of("/none").await.gap(), Some(Gap::Malformed(why)) if why.contains("404")));
    assert!(brisk().burst > 0);
}
