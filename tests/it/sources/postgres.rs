//! What is no PostgreSQL server, or one that says nothing, costs its own question only.

use super::metrics_world::slot;
use rigcheck::{
    kept::variables::Variables,
    model::{Gap, Source, audit::Effort, key::Facts, name},
    sources::postgres::Postgres,
    spec::postgres::{PostgresPlace, PostgresServer, PostgresTls},
};
use std::{net::SocketAddr, time::Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Listens on a port of its own, and answers each piece that it receives with the next one of these; then it is silent.
async fn answering(pieces: &'static [&'static [u8]]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut received = [0; 4096];
                for piece in pieces {
                    let _ = stream.read(&mut received).await;
                    let _ = stream.write_all(piece).await;
                }
                while stream.read(&mut received).await.is_ok_and(|n| n > 0) {}
            });
        }
    });
    at
}

fn source(at: SocketAddr, tls: PostgresTls) -> Postgres {
    let place = PostgresPlace::Tcp(at.ip().to_string(), at.port());
    let url = format!("postgresql://{at}/db");
    let server = PostgresServer { url, at: place, user: Some("me".into()), password: None, database: "db".into(), tls, ca_file: None };
    Postgres::new(name("postgres"), server, Variables::default())
}

async fn gap(at: SocketAddr, tls: PostgresTls, seconds: f64) -> Gap {
    source(at, tls).ask(&Facts { scope: name("server") }.into(), Effort::default(), &slot(seconds)).await.unwrap_err()
}

const NO_TLS: &[u8] = b"N";
/// AuthenticationOk, ReadyForQuery.
const WELCOME: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.2\r\n";
const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

/// `E`, length, severity, SQLSTATE, message.
fn refusal(code: &str, message: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    [b"E".as_slice(), &u32::try_from(fields.len() + 4).unwrap().to_be_bytes(), fields.as_bytes()].concat()
}

#[tokio::test]
async fn whoever_says_nothing_is_not_waited_for() {
    for pieces in [&[][..], &[NO_TLS][..], &[NO_TLS, WELCOME][..]] {
        let (at, begun) = (answering(pieces).await, Instant::now());
        let gap = gap(at, PostgresTls::Prefer, 0.5).await;
        assert!(matches!(&gap, Gap::TooLate(why) if why.contains("no answer in time")), "{pieces:?}: {gap}");
        assert!(begun.elapsed().as_secs() < 5, "{pieces:?}");
    }
}

#[tokio::test]
async fn whoever_is_no_such_server_is_told_as_that() {
    for (pieces, tls) in [
        (&[HTTP][..], PostgresTls::Prefer),
        (&[SSH][..], PostgresTls::Disable),
        (&[NO_TLS, HTTP][..], PostgresTls::Prefer),
        // Messages that are shorter than their own length is, and one of no known kind.
        (&[NO_TLS, b"R\0\0\0\0"][..], PostgresTls::Prefer),
        (&[NO_TLS, b"E\0\0\0\x01"][..], PostgresTls::Prefer),
        (&[NO_TLS, b"\xff\0\0\0\x08\0\0\0\0"][..], PostgresTls::Prefer),
        (&[NO_TLS, WELCOME, b"T\0\0\0\x04D\0\0\0\x06\x7f\xff"][..], PostgresTls::Prefer),
        (&[NO_TLS][..], PostgresTls::Require),
    ] {
        let gap = gap(answering(pieces).await, tls, 1.0).await;
        // An answer that begins like a long message is waited for.
        let fits = matches!(gap, Gap::Malformed(_)) || (pieces.len() == 2 || pieces[0] == SSH) && matches!(gap, Gap::TooLate(_));
        assert!(fits, "{pieces:?}: {gap}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    drop(listener);
    let closed = gap(at, PostgresTls::Prefer, 1.0).await;
    assert!(matches!(&closed, Gap::Unreachable(why) if why.contains("connection refused")), "{closed}");
}

#[tokio::test]
async fn a_refusal_says_what_to_do_and_repeats_nothing_of_it() {
    for (code, message, word, todo) in [
        ("28P01", "hunter2", "denied", "add `password:"),
        ("28000", "hunter2", "denied", "pg_hba.conf"),
        ("3D000", "hunter2", "not configured", "no such database"),
        ("53300", "hunter2", "busy", "max_connections"),
        ("57P03", "hunter2", "busy", "starting up"),
        ("X\u{1b}[31m", "hunter2\n", "malformed", "SQLSTATE X31m"),
    ] {
        let answer: &'static [u8] = Box::leak(refusal(code, message).into_boxed_slice());
        let pieces: &'static [&'static [u8]] = Box::leak(vec![NO_TLS, answer].into_boxed_slice());
        let gap = gap(answering(pieces).await, PostgresTls::Prefer, 1.0).await;
        assert!(gap.word() == word && gap.to_string().contains(todo), "{code}: {gap}");
        assert!(!gap.to_string().contains("hunter2") && !gap.to_string().contains(char::is_control), "{gap}");
    }
}

#[tokio::test]
async fn other_questions_are_not_configured_and_nobody_is_asked() {
    let source = source("127.0.0.1:1".parse().unwrap(), PostgresTls::Prefer);
    let gap = source.ask(&Facts { scope: name("kernel") }.into(), Effort::default(), &slot(1.0)).await.unwrap_err();
    assert!(matches!(gap, Gap::NotConfigured(_)), "{gap}");
    assert_eq!(source.cost().queries, 0);
}
