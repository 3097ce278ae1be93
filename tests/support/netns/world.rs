//! A client, a server, and what lies between them.

use super::{conditions::Conditions, kernel, namespace::Namespace, relay::Relay, sweep};
use crate::support::stack::NotUp;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::fd::OwnedFd,
    process,
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
};

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Hosts between client and server, which a trace by TTL sees; each adds a link with a relay of its own.
    pub routers: u8,
    /// First address of the links. Link n, from the client, has the n-th block of four behind it: the near end .1, the far end .2.
    pub v4: Ipv4Addr,
    /// The same for IPv6; nothing makes a world without IPv6.
    pub v6: Option<Ipv6Addr>,
    /// More addresses that the server has. The client has a default route to it, so that any address will do.
    pub more_addresses: Vec<IpAddr>,
    /// MTU of all devices, bytes.
    pub mtu: u16,
    /// Conditions of the first link, towards the server and back.
    pub first: [Conditions; 2],
    /// All random numbers follow from it.
    pub seed: u64,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            routers: 0,
            v4: Ipv4Addr::new(10, 77, 0, 0),
            v6: Some(Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, 0)),
            more_addresses: vec![],
            mtu: 1500,
            first: [Conditions::default(), Conditions::default()],
            seed: 1,
        }
    }
}

impl Plan {
    /// The same one-way delay both ways, and nothing else.
    pub fn delay_ms(ms: f64) -> Plan {
        Plan { first: [Conditions::delay_ms(ms), Conditions::delay_ms(ms)], ..Plan::default() }
    }
}

/// Namespaces and the relays between them; all is removed when it is dropped.
pub struct World {
    // dropped first: packets end before the hosts do
    relays: Vec<Relay>,
    hosts: Vec<Namespace>,
    plan: Plan,
}

impl World {
    /// Makes one, after removing what killed runs left behind.
    pub fn up(plan: Plan) -> Result<World, NotUp> {
        static SWEPT: Once = Once::new();
        can_be_made().map_err(NotUp::Missing)?;
        SWEPT.call_once(sweep::remove_left_over);
        World::make(plan).map_err(|error| NotUp::Broken(format!("no network of namespaces: {error}")))
    }

