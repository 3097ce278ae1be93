use super::{AddressClass, Lookup, LookupEnd, Measured, RecordKind, ResolvConf};
use core::net::IpAddr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a name becomes addresses: as an application asks, and by each nameserver itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// The name: the endpoint's, or its proxy's.
    pub name: String,
    /// What the resolver is told to do.
    pub conf: Measured<ResolvConf>,
    /// The names that are asked for until one exists, in order; empty where `conf` is missing.
    pub tried: Vec<String>,
    /// By `getaddrinfo`, as applications do, with all that stands between: `/etc/hosts`, a local cache, the search list.
    pub system: Vec<SystemLookup>,
    /// Each nameserver of `conf` by itself.
    pub nameservers: Vec<Nameserver>,
}

/// One call of `getaddrinfo`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemLookup {
    /// Is it the first one of this run? What a cache already held is not known, so this is cold at best.
    pub first: bool,
    /// How long it took, µs.
    pub took_us: u64,
    /// What it gave.
    pub outcome: SystemOutcome,
}

/// What `getaddrinfo` gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemOutcome {
    /// Addresses in its order, each once.
    Found(Vec<IpAddr>),
    /// No such name (EAI_NONAME), or none with an address (EAI_NODATA).
    NoSuchName,
    /// No nameserver answered, or all failed (EAI_AGAIN).
    TryAgain,
    /// Another failure.
    Failed,
    /// It did not end in the time that was allowed.
    TimedOut,
}

/// One nameserver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nameserver {
    /// Its address, as `/etc/resolv.conf` has it.
    pub address: String,
    /// Its questions, in order: the first one of each kind, then others of both by turns. One that is silent is not asked again.
    pub lookups: Measured<Vec<Lookup>>,
}

/// Do those that were asked say the same?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// All gave the same addresses.
    Same,
    /// They gave different ones, of the same classes: what a balancing name does.
    Rotating,
    /// They gave addresses of different classes, or one says that the name does not exist: they see different worlds.
    Different,
    /// Fewer than two answered.
    Alone,
}

impl Resolution {
    /// What the system's resolver gave first.
    pub fn addresses(&self) -> &[IpAddr] {
        self.system.iter().find_map(|l| if let SystemOutcome::Found(all) = &l.outcome { Some(all.as_slice()) } else { None }).unwrap_or_default()
    }

    /// Do all nameservers that answered say the same?
    pub fn agreement(&self) -> Agreement {
        let mut worlds: Vec<World> = vec![];
        for server in &self.nameservers {
            let Some(lookups) = server.lookups.known() else { continue };
            worlds.extend(world(lookups));
        }
        let [first, others @ ..] = worlds.as_slice() else { return Agreement::Alone };
        if others.is_empty() {
            Agreement::Alone
        } else if others.iter().any(|other| other.exists != first.exists || other.classes != first.classes) {
            Agreement::Different
        } else if others.iter().any(|other| other.addresses != first.addresses) {
            Agreement::Rotating
        } else {
            Agreement::Same
        }
    }
}

/// What one nameserver says of a name.
struct World {
    exists: bool,
    addresses: BTreeSet<IpAddr>,
    classes: BTreeSet<AddressClass>,
}

fn world(lookups: &[Lookup]) -> Option<World> {
    let mut world = World { exists: true, addresses: BTreeSet::new(), classes: BTreeSet::new() };
    let mut told = false;
    for kind in [RecordKind::A, RecordKind::Aaaa] {
        match lookups.iter().find(|l| l.kind == kind).map(|l| &l.end) {
            Some(LookupEnd::Answered(answers)) => {
                told = true;
                world.addresses.extend(&answers.addresses);
                world.classes.extend(&answers.classes);
            }
            Some(LookupEnd::Code(code)) if code == "NXDOMAIN" => (told, world.exists) = (true, false),
            _ => {}
        }
    }
    told.then_some(world)
}

#[cfg(test)]
mod tests {
    use super::{super::Answers, *};

    fn says(end: LookupEnd) -> Nameserver {
        let lookup = Lookup { kind: RecordKind::A, first: true, took_us: 1, over_tcp: false, ignored: 0, end };
        Nameserver { address: "127.0.0.1".into(), lookups: Measured::Known(vec![lookup]) }
    }

    fn found(address: &str) -> LookupEnd {
        let address: IpAddr = address.parse().unwrap();
        LookupEnd::Answered(Answers { addresses: vec![address], classes: vec![AddressClass::of(address)], ..Answers::default() })
    }

    #[test]
    fn addresses_that_differ_within_a_class_are_a_balancers() {
        let of = |ends: Vec<LookupEnd>| {
            let nameservers = ends.into_iter().map(says).collect();
            Resolution { name: "h".into(), conf: Measured::Needless(String::new()), tried: vec![], system: vec![], nameservers }.agreement()
        };
        assert_eq!(of(vec![found("8.8.8.8"), found("8.8.8.8")]), Agreement::Same);
        assert_eq!(of(vec![found("8.8.8.8"), found("8.8.4.4")]), Agreement::Rotating);
        assert_eq!(of(vec![found("8.8.8.8"), found("10.0.0.1")]), Agreement::Different);
        assert_eq!(of(vec![found("8.8.8.8"), LookupEnd::Code("NXDOMAIN".into())]), Agreement::Different);
        assert_eq!(of(vec![found("8.8.8.8"), LookupEnd::TimedOut]), Agreement::Alone);
        assert_eq!(of(vec![]), Agreement::Alone);
    }
}
