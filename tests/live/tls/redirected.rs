//! A redirect to another origin carries nothing there: nobody follows it.

use super::{Edge, ask};
use crate::stack::or_skip;
use rigcheck::{
    model::{evidence::Gap, secret::Secret},
    spec::settings::Auth,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_credentials_nor_requests_follow_a_redirect() {
    let Some(edge) = or_skip("neither_credentials_nor_requests_follow_a_redirect", Edge::up()) else { return };
    let secret = |text: &str| Secret::new(text.to_owned());
    for kind in ["scrape", "prometheus", "jaeger", "load"] {
        for auth in [Auth::Bearer(secret("the-bearer")), Auth::Basic { user: "me".into(), password: secret("the-password") }] {
            let mut connection = edge.connection("https", "/elsewhere", Some("client"));
            connection.auth = auth;
            connection.headers = vec![("x-tenant".into(), secret("the-header"))];
            match ask(kind, connection).await {
                Ok(seen) => assert!(kind == "load" && seen.partial.is_some(), "{kind}: {seen:?}"),
                Err(gap) => assert!(matches!(&gap, Gap::Malformed(t) if t.contains("redirects are not followed")), "{kind}: {gap}"),
            }
        }
    }
    let log = std::fs::read_to_string(&edge.stack.part("nginx").files["access_log"]).expect("a log");
    assert!(log.lines().filter(|l| l.contains("/elsewhere/") && l.contains(" 307 ")).count() >= 8, "they were redirected: {log}");
    assert_eq!(edge.elsewhere.kept(), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_origin_would_have_noticed() {
    let elsewhere = super::Elsewhere::listen();
    let _ = reqwest::Client::new().get(&elsewhere.url).header("x-tenant", "seen").send().await;
    assert!(elsewhere.kept().contains("x-tenant: seen"), "{}", elsewhere.kept());
}
