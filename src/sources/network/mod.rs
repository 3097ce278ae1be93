//! The network baseline of an endpoint: an act, since it opens connections of its own. It is polite: few connects a second under
//! its own name, no credentials, nothing that costs, and an end as soon as it is asked to stop.
//!
//! | part | measured by |
//! |---|---|
//! | names | `getaddrinfo`; each nameserver of resolv.conf by datagrams |
//! | connects | rounds of TCP connects: `TCP_INFO` beside a stopwatch; TLS; a stranger's HTTP request |
//! | large packets | a body of 8 KB of invalid JSON, `TCP_INFO` meanwhile |
//! | echoes, routers | ICMP through a ping socket; TCP with a small TTL and `IP_RECVERR`, without privileges |
#![allow(
    clippy::disallowed_methods,
    reason = "measures the network: opens sockets of all kinds, takes the time, reads resolv.conf and this process' own figures"
)]

mod bandwidth;
mod certificate;
mod clock;
mod control;
mod dialer;
mod dns;
mod echo;
mod failure;
mod hops;
mod http;
mod large_body;
mod leash;
mod pace;
mod ping;
mod prober;
mod proxy;
mod roots;
mod rounds;
mod sessions;
mod settings;
mod sockets;
mod targets;
mod tcp_info;
mod tls;
mod witness;

pub(super) use dns::answered;
pub use dns::{MOST as ANSWER_CAP, Resolver};
pub use http::{HEAD as HEAD_CAP, USER_AGENT};
pub use pace::Pace;
pub use settings::{NetworkSettings, Reach};

use crate::model::{
    act::Act,
    audit::Effort,
    endpoint::{Endpoint, NETWORK},
    evidence::{Gap, Method, Origin, Seen},
    key::{Payload, Query},
    name::{Name, name},
    payload::network::{Cut, Ended, Measured, Probed, Prober, Resolution, Seeing, Via},
    source::{Answer, Cost, Estimate, Slot, Source, Timing},
    units::{Ms, Span},
};
use clock::wall_now;
use dialer::Dialer;
use leash::{Leash, Off};
use pace::Pacer;
use prober::Counted;
use proxy::Proxy;
use roots::Roots;
use rounds::{Asked, Rounds};
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tls::Tls;

/// More connects are no baseline, and no answer that is still read as a whole.
const MOST_CONNECTS: u64 = 2_000;
/// More rounds than connects are none.
const MOST_ROUNDS: u64 = 100;
/// What the parts beside the connects take, if all goes well: names, a large body, echoes, routers; a download.
const BESIDE_MS: f64 = 15_000.0;
const DOWNLOAD_MS: f64 = 5_000.0;
/// What a connect to a provider takes, with its TLS and its request, where the pace leaves it less than that.
const CONNECT_MS: f64 = 100.0;

/// The source that measures the way to endpoints.
pub struct Network {
    name: Name,
    settings: NetworkSettings,
    sent: AtomicU64,
    read: AtomicU64,
}

impl Network {
    /// One with these settings. Proxies and files of authorities are looked at when an endpoint is asked about.
    pub fn new(settings: NetworkSettings) -> Network {
        Network { name: name(NETWORK), settings, sent: AtomicU64::new(0), read: AtomicU64::new(0) }
    }

    async fn perform(&self, endpoint: &Endpoint, effort: Effort, slot: &Slot) -> Result<Seen, Gap> {
        let leash = Leash::of(slot);
        let reach = self.settings.reach(&endpoint.name);
        let proxy = reach.proxy.as_deref().map(Proxy::parse).transpose()?;
        let tls = if endpoint.tls {
            let roots = Arc::new(Roots::load(reach.ca_file.as_deref())?);
            Some(Tls::new(roots, endpoint.server_name()))
        } else {
            None
        };
        let dialer = Dialer { endpoint, proxy: proxy.as_ref(), tls: tls.as_ref(), pace: self.settings.pace };
        let probed = self.measure(&dialer, effort, &leash, slot).await;
        let partial = why_partial(&probed, endpoint);
        let covered = Span { from: probed.started, to: wall_now() };
        let through = proxy.map(|p| format!(" through the proxy {}", p.url)).unwrap_or_default();
        let request = format!(
            "{} connects in {} rounds to {}{through}{}",
            probed.asked,
            probed.rounds,
            endpoint.authority(),
            endpoint.method.map(|verb| format!(", {} {} on each", verb.word(), endpoint.path)).unwrap_or_default()
        );
        let notes = probed.gaps().into_iter().map(|(_, gap)| gap.to_string()).collect();
        let origin = Origin { request, server: None, method: Method::Measured };
        Ok(Seen { payload: Payload::Probe(Box::new(probed)), covered, origin, notes, partial })
    }

