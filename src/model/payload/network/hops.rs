use super::AddressClass;
use core::net::IpAddr;
use serde::{Deserialize, Serialize};

/// The routers on the way, by connection attempts with a small TTL: each router that lets one die may say so (ICMP time exceeded).
/// Most of them limit how often, so a router that is silent proves nothing, and only what the target does counts as loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hops {
    /// Which of the targets, by its place in the list.
    pub target: usize,
    /// Several flows, since routers that balance send each its own way.
    pub flows: Vec<Flow>,
}

/// One way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// The port of ours that all its attempts came from, so that balancing routers take them for one flow; `None` where each came
    /// from another one.
    pub from_port: Option<u16>,
    /// By TTL, from 1 on.
    pub hops: Vec<Hop>,
    /// Did the target itself answer? It ends the list then.
    pub reached: bool,
}

/// Whoever answered to one TTL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The TTL, or hop limit.
    pub ttl: u8,
    /// Who answered; `None`: nobody, written `*`.
    pub by: Option<IpAddr>,
    /// From where that can be reached.
    pub class: Option<AddressClass>,
    /// The time to the answer, µs; none where nobody answered.
    pub rtt_us: Option<u64>,
    /// Was it the target?
    pub target: bool,
    /// Type and code of the ICMP message by which it answered; `None` of a target that answered by TCP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icmp: Option<(u8, u8)>,
}

impl Hops {
    /// The first router with a private address: the edge of the own network, if it tells.
    pub fn first_private(&self) -> Option<IpAddr> {
        let private = |hop: &&Hop| !hop.target && matches!(hop.class, Some(AddressClass::Private | AddressClass::UniqueLocal | AddressClass::Shared));
        self.flows.iter().filter_map(|flow| flow.hops.iter().find(private)).min_by_key(|hop| hop.ttl)?.by
    }
    /// How many hops away the target is, by the shortest flow that reached it.
    pub fn distance(&self) -> Option<u8> {
        self.flows.iter().flat_map(|flow| &flow.hops).filter(|hop| hop.target).map(|hop| hop.ttl).min()
    }
}

impl Flow {
    /// One line: `10.0.0.1 * 192.0.2.7`.
    pub fn line(&self) -> String {
        let words: Vec<String> = self.hops.iter().map(|hop| hop.by.map_or("*".into(), |by| by.to_string())).collect();
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_router_is_a_star_and_the_target_no_router() {
        let hop = |ttl, by: Option<&str>, target| {
            let by = by.map(|by| by.parse().unwrap());
            Hop { ttl, by, class: by.map(AddressClass::of), rtt_us: by.map(|_| 5), target, icmp: None }
        };
        let flow =
            Flow { from_port: None, reached: true, hops: vec![hop(1, None, false), hop(2, Some("10.0.0.1"), false), hop(3, Some("10.9.9.9"), true)] };
        assert_eq!(flow.line(), "* 10.0.0.1 10.9.9.9");
        let hops = Hops { target: 0, flows: vec![flow.clone(), Flow { hops: flow.hops[2..].to_vec(), ..flow }] };
        assert_eq!((hops.first_private(), hops.distance()), (Some("10.0.0.1".parse().unwrap()), Some(3)));
    }
}
