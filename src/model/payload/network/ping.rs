use serde::{Deserialize, Serialize};

/// Echoes of ICMP. Many hosts and clouds drop them: silence here proves nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ping {
    /// Which of the targets, by its place in the list.
    pub target: usize,
    /// Through which kind of socket.
    pub socket: PingSocket,
    /// Requests in order, each with its reply if one came.
    pub echoes: Vec<Echo>,
}

/// The sockets by which a program may ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PingSocket {
    /// A ping socket: for the groups of `net.ipv4.ping_group_range`, which holds for IPv6, too.
    Datagram,
    /// A raw socket: for who may (`CAP_NET_RAW`).
    Raw,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// Its number, from 0.
    pub nth: u16,
    /// The round trip, if a reply came.
    pub reply: Option<Reply>,
}

/// The round trip of one request. Its true length lies between the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// From having handed over the request to the kernel's stamp of the reply, µs.
    pub at_least_us: u64,
    /// From before handing it over to that stamp, µs.
    pub at_most_us: u64,
    /// From before handing it over to reading the reply, µs: what a program without the kernel's stamp measures.
    pub read_us: u64,
}

impl Ping {
    /// Replies that count, in order: the first one is left out, since it may have waited for the address of the next hop (ARP).
    pub fn counted(&self) -> impl Iterator<Item = &Reply> {
        self.echoes.iter().skip(1).filter_map(|e| e.reply.as_ref())
    }
    /// How many requests were answered.
    pub fn answered(&self) -> usize {
        self.echoes.iter().filter(|e| e.reply.is_some()).count()
    }
}
