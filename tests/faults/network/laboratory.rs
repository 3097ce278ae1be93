//! An endpoint in a small network, with two nameservers and what a row plants; rigcheck runs on the client, as a user runs it.
#![allow(clippy::disallowed_methods, reason = "runs the binary in a folder of its own")]

use crate::{
    audited::Audited,
    group::Group,
    rows::{
        Stray,
        network::{Plants, Says},
    },
    stack::NotUp,
    support::netns::{
        Accepted, Authority, Behaves, Certificate, Conditions, Dns, Https, Jitter, Largest, Loss, Plan, Record, TRUSTED, World, quantile,
    },
};
use std::{
    fs, io,
    net::{IpAddr, SocketAddr},
    path::Path,
    process::{Command, Output},
    sync::LazyLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const CASE: &str = "PERF_INFRA_ENVIRONMENT_NETWORK_BASELINE_002";
const HOST: &str = "api.test";
const RIGCHECK: &str = env!("CARGO_BIN_EXE_rigcheck");
/// Where the endpoint is: at private addresses, and at a public one, which nobody has in a network of our own.
const PRIVATE: [&str; 2] = ["10.88.0.1", "fd88::1"];
const PUBLIC: &str = "20.88.0.1";
const NAMESERVERS: [&str; 2] = ["10.99.0.1", "10.99.0.2"];
const PROXY: &str = "10.88.0.1:3128";
/// One way, ms.
const DELAY: f64 = 3.0;
const NAMESERVER_DELAY: f64 = 1.0;
const REFERENCE: &str = "production.network";

/// Vouches for the endpoint in each network, so that all of them know the same issuer.
static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

/// It ends, with all in it, when it is dropped.
pub struct Laboratory {
    // dropped first: servers end before their network does
    _servers: Vec<Https>,
    _nameservers: Vec<Dns>,
    world: World,
    folder: TempDir,
}

impl Laboratory {
    /// Builds one in which that is planted.
    pub fn up(plants: Plants) -> Result<Laboratory, NotUp> {
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        let there: Vec<IpAddr> = [&PRIVATE[..], &[PUBLIC], &NAMESERVERS].concat().into_iter().map(ip).collect();
        let routers = if let Plants::Routers(routers) = plants { routers } else { 0 };
        let world = World::up(Plan { routers, more_addresses: there, first: way(plants), seed: 7, ..Plan::default() })?;
        let broken = |error: io::Error| NotUp::Broken(format!("no laboratory: {error}"));
        let serve = |port: u16, behaves: Behaves| {
            let everywhere = SocketAddr::new(ip("::"), port);
            Https::start(world.server(), everywhere, &[HOST], &AUTHORITY, behaves).map_err(broken)
        };
        // The proxy asks for the name on that side.
        world.server().etc("hosts", &format!("{} {HOST}\n", PRIVATE[0])).map_err(broken)?;
        let servers = vec![serve(443, behaves(plants))?, serve(3_128, Behaves::when_accepted(Accepted::Tunnel))?];
        let mut nameservers = vec![];
        for (nth, at) in NAMESERVERS.into_iter().enumerate() {
            nameservers.push(Dns::start(world.server(), ip(at), &records(plants, nth))?);
            let one_way = || match plants {
                Plants::Nameserver(which, Says::Late(ms)) if which == nth => Conditions::delay_ms(ms),
                Plants::Nameserver(which, Says::Silent) if which == nth => Conditions::black_hole(),
                _ => Conditions::delay_ms(NAMESERVER_DELAY),
            };
            world.relay().set_for(ip(at), one_way(), one_way());
        }
        if plants == Plants::DeadIpv6 {
            world.relay().set_for(ip(PRIVATE[1]), Conditions::black_hole(), Conditions::black_hole());
        }
        let more = if plants == Plants::SearchList { "search one.test two.test\noptions ndots:5\n" } else { "options timeout:1\n" };
        let conf = format!("{}{more}", NAMESERVERS.map(|at| format!("nameserver {at}\n")).concat());
        world.client().etc("resolv.conf", &conf).map_err(broken)?;
        world.client().sysctl(&[("net/ipv4/ping_group_range", "0 2147483647")]).map_err(broken)?;
        let folder = tempfile::Builder::new().prefix("rigcheck-network-").tempdir().map_err(broken)?;
        let laboratory = Laboratory { _servers: servers, _nameservers: nameservers, world, folder };
        laboratory.describe(plants).map_err(broken)?;
        Ok(laboratory)
    }

    /// Measures the way, and writes it down.
    pub fn record(&self, connects: u32) -> Result<String, NotUp> {
        let out = self.run(&["network", "record", "--connects", &connects.to_string(), "-"], None)?;
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        if out.status.success() { Ok(String::from_utf8_lossy(&out.stdout).into_owned()) } else { Err(NotUp::Broken(format!("no reference: {said}"))) }
    }

    /// Audits the way, beside what was written down in another laboratory.
    pub fn audit(&self, row: &Stray, reference: &str) -> Result<Audited, NotUp> {
        fs::write(self.path().join(REFERENCE), reference).map_err(|e| NotUp::Broken(e.to_string()))?;
        // Connects take some 7 % of this machine's CPU: whoever may use a tenth is seldom held back by it.
        let group = (row.plants == Plants::OwnQuota).then(|| Group::percent_of_a_cpu(3)).transpose()?;
        let connects = format!("cases.{CASE}.audit.connects={}", row.connects);
        let audit = || self.run(&["audit", "-v", "-o", "json:report.json", "-o", "human:report.txt", "--set", &connects], group.as_ref());
        for _before in 0..if row.plants == Plants::Moved { 2 } else { 0 } {
            audit()?;
        }
        let began = Instant::now();
        let out = audit()?;
        Ok(Audited::of(self.path().into(), &out, began.elapsed(), 0.0))
    }

    /// How much later than asked the relay has passed 95 % of the packets on, ms.
    pub fn late(&self) -> f64 {
        quantile(&self.world.relay().log().overheads_ns(), 0.95).map_or(0.0, |ns| ns as f64 / 1e6)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, args: &[&str], group: Option<&Group>) -> Result<Output, NotUp> {
        let mut command: Command = self.world.client().command(RIGCHECK);
        if let Some(group) = group {
            let inside = command;
            command = group.command("ip");
            command.args(inside.get_args());
        }
        command.args(args).current_dir(self.path()).env_remove("RIGCHECK_SPEC");
        command.output().map_err(|e| NotUp::Broken(e.to_string()))
    }

    fn describe(&self, plants: Plants) -> io::Result<()> {
        let trusted = if plants == Plants::TrustedInterceptor { AUTHORITY.pem() + &AUTHORITY.intercepting_pem() } else { AUTHORITY.pem() };
        fs::write(self.path().join("ca.pem"), trusted)?;
        let region = if let Plants::Region(region) = plants { region } else { "here-1" };
        let ttft = if let Plants::Ttft(ms) = plants { ms } else { 500.0 };
        let proxy = if plants == Plants::Proxy { format!("http://{PROXY}") } else { "none".into() };
        let mut reference = REFERENCE;
        if let Plants::Document(as_of) = plants {
            reference = "production.yaml";
            let said = format!(
                "network: production\nas_of: {as_of}\nby: network team\nendpoints: {{api: {{p50: 6.5ms, p95: 8ms, loss: 0%, region: {region}, proxy: none, class: private}}}}\n"
            );
            fs::write(self.path().join(reference), said)?;
        }
        let endpoint = format!("{{url: 'https://{HOST}/v1/models', region: {region}, ca_file: ca.pem, issuer: '{TRUSTED}', large_body: true}}");
        let spec = format!(
            "version: 1\nrig: far\nnetwork:\n  endpoints: {{api: {endpoint}}}\n  reference: {reference}\n  ttft: {ttft}ms\n  proxy: '{proxy}'\n  \
             pace: {{mean_gap: 1ms, between_rounds: 10ms}}\ncases: {{{CASE}: {{}}}}\n"
        );
        fs::write(self.path().join("rigcheck.yaml"), spec)
    }
}

/// Conditions of all packets, there and back.
fn way(plants: Plants) -> [Conditions; 2] {
    let both = |one_way: Conditions| [one_way.clone(), one_way];
    let delay = Conditions::delay_ms(DELAY);
    match plants {
        Plants::Delay(ms) => both(Conditions::delay_ms(DELAY + ms)),
        Plants::Moved => both(Conditions::delay_ms(DELAY + 8.0)),
        Plants::Region(_) => both(Conditions::delay_ms(20.0)),
        Plants::Jitter(ms) => both(Conditions { jitter: Jitter::Exponential(Duration::from_secs_f64(ms / 1e3)), reorders: true, ..delay }),
        Plants::Loss { there, back } => [there, back].map(|share| Conditions { loss: Loss::Chance(share), ..delay.clone() }),
        Plants::Swallowed => [Conditions { largest: Some(Largest { bytes: 1_400, told: false }), ..delay.clone() }, delay],
        _ => both(delay),
    }
}

fn behaves(plants: Plants) -> Behaves {
    // Whoever does not send the right words is told so, as providers do.
    let usual = Behaves { keeps_alive: false, ..Behaves::with_status(404) };
    match plants {
        Plants::Intercepted | Plants::TrustedInterceptor => Behaves { certificate: Certificate::OtherIssuer, ..usual },
        Plants::Expired => Behaves { certificate: Certificate::Expired, ..usual },
        Plants::OtherName => Behaves { certificate: Certificate::OtherName, ..usual },
        Plants::NoResumption => Behaves { resumes: false, ..usual },
        Plants::Reset => Behaves { accepted: Accepted::Reset, ..usual },
        Plants::Silent => Behaves { accepted: Accepted::Silent, ..usual },
        Plants::FirstByte(ms) => Behaves { first_byte: Duration::from_millis(ms), ..usual },
        Plants::Status(status) => Behaves { status, retry_after: (status == 429).then_some(30), ..usual },
        _ => usual,
    }
}

/// What the n-th nameserver knows.
fn records(plants: Plants, nth: usize) -> Vec<Record> {
    let at = |address: &str| Record::address(HOST, address.parse().expect("an address"), 60);
    match plants {
        Plants::NoSuchName => vec![Record::absent(HOST)],
        Plants::Nameserver(which, Says::Denies) if which == nth => vec![Record::absent(HOST)],
        Plants::Nameserver(which, Says::Lies) if which == nth => vec![at(PUBLIC)],
        Plants::Public => vec![at(PUBLIC)],
        // Each address takes all of our patience.
        Plants::Silent => vec![at(PRIVATE[0])],
        _ => PRIVATE.map(at).to_vec(),
    }
}