    async fn measure(&self, dialer: &Dialer<'_>, effort: Effort, leash: &Leash, slot: &Slot) -> Probed {
        let started = wall_now();
        let mut prober = Prober::default();
        let (endpoint, pace) = (dialer.endpoint, self.settings.pace);
        let (host, port) = dialer.proxy.map_or((endpoint.host.as_str(), endpoint.port), |p| (&p.host, p.port));

        let before = Counted::now();
        let (resolution, addresses) = self.resolve(host, leash).await;
        prober.at.push(before.since(Seeing::Resolution));
        let (targets, left_out) = targets::choose(&addresses, port);

        let asked = Asked {
            connects: effort.requests.clamp(1, MOST_CONNECTS),
            rounds: u32::try_from(effort.rounds.clamp(1, MOST_ROUNDS)).unwrap_or(1),
            targets: &targets,
        };
        let mut pacer = Pacer::new(pace);
        let rounds = if targets.is_empty() {
            Rounds { cut: leash.over().map(Off::cut), ..Rounds::default() }
        } else {
            // What comes behind the connects has a share of the time, however short that is.
            let kept = Duration::from_millis(BESIDE_MS as u64).min(leash.left().mul_f64(0.35));
            let within = leash.within(leash.left().saturating_sub(kept));
            rounds::make(&asked, dialer, &mut pacer, &within, &slot.progress, &mut prober).await
        };
        self.sent.fetch_add(rounds.connects.len() as u64, Ordering::Relaxed);
        let mut probed = Probed {
            started,
            via: dialer.proxy.map_or(Via::Direct, |p| Via::Proxy { url: p.url.clone() }),
            resolution,
            left_out,
            asked: asked.connects,
            rounds: asked.rounds,
            connects: rounds.connects,
            certificates: rounds.certificates,
            ping: Measured::missing(Gap::NotReached(String::new())),
            hops: Measured::missing(Gap::NotReached(String::new())),
            large_body: Measured::Needless("nobody asked for it".into()),
            bandwidth: Measured::Needless("nobody asked for it".into()),
            prober,
            cut: rounds.cut,
            given_up: rounds.given_up,
            targets,
        };
        self.beside(&mut probed, dialer, &mut pacer, leash).await;
        probed
    }

    async fn resolve(&self, host: &str, leash: &Leash) -> (Measured<Resolution>, Vec<IpAddr>) {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return (Measured::Needless("the host is an address: there is nothing to resolve".into()), vec![ip]);
        }
        let within = leash.within(leash.left().mul_f64(0.3));
        let (resolution, sent) = dns::resolve(&self.settings.resolver, host, &within).await;
        self.sent.fetch_add(sent.queries, Ordering::Relaxed);
        let addresses = resolution.addresses().to_vec();
        (Measured::Known(resolution), addresses)
    }

    /// What comes behind the connects: to the first target that stood, else to the first one.
    async fn beside(&self, probed: &mut Probed, dialer: &Dialer<'_>, pacer: &mut Pacer, leash: &Leash) {
        let stood = probed.connects.iter().find(|c| c.connect_us.is_some()).map(|c| c.target);
        let at = stood.unwrap_or(0);
        let Some(to) = probed.targets.get(at).copied() else {
            let none = || Gap::NotReached("the name has no address here".into());
            (probed.ping, probed.hops) = (Measured::missing(none()), Measured::missing(none()));
            return;
        };
        let endpoint = dialer.endpoint;
        let left_alone = match probed.cut {
            Some(Cut::Asked { status, .. }) => Some(Gap::Busy(format!("not sent: the endpoint answered {status} and is left alone"))),
            _ if stood.is_none() => Some(Gap::NotReached("not sent: no connection stands".into())),
            _ => None,
        };
        if endpoint.large_body {
            let before = Counted::now();
            probed.large_body = match (&left_alone, leash.until(pacer.next(Instant::now())).await) {
                (Some(gap), _) => Measured::missing(gap.clone()),
                (None, Err(off)) => Measured::missing(off.gap("large body")),
                (None, Ok(())) => {
                    self.sent.fetch_add(1, Ordering::Relaxed);
                    large_body::send(at, &to, dialer, leash).await
                }
            };
            probed.prober.at.push(before.since(Seeing::LargeBody));
        }
        let before = Counted::now();
        probed.ping = ping::ping(at, &to, self.settings.pace.echo, leash).await;
        probed.prober.at.push(before.since(Seeing::Ping));
        let before = Counted::now();
        probed.hops = match &left_alone {
            Some(gap @ Gap::Busy(_)) => Measured::missing(gap.clone()),
            _ => match leash.until(pacer.next(Instant::now())).await {
                Ok(()) => hops::trace(at, &to, self.settings.pace.mean_gap, self.settings.pace.hop, leash).await,
                Err(off) => Measured::missing(off.gap("path")),
            },
        };
        let echoes = probed.ping.known().map_or(0, |ping| ping.echoes.len());
        let attempts: usize = probed.hops.known().map_or(0, |hops| hops.flows.iter().map(|flow| flow.hops.len()).sum());
        self.sent.fetch_add((echoes + attempts) as u64, Ordering::Relaxed);
        probed.prober.at.push(before.since(Seeing::Hops));
        if let Some(what) = &endpoint.download {
            let before = Counted::now();
            probed.bandwidth = match (&left_alone, leash.until(pacer.next(Instant::now())).await) {
                (Some(gap), _) => Measured::missing(gap.clone()),
                (None, Err(off)) => Measured::missing(off.gap("download")),
                (None, Ok(())) => {
                    self.sent.fetch_add(1, Ordering::Relaxed);
                    bandwidth::download(at, &to, what, dialer, leash).await
                }
            };
            let bytes = probed.bandwidth.known().and_then(|b| b.arrived.last()).map_or(0, |last| last.bytes);
            self.read.fetch_add(bytes, Ordering::Relaxed);
            probed.prober.at.push(before.since(Seeing::Bandwidth));
        }
    }
}

