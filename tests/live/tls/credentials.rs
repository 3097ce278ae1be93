//! What a real server asks for arrives: headers, a bearer token, and user and password, by TLS with a client certificate.

use super::{Edge, ask};
use crate::stack::or_skip;
use rigcheck::{
    model::{evidence::Gap, secret::Secret},
    spec::settings::{Auth, Connection},
};

/// Each way to say who one is, and the location of nginx that takes only that.
fn ways(right: bool) -> [(&'static str, Connection); 3] {
    let secret = |of: &str| Secret::new(if right { format!("s3cret-{of}") } else { format!("wr0ng-{of}") });
    let auth = |auth| Connection { auth, ..Connection::default() };
    [
        ("/basic", auth(Auth::Basic { user: "me".into(), password: secret("basic") })),
        ("/bearer", auth(Auth::Bearer(secret("bearer")))),
        ("/header", Connection { headers: vec![("x-api-key".into(), secret("header"))], ..Connection::default() }),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_arrive_and_wrong_ones_are_told_without_being_shown() {
    let Some(edge) = or_skip("credentials_arrive_and_wrong_ones_are_told_without_being_shown", Edge::up()) else { return };
    let with = |path: &str, of: Connection| Connection { auth: of.auth, headers: of.headers, ..edge.connection("https", path, Some("client")) };
    // The mock behind it is no Prometheus and no Jaeger: what it says of their paths shows that they were let through.
    for kind in ["scrape", "load", "prometheus", "jaeger"] {
        for (path, of) in ways(true) {
            match ask(kind, with(path, of)).await {
                Ok(seen) => assert_eq!(seen.partial, None, "{kind} {path}"),
                Err(gap) => assert!(["prometheus", "jaeger"].contains(&kind) && !matches!(gap, Gap::Denied(_)), "{kind} {path}: {gap}"),
            }
        }
        for (path, of) in ways(false).into_iter().chain(["/basic", "/bearer", "/header"].map(|path| (path, Connection::default()))) {
            let gap = match ask(kind, with(path, of)).await {
                Ok(seen) => seen.partial.unwrap_or_else(|| panic!("{kind} {path} was let in")),
                Err(gap) => gap,
            };
            let told = gap.to_string();
            assert!(told.contains(if path == "/header" { "403" } else { "401" }) && !told.contains("wr0ng"), "{kind} {path}: {told}");
        }
    }
}
