use super::super::{evidence::BEGAN, random::Pcg};
use core::net::{IpAddr, SocketAddr};
use rigcheck::{
    audits::network_baseline::key,
    model::{
        capability::Capability,
        endpoint::{Endpoint, NETWORK, Verb},
        evidence::{Evidence, Method, Origin, Seen},
        key::{Key, Payload, World as Whose},
        name::{Name, name},
        network::{FarEnd, Network},
        payload::network::{
            AddressClass, Agreement, Answers, Certificate, Connect, Ended, Flow, Handshake, Hop, Hops, HttpAnswer, LargeBody, Look, Lookup,
            LookupEnd, Measured, Nameserver, Probed, Prober, ProberAt, RecordKind, Resolution, ResolvConf, Seeing, Session, SystemLookup,
            SystemOutcome, Target, TcpState, Trust, Via,
        },
        recording::{Recorded, Recording, of_recording},
        rig::{Rig, SourceInfo},
        units::{Ms, Span, Wall},
    },
};
use std::sync::Arc;

pub const ROUNDS: u32 = 5;
pub const CONNECTS: usize = 400;
const DAY_US: i64 = 86_400_000_000;

/// Two endpoints, 12 ms and 40 ms away, with both families of addresses, on a quiet machine; and a reference that is the same.
pub struct World {
    pub rig: Rig,
    pub here: Vec<(Name, Probed)>,
    pub there: Vec<(Name, Probed)>,
    pub recording: Recording,
    /// Of earlier runs, the latest first.
    pub earlier: Vec<Vec<(Name, Probed)>>,
}

impl World {
    pub fn new(seed: u64) -> World {
        World::with(seed, ROUNDS)
    }

    pub fn with(seed: u64, rounds: u32) -> World {
        let mut rng = Pcg::new(seed);
        let rig = rig();
        let mut all = || -> Vec<(Name, Probed)> {
            let each = rig.far_ends().zip([12.0, 40.0]);
            each.map(|((name, far), rtt)| (name.clone(), probed(&mut rng, &far.endpoint, rtt, rounds))).collect()
        };
        let (here, there) = (all(), all());
        let earlier = (0..3).map(|_| all()).collect();
        let recorded = |far: &FarEnd| Recorded {
            host: Some(far.endpoint.host.clone()),
            port: Some(far.endpoint.port),
            region: far.region.clone(),
            proxy: Some("none".into()),
            ..Recorded::default()
        };
        let recording = Recording {
            name: "production".into(),
            as_of: Wall(BEGAN - 3 * DAY_US),
            tool: "rigcheck".into(),
            host: "prod-1".into(),
            catalogue: "2026-11".into(),
            endpoints: rig.far_ends().map(|(name, far)| (name.clone(), recorded(far))).collect(),
            ..Recording::default()
        };
        World { rig, here, there, recording, earlier }
    }

    pub fn evidence(&self) -> Evidence {
        let mut evidence = Evidence::default();
        let reference = Whose::Reference(name("production"));
        let mut put = |world: &Whose, all: &[(Name, Probed)]| {
            for (name, probed) in all {
                evidence.put(key(world.clone(), &self.rig.network.as_ref().unwrap().endpoints[name]), Ok(Arc::new(seen(probed.clone()))));
            }
        };
        put(&Whose::Live, &self.here);
        put(&reference, &self.there);
        for (nth, all) in self.earlier.iter().enumerate() {
            put(&Whose::Earlier(nth as u32 + 1), all);
        }
        evidence.put(of_recording(reference), self.recording.fact("example").answer);
        evidence
    }

    /// Changes what is seen of `bedrock`.
    pub fn bedrock(&mut self) -> &mut Probed {
        &mut self.here[0].1
    }

    pub fn each(&mut self, change: impl FnMut(&mut Connect)) {
        self.bedrock().connects.iter_mut().for_each(change);
    }

    /// Makes round trips longer by `ms`.
    pub fn slower(&mut self, ms: f64) {
        self.each(|connect| later(connect, ms));
    }

    /// Loses the first SYN of each `nth` connect, from the `from`th on.
    pub fn lose(&mut self, every: usize) {
        for (nth, connect) in self.bedrock().connects.iter_mut().enumerate() {
            if nth % every == every / 2 {
                let tcp = connect.tcp.as_mut().unwrap();
                (tcp.total_retrans, tcp.rtt_us) = (Some(1), Some(1_020_000));
                connect.connect_us = Some(1_020_000);
            }
        }
    }