    fn make(plan: Plan) -> io::Result<World> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let nth = MADE.fetch_add(1, Ordering::Relaxed);
        let last = usize::from(plan.routers) + 1;
        let mut world = World { relays: vec![], hosts: vec![], plan };
        for place in 0..=last {
            let role = if place == 0 {
                "client".to_owned()
            } else if place == last {
                "server".to_owned()
            } else {
                format!("router{place}")
            };
            let host = Namespace::create(format!("{}{}-{nth}-{role}", sweep::PREFIX, process::id()))?;
            host.sysctl(&world.parameters(place))?;
            world.hosts.push(host);
        }
        for link in 0..last {
            let (near, far) = (world.device(link, "wan0")?, world.device(link + 1, "lan0")?);
            world.relays.push(Relay::between(near, far, world.plan.seed.wrapping_add(link as u64))?);
        }
        for place in 0..=last {
            world.hosts[place].ip(&world.addresses_and_routes(place))?;
        }
        let [forward, reverse] = world.plan.first.clone();
        world.relay().set_both(forward, reverse);
        Ok(world)
    }

    /// The host on which is measured.
    pub fn client(&self) -> &Namespace {
        &self.hosts[0]
    }

    /// The host that is measured.
    pub fn server(&self) -> &Namespace {
        &self.hosts[self.hosts.len() - 1]
    }

    /// The n-th router from the client, from 0.
    pub fn router(&self, nth: usize) -> &Namespace {
        assert!(nth + 2 < self.hosts.len(), "the plan has {} routers", self.plan.routers);
        &self.hosts[nth + 1]
    }

    /// The relay of the client's link.
    pub fn relay(&self) -> &Relay {
        &self.relays[0]
    }

    /// The relay of the n-th link from the client, from 0.
    pub fn link(&self, nth: usize) -> &Relay {
        &self.relays[nth]
    }

    /// The client's addresses: IPv4, then IPv6.
    pub fn client_addresses(&self) -> Vec<IpAddr> {
        self.ends(0).into_iter().map(|[near, _]| near).collect()
    }

    /// The server's address on its link.
    pub fn server_v4(&self) -> IpAddr {
        self.ends(self.relays.len() - 1)[0][1]
    }

    /// The same, IPv6.
    pub fn server_v6(&self) -> IpAddr {
        self.ends(self.relays.len() - 1).get(1).expect("the plan has IPv6")[1]
    }

    /// The addresses with which the n-th router answers a trace: IPv4, then IPv6.
    pub fn router_addresses(&self, nth: usize) -> Vec<IpAddr> {
        self.ends(nth).into_iter().map(|[_, far]| far).collect()
    }

    fn device(&self, place: usize, name: &str) -> io::Result<OwnedFd> {
        self.hosts[place].enter(|| kernel::open_tun(name))?
    }

    /// Addresses of a link, near and far end: IPv4, then IPv6.
    fn ends(&self, link: usize) -> Vec<[IpAddr; 2]> {
        let block = link as u32 * 4;
        let v4 = [1, 2].map(|end| Ipv4Addr::from(u32::from(self.plan.v4) + block + end).into());
        let v6 = self.plan.v6.map(|v6| [1, 2].map(|end| Ipv6Addr::from(u128::from(v6) + u128::from(block + end)).into()));
        [Some(v4), v6].into_iter().flatten().collect()
    }

    /// Kernel parameters of a host: no traffic of its own, and routers that answer each trace.
    fn parameters(&self, place: usize) -> Vec<(&'static str, &'static str)> {
        let is_router = place > 0 && place <= usize::from(self.plan.routers);
        let v6_off = if self.plan.v6.is_some() { "0" } else { "1" };
        let mut parameters = vec![
            ("net/ipv4/conf/all/rp_filter", "0"),
            ("net/ipv4/conf/default/rp_filter", "0"),
            ("net/ipv6/conf/default/accept_ra", "0"),
            ("net/ipv6/conf/default/addr_gen_mode", "1"),
            ("net/ipv6/conf/default/disable_ipv6", v6_off),
            ("net/ipv6/conf/all/disable_ipv6", v6_off),
        ];
        if is_router {
            parameters.extend([("net/ipv4/ip_forward", "1"), ("net/ipv6/conf/all/forwarding", "1")]);
            parameters.extend([("net/ipv4/icmp_ratelimit", "0"), ("net/ipv6/icmp/ratelimit", "0")]);
        }
        parameters
    }

    /// Commands of `ip` for one host.
    fn addresses_and_routes(&self, place: usize) -> String {
        let last = self.relays.len();
        let mut lines = vec![];
        let near = (place > 0).then(|| (place - 1, "lan0", 1));
        let far = (place < last).then_some((place, "wan0", 0));
        for (link, device, end) in [near, far].into_iter().flatten() {
            let own = self.ends(link).into_iter().map(|ends| ends[end]);
            lines.extend(own.map(|own| format!("address add {own}/{} dev {device}{}", if own.is_ipv4() { 30 } else { 126 }, nodad(own))));
            lines.push(format!("link set {device} mtu {} up", self.plan.mtu));
        }
        if place == last {
            let more = self.plan.more_addresses.iter();
            lines.extend(more.map(|more| format!("address add {more} dev lan0{}", nodad(*more))));
        }
        for all in ["0.0.0.0/0", "::/0"].into_iter().take(self.ends(0).len()) {
            lines.push(format!("route add {all} dev {}", if place == last { "lan0" } else { "wan0" }));
        }
        // a router knows the links behind it, towards the client
        if place < last {
            let behind = (0..place.saturating_sub(1)).flat_map(|link| self.ends(link)).flatten();
            lines.extend(behind.map(|address| format!("route add {address} dev lan0")));
        }
        lines.join("\n") + "\n"
    }
}

/// No search for other owners of an address: there is nobody to ask, and until it has ended the address is no use.
fn nodad(address: IpAddr) -> &'static str {
    if address.is_ipv6() { " nodad" } else { "" }
}

/// Why no world can be made here.
fn can_be_made() -> Result<(), String> {
    if !rustix::process::geteuid().is_root() {
        return Err("network namespaces and TUN devices need root".to_owned());
    }
    if let Err(error) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun") {
        return Err(format!("/dev/net/tun cannot be opened ({error}): load the module tun, or give the container the device"));
    }
    match process::Command::new("ip").arg("-Version").output() {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("no `ip` ({error}): install the Debian package iproute2")),
    }
}
