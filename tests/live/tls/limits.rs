//! A real limiter and a real dead upstream end the load at once.

use super::{Edge, Elsewhere, before, certs::certs, load};
use crate::{stack::or_skip, support::address::nobody};
use rigcheck::{
    model::{
        evidence::Gap,
        key::{Perform, Question},
    },
    spec::settings::{ClientCert, Connection},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_429_of_a_limiter_ends_the_load() {
    let Some(edge) = or_skip("the_first_429_of_a_limiter_ends_the_load", Edge::up()) else { return };
    let connection = edge.connection("https", "/limited", Some("client"));
    let seen = load(connection, "/v1/chat/completions", 20, 200).await.expect("an act");
    assert!(matches!(&seen.partial, Some(Gap::Busy(t)) if t.contains("429") && t.contains("lower `target.chat.rate`")), "{:?}", seen.partial);
    let sent = Perform::pick(&seen.payload).expect("an act").requests.len();
    let log = std::fs::read_to_string(&edge.stack.part("nginx").files["access_log"]).expect("a log");
    let arrived = log.lines().filter(|l| l.contains("/limited/")).count() as u64;
    // What was under way when the first one came back had been sent already.
    assert!(sent < 40 && arrived <= sent, "{sent} sent, {arrived} arrived: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_502_ends_the_load() {
    let (certs, elsewhere) = (certs(), Elsewhere::listen());
    let Some(stack) = or_skip("a_burst_of_502_ends_the_load", before(&format!("http://{}", nobody()), &certs, &elsewhere.url)) else { return };
    let file = |name: &str| certs.path().join(name);
    let connection = Connection {
        url: format!("https://127.0.0.1:{}", stack.part("nginx").ports["https"]),
        ca_file: Some(file("ca.pem")),
        client_cert: Some(ClientCert { cert: file("client.pem"), key: Some(file("client.key")) }),
        ..Connection::default()
    };
    let seen = load(connection, "/v1/chat/completions", 20, 200).await.expect("an act");
    assert!(matches!(&seen.partial, Some(Gap::NotReached(t)) if t.contains("5 requests in a row failed") && t.contains("502")), "{:?}", seen.partial);
    assert!(Perform::pick(&seen.payload).expect("an act").requests.len() < 30);
}