    pub fn resolution(&mut self) -> &mut Resolution {
        let Measured::Known(resolution) = &mut self.bedrock().resolution else { panic!() };
        resolution
    }
}

pub fn later(connect: &mut Connect, ms: f64) {
    let rtt = connect.tcp.as_mut().and_then(|tcp| tcp.rtt_us.as_mut()).unwrap();
    *rtt += (ms * 1e3) as u32;
}

pub fn key_of(world: &World, nth: usize, whose: Whose) -> Key {
    key(whose, &world.rig.network.as_ref().unwrap().endpoints[&world.here[nth].0])
}

pub fn seen(probed: Probed) -> Seen {
    let covered = Span { from: Wall(BEGAN), to: Wall(BEGAN + 240_000_000) };
    let origin = Origin { request: "example".into(), server: None, method: Method::Measured };
    Seen { payload: Payload::Probe(Box::new(probed)), covered, origin, notes: vec![], partial: None }
}

fn rig() -> Rig {
    let far = |called: &str, host: &str, region: &str, issuers: &[&str]| {
        let endpoint = Endpoint {
            name: name(called),
            host: host.into(),
            port: 443,
            tls: true,
            sni: None,
            method: Some(Verb::Get),
            path: "/".into(),
            large_body: true,
            download: None,
        };
        (name(called), FarEnd { endpoint, from: None, region: Some(region.into()), issuers: issuers.iter().map(|i| (*i).to_owned()).collect() })
    };
    let endpoints = [
        far("bedrock", "bedrock-runtime.us-east-1.amazonaws.com", "us-east-1", &["Amazon"]),
        far("vertex", "europe-west4-aiplatform.googleapis.com", "europe-west4", &["Google Trust Services"]),
    ];
    Rig {
        name: name("synthetic"),
        network: Some(Network { endpoints: endpoints.into(), reference: Some(name("production")), ttft: Some(Ms(500.0)) }),
        sources: [(name(NETWORK), SourceInfo { kind: name(NETWORK), place: "this machine".into(), reads: String::new() })].into(),
        capabilities: [Capability::NetworkEndpoints, Capability::NetworkReference, Capability::NetworkBudget, Capability::NetworkLargeBody].into(),
        ..Rig::default()
    }
}

fn address(n: u8, v6: bool) -> IpAddr {
    if v6 { IpAddr::from([0x2600, 0x1f18, 0, 0, 0, 0, 0, u16::from(n)]) } else { IpAddr::from([52, 94, 0, n]) }
}

fn probed(rng: &mut Pcg, endpoint: &Endpoint, rtt: f64, rounds: u32) -> Probed {
    let addresses = [address(1, false), address(2, false), address(1, true)];
    let targets = addresses.map(|ip| Target { address: SocketAddr::new(ip, 443), class: AddressClass::of(ip), from: None });
    let mut connects = vec![];
    let per_round = CONNECTS / ROUNDS as usize;
    for round in 0..rounds {
        // What is alike within a round differs a little between them.
        let level = rtt * (1.0 + 0.004 * rng.normal());
        for nth in 0..per_round {
            let target = nth % targets.len();
            // Each target's connects go by pairs: one keeps a session, the next one offers it.
            let offers = (nth / targets.len()) % 2 == 1;
            let ms = level + rng.lognormal(0.2, 0.6);
            connects.push(connect(rng, round, target, ms, offers));
        }
    }
    let issuer = if endpoint.host.contains("amazonaws") { "C=US, O=Amazon, CN=Amazon RSA 2048 M01" } else { "C=US, O=Google Trust Services, CN=WR2" };
    let certificate = Certificate {
        sha256: "ab".repeat(32),
        subject: Some(endpoint.host.clone()),
        issuer: issuer.into(),
        names: vec![endpoint.host.clone()],
        names_in_all: 1,
        matched: true,
        not_before: Wall(BEGAN - 60 * DAY_US),
        not_after: Wall(BEGAN + 120 * DAY_US),
        chain: 3,
        chain_sha256: "cd".repeat(32),
        trust: Trust::System,
        shown_by: vec![0, 1, 2],
    };
    let span = Span { from: Wall(BEGAN), to: Wall(BEGAN + 40_000_000) };
    let prober = |_| ProberAt { during: Seeing::Connects, span, waited_us: Some(900), ran_us: Some(400_000), pressure_us: Some(200_000) };
    Probed {
        started: Wall(BEGAN),
        via: Via::Direct,
        resolution: Measured::Known(resolution(rng, &endpoint.host, &addresses)),
        targets: targets.to_vec(),
        left_out: 0,
        asked: connects.len() as u64,
        rounds,
        connects,
        certificates: vec![certificate],
        ping: Measured::Needless("not asked".into()),
        hops: Measured::Known(hops()),
        large_body: Measured::Known(large_body()),
        bandwidth: Measured::Needless("nobody asked for it".into()),
        prober: Prober { at: (0..rounds).map(prober).collect() },
        cut: None,
        given_up: vec![],
    }
}