/// Why the answer is not whole, if it is not. A part that could not be measured says so itself.
fn why_partial(probed: &Probed, endpoint: &Endpoint) -> Option<Gap> {
    let (at, made, asked) = (endpoint.authority(), probed.connects.len(), probed.asked);
    let so_far = format!("{made} of {asked} connects were made");
    Some(match &probed.cut {
        None if probed.targets.is_empty() => {
            Gap::Unreachable(format!("{at}: the name has no address by this machine's resolver; correct it, or look at /etc/resolv.conf"))
        }
        None => return None,
        Some(Cut::Asked { status, retry_after_s }) => {
            let when = retry_after_s.map(|s| format!(", and to come back after {s} s")).unwrap_or_default();
            Gap::Busy(format!("{at}: answered {status}{when}; it was left alone after that, {so_far}"))
        }
        Some(Cut::Failures) => {
            let why = probed.connects.last().map(|last| match last.http {
                Some(http) if last.ended == Ended::Done => format!("answered {}", http.status),
                _ => last.ended.to_string(),
            });
            Gap::Unreachable(format!("{at}: each address failed several times in a row ({}); {so_far}", why.unwrap_or_default()))
        }
        Some(Cut::Deadline) => Gap::TooLate(format!("{at}: the time was over, {so_far}; give the run more time, or ask for fewer connects")),
        Some(Cut::Interrupted) => Gap::NotReached(format!("{at}: interrupted, {so_far}")),
    })
}

impl Source for Network {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn estimate(&self, query: &Query, effort: Effort) -> Estimate {
        let Some(Act::Probe(act)) = query.performs() else { return Estimate::default() };
        let (connects, rounds) = (effort.requests.clamp(1, MOST_CONNECTS), effort.rounds.clamp(1, MOST_ROUNDS));
        let pace = self.settings.pace;
        let [large, download] = [act.endpoint.large_body, act.endpoint.download.is_some()].map(u64::from);
        // What the bucket holds back makes the mean gap a little longer.
        let gaps = connects as f64 * (1.25 * pace.mean_gap.as_secs_f64() * 1e3).max(CONNECT_MS);
        let pauses = (rounds - 1) as f64 * pace.between_rounds.as_secs_f64() * 1e3;
        let lasting = Ms(gaps + pauses + BESIDE_MS + download as f64 * DOWNLOAD_MS);
        Estimate { lasting, requests: connects + large + download, tokens: 0 }
    }
    fn ask<'a>(&'a self, query: &'a Query, effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query.performs() {
                Some(Act::Probe(act)) => self.perform(&act.endpoint, effort, slot).await,
                _ => Err(Gap::NotConfigured(format!("{NETWORK}: cannot answer {}", query.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost { queries: self.sent.load(Ordering::Relaxed), bytes: self.read.load(Ordering::Relaxed) }
    }
}
