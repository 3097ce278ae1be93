//! The ways of a recording as text: what people read, and what reviewers of a baseline see change.

use super::clean::line;
use crate::{
    audits::network_baseline::Way,
    model::{
        act::Act,
        endpoint::{Endpoint, NETWORK},
        evidence::Evidence,
        key::{Facts, Probe, Query, World},
        name::name,
        network::RECORDING,
        payload::network::Seeing,
        recording::Recording,
        units::{Ms, Share},
    },
    stats::{median, order::quantile_interval95, quantile_sorted, wilson::Z95, wilson::wilson},
};
use std::fmt::Write as _;

/// The endpoints that evidence has an answer about, or why it has none, by name.
pub fn endpoints(evidence: &Evidence) -> impl Iterator<Item = &Endpoint> {
    evidence.iter().filter_map(|(key, _)| match (&key.world, &key.query) {
        (World::Live, Query::Probe(Probe { act: Act::Probe(act) })) => Some(&act.endpoint),
        _ => None,
    })
}

/// What a recording says of itself, if it does.
pub fn recording(evidence: &Evidence) -> Option<Recording> {
    let got = evidence.get(&World::Live, &name(NETWORK), &Facts { scope: name(RECORDING) }).ok()?;
    Recording::read(got.value).ok()
}

/// What a recording says of itself, and the figures of each endpoint.
pub fn listed(evidence: &Evidence) -> String {
    let about = recording(evidence).unwrap_or_default();
    let mut text = head(&about);
    for endpoint in endpoints(evidence) {
        let region = about.endpoints.get(&endpoint.name).and_then(|far| far.region.as_ref());
        let region = region.map_or_else(String::new, |region| format!(" ({})", line(region)));
        let _ = writeln!(text, "\n{} {}{region}", endpoint.name, line(&endpoint.authority()));
        let question = Probe { act: Act::Probe(crate::model::act::ProbeAct { endpoint: endpoint.clone() }) };
        match evidence.get_partial(&World::Live, &name(NETWORK), &question) {
            Err(unknown) => drop(writeln!(text, "? {}", line(&unknown.gap.to_string()))),
            Ok(got) => {
                if let Some(gap) = &got.seen.partial {
                    let _ = writeln!(text, "? not whole: {}", line(&gap.to_string()));
                }
                one(&mut text, &Way::of(got));
            }
        }
    }
    if !about.measured() {
        for (endpoint, far) in &about.endpoints {
            let told = [
                far.p50.map(|ms| format!("p50 {ms}")),
                far.p95.map(|ms| format!("p95 {ms}")),
                far.loss.map(|loss| format!("loss {loss}")),
                far.region.clone(),
                far.class.clone(),
                far.proxy.as_ref().map(|proxy| format!("proxy {proxy}")),
            ];
            let _ = writeln!(text, "\n{endpoint} declared: {}", line(&told.into_iter().flatten().collect::<Vec<_>>().join(", ")));
        }
    }
    text
}

fn head(about: &Recording) -> String {
    let mut text = line(&about.name);
    let _ = write!(text, ", {} {}", if about.measured() { "recorded" } else { "declared of" }, about.as_of);
    for (word, what) in [("by", &about.by), ("by", &about.tool), ("on", &about.host)] {
        if !what.is_empty() {
            let _ = write!(text, " {word} {}", line(what));
        }
    }
    text.push('\n');
    if !about.catalogue.is_empty() {
        let _ = writeln!(text, "endpoint catalogue {}, machine {:.12}", line(&about.catalogue), line(&about.fingerprint));
    }
    if let Some((by, at, why)) = &about.accepted {
        let _ = writeln!(text, "accepted by {} on {at}: {}", line(by), line(why));
    }
    text
}

fn one(text: &mut String, way: &Way<'_>) {
    let mut put = |what: &str, told: String| {
        let _ = writeln!(text, "  {what:<14} {}", line(&told));
    };
    let probed = way.probed();
    put("reached", way.proxy().map_or_else(|| "directly".to_owned(), |url| format!("through the proxy {url}")));
    let mut classes: Vec<&str> = probed.targets.iter().map(|target| target.class.word()).collect();
    classes.sort_unstable();
    classes.dedup();
    put("addresses", format!("{}, {}", probed.targets.len(), classes.join(", ")));
    let percentile = |word: &str, q: f64| {
        let ms = way.rtt(q)?;
        let bounds = quantile_interval95(&way.sorted, q).map_or_else(String::new, |(lo, hi)| format!(" ({} … {})", Ms(lo), Ms(hi)));
        Some(format!("{word} {}{bounds}", Ms(ms)))
    };
    let figures: Vec<String> = [("p10", 0.1), ("p50", 0.5), ("p95", 0.95)].into_iter().filter_map(|(word, q)| percentile(word, q)).collect();
    put("round trip", format!("{} of {} handshakes in {} rounds", figures.join(", "), way.n(), way.rounds.len()));
    let (lo, hi) = wilson(way.lost, way.tried, Z95);
    put("loss", format!("{} of {} ({} … {})", way.lost, way.tried, Share(lo), Share(hi)));
    if let Some(p95) = quantile_sorted(&way.ipdv, 0.95) {
        put("variation", format!("neighbours at most {} apart in 95 %", Ms(p95)));
    }
    for (what, times) in [("DNS", way.lookups().1), ("TLS", way.handshakes()), ("first byte", way.first_bytes())] {
        if let Some(half) = median(&times) {
            put(what, format!("half within {}", Ms(half)));
        }
    }
    let mut issuers: Vec<&str> = way.certificates().iter().map(|certificate| certificate.issuer.as_str()).collect();
    issuers.sort_unstable();
    issuers.dedup();
    for issuer in issuers {
        put("certificate", format!("of {issuer}"));
    }
    put("proves", probed.proves(Seeing::Connects).sentence().to_owned());
}