fn connect(rng: &mut Pcg, round: u32, target: usize, ms: f64, offers: bool) -> Connect {
    let us = (ms * 1e3) as u32;
    let tcp = TcpState { rtt_us: Some(us), total_retrans: Some(0), pmtu: Some(1_500), ..TcpState::default() };
    let session = if offers { Session::Offered { had: true } } else { Session::Kept };
    let tls = Handshake {
        took_us: u64::from(us) + (1_500.0 * rng.lognormal(1.0, 0.2)) as u64,
        version: "1.3".into(),
        cipher: "TLS13_AES_128_GCM_SHA256".into(),
        alpn: Some("http/1.1".into()),
        offered: vec!["http/1.1".into()],
        session,
        resumed: offers,
        retried: false,
    };
    let http = HttpAnswer { first_byte_us: u64::from(us) + (3_000.0 * rng.lognormal(1.0, 0.3)) as u64, status: 403, retry_after_s: None };
    Connect {
        round,
        at: Wall(BEGAN),
        target,
        from_port: Some(40_000),
        connect_us: Some(u64::from(us) + 60),
        tcp: Some(tcp),
        at_end: Some(tcp),
        tunnel_us: None,
        tls: Some(tls),
        certificate: (!offers).then_some(0),
        http: Some(http),
        ended: Ended::Done,
        waited_us: Some(5),
    }
}

pub fn answered(addresses: &[IpAddr]) -> LookupEnd {
    let mut classes: Vec<AddressClass> = addresses.iter().map(|ip| AddressClass::of(*ip)).collect();
    classes.dedup();
    LookupEnd::Answered(Answers { addresses: addresses.to_vec(), classes, ttl_s: Some(60), ..Answers::default() })
}

pub fn server(ends: impl IntoIterator<Item = LookupEnd>) -> Nameserver {
    let lookup = |(kind, end)| Lookup { kind, first: true, took_us: 2_000, over_tcp: false, ignored: 0, end };
    let kinds = [RecordKind::A, RecordKind::Aaaa];
    Nameserver { address: "10.0.0.2".into(), lookups: Measured::Known(kinds.into_iter().zip(ends).map(lookup).collect()) }
}

fn resolution(rng: &mut Pcg, host: &str, addresses: &[IpAddr]) -> Resolution {
    let lookup = |nth: u64, us: u64| SystemLookup { first: nth == 0, took_us: us, outcome: SystemOutcome::Found(addresses.to_vec()) };
    let both = || [answered(&addresses[..2]), answered(&addresses[2..])];
    let resolution = Resolution {
        name: host.into(),
        conf: Measured::Known(ResolvConf { nameservers: vec!["10.0.0.2".into(), "10.0.0.3".into()], ..ResolvConf::default() }),
        tried: vec![host.into()],
        system: (0..6).map(|nth| lookup(nth, if nth == 0 { 18_000 } else { 700 + (200.0 * rng.unit()) as u64 })).collect(),
        nameservers: vec![server(both()), server(both())],
    };
    assert_eq!(resolution.agreement(), Agreement::Same);
    resolution
}

fn hops() -> Hops {
    let hop = |ttl: u8| {
        let by = IpAddr::from([10, 0, ttl, 1]);
        Hop { ttl, by: Some(by), class: Some(AddressClass::of(by)), rtt_us: Some(500), target: ttl == 9, icmp: Some((11, 0)) }
    };
    Hops { target: 0, flows: vec![Flow { from_port: Some(40_001), hops: (1..=9).map(hop).collect(), reached: true }] }
}

fn large_body() -> LargeBody {
    let before = TcpState { pmtu: Some(1_500), total_retrans: Some(0), bytes_acked: Some(500), ..TcpState::default() };
    let after = TcpState { bytes_acked: Some(500 + 8_400), ..before };
    LargeBody {
        target: 0,
        bytes: 8_192,
        before,
        looks: vec![Look { after_us: 30_000, tcp: after }],
        answered_us: Some(31_000),
        status: Some(400),
        ended: Ended::Done,
    }
}
