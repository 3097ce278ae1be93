//! Whatever fails about certificates is denied, names what is missing and what to do, and repeats no library's alert alone.

use super::{Edge, ask};
use crate::stack::or_skip;
use rigcheck::model::evidence::Gap;

const KINDS: [&str; 4] = ["scrape", "prometheus", "jaeger", "load"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_of_a_certificate_is_told_by_its_cause() {
    let Some(edge) = or_skip("each_failure_of_a_certificate_is_told_by_its_cause", Edge::up()) else { return };
    let to = |port, cert| edge.connection(port, "", cert);
    let unknown = |mut connection: rigcheck::spec::settings::Connection, ca: Option<&str>| {
        connection.ca_file = ca.map(|ca| edge.certs.path().join(ca));
        connection
    };
    let cases = [
        (to("https", None), "asks for a client certificate and none is configured", "add `client_cert: {cert: FILE.pem, key: FILE.pem}`"),
        (to("https", Some("stranger")), "refuses our client certificate", "signed by an authority that the server accepts"),
        (to("https", Some("old-client")), "refuses our client certificate", "see that it has not expired"),
        (to("expired", Some("client")), "its certificate has expired", "let its owner renew it"),
        (unknown(to("https", Some("client")), None), "signed by an authority that is not known here", "add `ca_file: FILE.pem`"),
        (unknown(to("https", Some("client")), Some("stranger-ca.pem")), "signed by an authority that is not known here", "correct `ca_file`"),
    ];
    for (connection, what, todo) in cases {
        for kind in KINDS {
            let gap = ask(kind, connection.clone()).await.expect_err(what);
            assert!(matches!(&gap, Gap::Denied(t) if t.contains(what) && t.contains(todo) && t.contains(&connection.url)), "{kind}: {gap}");
            assert!(!gap.to_string().contains(".pem\"") && !gap.to_string().contains(edge.certs.path().to_str().expect("a path")), "{gap}");
        }
    }
    // The same with a certificate is an answer, so the gaps above are about certificates.
    for kind in ["scrape", "load"] {
        let seen = ask(kind, to("https", Some("client"))).await;
        assert!(seen.is_ok_and(|seen| seen.partial.is_none()), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_scheme_and_missing_rights_are_told() {
    let Some(edge) = or_skip("the_other_scheme_and_missing_rights_are_told", Edge::up()) else { return };
    for kind in KINDS {
        let mut plain = edge.connection("https", "", None);
        plain.url = plain.url.replace("https:", "http:");
        let gap = ask(kind, plain).await.expect_err("TLS is spoken there");
        assert!(gap.to_string().contains("write `https://` instead of `http://`"), "{kind}: {gap}");

        let mut secure = edge.connection("https", "", None);
        secure.url = edge.elsewhere.url.replace("http:", "https:");
        let gap = ask(kind, secure).await.expect_err("nothing is spoken there");
        assert!(!matches!(gap, Gap::Panicked(_)), "{kind}: {gap}");
    }
    for kind in ["scrape", "prometheus", "jaeger"] {
        let gap = ask(kind, edge.connection("https", "/401", Some("client"))).await.expect_err("401");
        assert!(matches!(&gap, Gap::Denied(t) if t.contains("401") && t.contains("add `bearer`")), "{kind}: {gap}");
        let gap = ask(kind, edge.connection("https", "/403", Some("client"))).await.expect_err("403");
        assert!(matches!(&gap, Gap::Denied(t) if t.contains("403") && t.contains("allow them to GET /403/")), "{kind}: {gap}");
    }
}
