//! A whole audit whose target and sources are reached by TLS with a client certificate, some of them through a proxy.

use super::{Elsewhere, before, certs::certs};
use crate::{
    rig::{Gateway, QUIET, REQUESTS, Rig},
    stack::{NotUp, Stack, or_skip},
};
use std::collections::BTreeSet;

const PROXY_PASSWORD: &str = "what-only-the-proxy-knows";

#[test]
fn a_rig_behind_tls_and_a_proxy_is_audited_as_one_without() {
    let name = "a_rig_behind_tls_and_a_proxy_is_audited_as_one_without";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "1s")) else { return };
    let (certs, elsewhere) = (certs(), Elsewhere::listen());
    let edges: Result<Vec<Stack>, NotUp> =
        ["gateway", "prometheus", "jaeger"].iter().map(|part| before(rig.stack.url(part), &certs, &elsewhere.url)).collect();
    let Some(edges) = or_skip(name, edges) else { return };
    let Some(proxy) = or_skip(name, Stack::up(&["tinyproxy", "--auth", &format!("me:{PROXY_PASSWORD}")])) else { return };

    let folder = certs.path().display();
    let tls = format!("ca_file: {folder}/ca.pem, client_cert: {{cert: {folder}/client.pem, key: {folder}/client.key}}");
    let through = format!("proxy: {{url: {}, basic: {{user: me, password: {PROXY_PASSWORD}}}}}", proxy.url("tinyproxy"));
    let edge = |n: usize| format!("https://127.0.0.1:{}", edges[n].part("nginx").ports["https"]);
    let [gateway, prometheus, jaeger] = ["gateway", "prometheus", "jaeger"].map(|part| rig.stack.url(part).to_owned());
    let spec = rig
        .spec(&format!("audit: {{requests: {REQUESTS}}}"))
        // The target by TLS through a tunnel, its page in plain through the proxy, the stores by TLS.
        .replace(&format!("url: {gateway}\n"), &format!("url: {}\n  {}\n  {through}\n", edge(0), tls.replace(", client", "\n  client")))
        .replace(&format!("{{url: {gateway}/metrics}}"), &format!("{{url: {gateway}/metrics, {through}}}"))
        .replace(&format!("{{url: {prometheus}}}"), &format!("{{url: {}, {tls}}}", edge(1)))
        .replace(&format!("{{url: {jaeger},"), &format!("{{url: {}, {tls},", edge(2)));
    // A proxy that the environment names is nobody's.
    let env = ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"].map(|name| (name, elsewhere.url.as_str()));
    let audited = rig.audit_spec("tls", &spec, &env);

    let trouble = audited.trouble();
    assert!(audited.rules("no_data").is_empty() && audited.rules("error").is_empty(), "{trouble}");
    for rule in ["LAT-02", "LAT-13"] {
        assert!(!audited.statuses(rule, "").contains("fail"), "{trouble}");
    }
    if audited.busy <= QUIET {
        // Two hops more are two hops more: what they add is in the difference of client and server, and nowhere else.
        assert!(audited.rules("fail").is_subset(&BTreeSet::from(["LAT-14"])), "{trouble}");
    }
    assert_eq!(elsewhere.kept(), "");
    let report = audited.report.to_string();
    assert!(report.contains(&format!("CONNECT 127.0.0.1:{}", edges[0].part("nginx").ports["https"])), "the way is timed through the proxy");
    assert!(report.contains("through the proxy"), "{}", audited.text);
    for secret in [PROXY_PASSWORD, "client.key"] {
        let found = crate::files::holding(&audited.folder.join(".rigcheck"), secret);
        assert!(found.is_empty() && !report.contains(secret) && !audited.text.contains(secret), "`{secret}` is in {found:?}");
    }
}
