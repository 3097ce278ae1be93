//! Names: as an application asks for them, and each nameserver by itself.

mod message;
mod nameserver;
mod system;

use super::leash::Leash;
use crate::model::{
    evidence::Gap,
    payload::network::{LookupEnd, Measured, Nameserver, RecordKind, Resolution, ResolvConf},
};
use hickory_proto::rr::Name;
use std::{
    fs::File,
    io::Read as _,
    net::{IpAddr, SocketAddr, SocketAddrV6},
    path::{Path, PathBuf},
    time::Duration,
};

pub use message::MOST;
use message::{Question, Told};

/// What a datagram says of a name that was asked for under this number, of either family; `None` where it is no answer to that.
pub fn answered(datagram: &[u8], name: &str, id: u16) -> Option<LookupEnd> {
    let name = Name::from_ascii(name).ok()?;
    [RecordKind::A, RecordKind::Aaaa].into_iter().find_map(|kind| match Question::new(&name, kind).numbered(id).read(datagram) {
        Told::End(end) => Some(end),
        Told::Other | Told::Truncated => None,
    })
}

/// Of resolv.conf no more is read.
const MOST_CONF: u64 = 64 << 10;
/// How often a name is asked for after the first time.
const AGAIN: usize = 3;

/// Where the resolver's configuration lies, and at which port its nameservers are.
#[derive(Clone, Debug)]
pub struct Resolver {
    /// `/etc/resolv.conf`.
    pub conf: PathBuf,
    /// 53.
    pub port: u16,
}

impl Default for Resolver {
    fn default() -> Self {
        Resolver { conf: "/etc/resolv.conf".into(), port: 53 }
    }
}

/// What one act cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// Questions sent.
    pub queries: u64,
}

/// Asks for a name in all ways.
pub async fn resolve(resolver: &Resolver, host: &str, leash: &Leash) -> (Resolution, Sent) {
    let conf = read(&resolver.conf);
    let mut sent = Sent::default();
    let mut system = vec![];
    for nth in 0..=AGAIN {
        if leash.over().is_some() {
            break;
        }
        sent.queries += 1;
        system.push(system::lookup(host, nth == 0, leash).await);
        if !matches!(system[nth].outcome, crate::model::payload::network::SystemOutcome::Found(_)) {
            break;
        }
    }
    let tried = conf.known().map(|c| c.tried(host)).unwrap_or_default();
    let mut nameservers = vec![];
    if let (Some(conf), Ok(name)) = (conf.known(), Name::from_utf8(host)) {
        let mut name = name;
        name.set_fqdn(true);
        // As patient as the system's resolver is with one of them.
        let patience = Duration::from_secs(conf.timeout_s.into());
        for address in &conf.nameservers {
            nameservers.push(asked(address, resolver.port, &name, patience, leash, &mut sent).await);
        }
    }
    (Resolution { name: host.into(), conf, tried, system, nameservers }, sent)
}

async fn asked(address: &str, port: u16, name: &Name, patience: Duration, leash: &Leash, sent: &mut Sent) -> Nameserver {
    let of = |lookups| Nameserver { address: address.into(), lookups };
    let Some(at) = place(address, port) else {
        let why = "is no IP address; glibc leaves it out, too. Correct resolv.conf";
        return of(Measured::missing(Gap::Malformed(format!("the nameserver `{}` {why}", crate::kept::plain(address)))));
    };
    if let Some(off) = leash.over() {
        return of(Measured::missing(off.gap("nameserver")));
    }
    // Both kinds at once, as getaddrinfo does.
    let first = |kind| nameserver::ask(at, name, kind, true, patience, leash);
    let (a, aaaa) = tokio::join!(first(RecordKind::A), first(RecordKind::Aaaa));
    let mut lookups = vec![a, aaaa];
    sent.queries += 2;
    for kind in [RecordKind::A, RecordKind::Aaaa].into_iter().cycle().take(2 * AGAIN) {
        let silent = lookups.iter().any(|l| l.kind == kind && !matches!(l.end, LookupEnd::Answered(_) | LookupEnd::Code(_)));
        if silent || leash.over().is_some() {
            continue;
        }
        sent.queries += 1;
        lookups.push(nameserver::ask(at, name, kind, false, patience, leash).await);
    }
    of(Measured::Known(lookups))
}

/// Reads the configuration.
fn read(file: &Path) -> Measured<ResolvConf> {
    let mut text = String::new();
    match File::open(file).and_then(|f| f.take(MOST_CONF).read_to_string(&mut text)) {
        Ok(_) => Measured::Known(ResolvConf::parse(&text)),
        Err(why) => {
            let gap = Gap::Denied(format!("{}: {why}", file.display()));
            Measured::remediable(gap, "the file must be readable for whoever runs rigcheck; without it glibc asks 127.0.0.1")
        }
    }
}

/// Where a nameserver is; `fe80::1%eth0` has the scope of its device.
fn place(address: &str, port: u16) -> Option<SocketAddr> {
    let (ip, scope) = address.split_once('%').map_or((address, None), |(ip, scope)| (ip, Some(scope)));
    let ip: IpAddr = ip.parse().ok()?;
    match (ip, scope) {
        (_, None) => Some(SocketAddr::new(ip, port)),
        (IpAddr::V6(ip), Some(scope)) => {
            let plain = scope.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) && !scope.starts_with('.');
            let index = || std::fs::read_to_string(format!("/sys/class/net/{scope}/ifindex")).ok();
            let number = scope.parse().ok().or_else(|| index().filter(|_| plain)?.trim().parse().ok())?;
            Some(SocketAddrV6::new(ip, port, 0, number).into())
        }
        (IpAddr::V4(_), Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nameservers_are_addresses() {
        assert_eq!(place("127.0.0.1", 53), Some("127.0.0.1:53".parse().unwrap()));
        assert_eq!(place("fd00::1", 53), Some("[fd00::1]:53".parse().unwrap()));
        let SocketAddr::V6(lo) = place("fe80::1%lo", 53).unwrap() else { panic!() };
        assert!(lo.scope_id() > 0);
        for bad in ["dns.example", "10.0.0.1%eth0", "fe80::1%../../etc", ""] {
            assert_eq!(place(bad, 53), None, "{bad}");
        }
    }

    #[test]
    fn a_configuration_that_is_not_there_is_told() {
        let read = read(Path::new("/nonexistent/resolv.conf"));
        assert!(matches!(&read, Measured::Missing { gap: Gap::Denied(why), remedy: Some(_) } if why.contains("/nonexistent")), "{read:?}");
    }
}
