//! What makes the way to an endpoint another one than it was, or a bad one. Each is really planted, in a network of namespaces that knows
//! nobody else.

/// A fault of a way, and what must come of it.
pub struct Stray {
    pub name: &'static str,
    /// One sentence without a full stop.
    pub title: &'static str,
    pub plants: Plants,
    /// Rules that must fail.
    pub must: &'static [&'static str],
    /// Rules that must warn.
    pub warns: &'static [&'static str],
    /// Rules that cannot tell then, and must not pass.
    pub untold: &'static [&'static str],
    /// Rules that may say something else than a pass, since the same thing is wrong in their eyes. All others pass, or do not apply.
    pub may: &'static [&'static str],
    /// What the report must say.
    pub says: &'static [&'static str],
    /// How many connects are made; so few tell nothing of loss.
    pub connects: u32,
}

/// What is really planted. Delays are of one direction, and both have them; the endpoint is 3 ms away.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Plants {
    Nothing,
    /// So much later, ms.
    Delay(f64),
    /// Later by an exponential distribution with this mean, ms.
    Jitter(f64),
    /// Shares of the packets that are lost there, and back.
    Loss {
        there: f64,
        back: f64,
    },
    /// Full packets are swallowed on the way there.
    Swallowed,
    /// So many routers stand between.
    Routers(u8),
    /// A nameserver does this; the first is asked first.
    Nameserver(usize, Says),
    /// All nameservers know that there is no such name.
    NoSuchName,
    /// A search list, and `ndots:5`.
    SearchList,
    /// The name has an IPv6 address that swallows everything.
    DeadIpv6,
    /// The name has a public address now.
    Public,
    /// The spec says that it is in this region.
    Region(&'static str),
    /// It shows the certificate of an authority that nobody knows; of one that this machine trusts; of its own, which has ended.
    Intercepted,
    TrustedInterceptor,
    Expired,
    /// It stands for another name.
    OtherName,
    /// No session is resumed.
    NoResumption,
    /// A proxy is used.
    Proxy,
    /// Connections are reset when they stand; nothing is ever said on them.
    Reset,
    Silent,
    /// The first byte comes so late, ms.
    FirstByte(u64),
    /// Each answer has this status.
    Status(u16),
    /// The TTFT that is aimed at, ms.
    Ttft(f64),
    /// The reference is a document of this date.
    Document(&'static str),
    /// Whoever measures may use 3 % of a CPU.
    OwnQuota,
    /// It is later by 8 ms in this run, as it was in the two before.
    Moved,
}

/// What a nameserver does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Says {
    /// It answers, but is so far away, ms each way.
    Late(f64),
    /// Nothing ever comes back.
    Silent,
    /// It says that the name is at a public address.
    Lies,
    /// It says that there is no such name.
    Denies,
}

/// So many show loss below 1 %.
const MANY: u32 = 400;
/// So many show that 4 % of handshakes are beyond 1 % more than in the reference, but for one run of 1,500: some 32 are lost, 16 are enough.
const MORE: u32 = 800;
/// So many show everything else.
const FEW: u32 = 100;

const PLAIN: Stray = Stray { name: "", title: "", plants: Plants::Nothing, must: &[], warns: &[], untold: &[], may: LOSS, says: &[], connects: FEW };

/// Few connects cannot tell of loss.
const LOSS: &[&str] = &["NET-06", "NET-21"];
/// One run outside is no move yet.
const MOVED: &[&str] = &["NET-06", "NET-21", "NET-23"];
/// Each lookup is a part of a new connection.
const LOOKUPS: &[&str] = &["NET-06", "NET-17", "NET-21"];
/// No request is sent to whom nobody vouches for.
const UNTRUSTED: &[&str] = &["NET-06", "NET-11", "NET-12", "NET-13", "NET-14", "NET-21"];
/// Too few of all.
const TOO_FEW: &[&str] = &["NET-06", "NET-07", "NET-08", "NET-11", "NET-12", "NET-20", "NET-21"];
/// Who was not measured to the end passes nothing.
const GIVEN_UP: &[&str] = &[
    "NET-01", "NET-02", "NET-03", "NET-04", "NET-05", "NET-06", "NET-07", "NET-08", "NET-09", "NET-10", "NET-11", "NET-12", "NET-13", "NET-14",
    "NET-15", "NET-16", "NET-17", "NET-21", "NET-22", "NET-23",
];

/// In the order of the documentation.
pub const STRAY: &[Stray] = &[
    Stray {
        name: "net-slow-nameserver",
        title: "the nameserver that is asked first is 130 ms away",
        plants: Plants::Nameserver(0, Says::Late(130.0)),
        must: &["NET-04"],
        may: LOOKUPS,
        ..PLAIN
    },
    Stray {
        name: "net-dead-nameserver",
        title: "the nameserver that is asked first is silent",
        plants: Plants::Nameserver(0, Says::Silent),
        must: &["NET-02", "NET-04"],
        may: LOOKUPS,
        says: &["nameserver 1 of 2: it is silent"],
        ..PLAIN
    },
    Stray {
        name: "net-dead-second-nameserver",
        title: "the second nameserver is silent",
        plants: Plants::Nameserver(1, Says::Silent),
        warns: &["NET-02"],
        says: &["nameserver 2 of 2: it is silent"],
        ..PLAIN
    },
    Stray {
        name: "net-no-such-name",
        title: "the name does not exist",
        plants: Plants::NoSuchName,
        must: &["NET-02"],
        untold: &["NET-20"],
        may: GIVEN_UP,
        says: &["there is no such name"],
        ..PLAIN
    },
    Stray {
        name: "net-lying-nameserver",
        title: "one of two nameservers gives a public address where the other gives a private one",
        plants: Plants::Nameserver(1, Says::Lies),
        must: &["NET-03"],
        says: &["nameserver 2 says: public"],
        ..PLAIN
    },
    Stray {
        name: "net-denying-nameserver",
        title: "one of two nameservers says that there is no such name",
        plants: Plants::Nameserver(1, Says::Denies),
        must: &["NET-03"],
        says: &["nameserver 2 says: NXDOMAIN"],
        ..PLAIN
    },
    Stray {
        name: "net-search-list",
        title: "resolv.conf makes other names be asked for first",
        plants: Plants::SearchList,
        warns: &["NET-04"],
        says: &["asked for in vain"],
        ..PLAIN
    },
    Stray {
        name: "net-dead-ipv6",
        title: "IPv6 is a black hole, and IPv4 works",
        plants: Plants::DeadIpv6,
        must: &["NET-05"],
        says: &["IPv6 is a black hole"],
        ..PLAIN
    },
    Stray {
        name: "net-public-address",
        title: "the name leads to a public address, and to a private one in the reference",
        plants: Plants::Public,
        must: &["NET-22"],
        ..PLAIN
    },
    Stray {
        name: "net-other-region",
        title: "the endpoint moved to another region, 40 ms away",
        plants: Plants::Region("elsewhere-2"),
        must: &["NET-20", "NET-22"],
        may: MOVED,
        says: &["elsewhere-2"],
        ..PLAIN
    },
    Stray { name: "net-delay", title: "each direction takes 2.5 ms more", plants: Plants::Delay(2.5), must: &["NET-20"], may: MOVED, ..PLAIN },
    Stray {
        name: "net-moved",
        title: "each direction takes 8 ms more, in the third run in a row",
        plants: Plants::Moved,
        must: &["NET-20", "NET-23"],
        says: &["3 runs in a row are outside"],
        ..PLAIN
    },
    Stray {
        name: "net-jitter",
        title: "each direction takes longer by 15 ms in the mean, each time otherwise",
        plants: Plants::Jitter(15.0),
        must: &["NET-07", "NET-20"],
        may: &["NET-06", "NET-15", "NET-17", "NET-21", "NET-23"],
        ..PLAIN
    },
    Stray {
        name: "net-loss",
        title: "2 % of all packets are lost, in both directions",
        plants: Plants::Loss { there: 0.02, back: 0.02 },
        must: &["NET-06", "NET-21"],
        connects: MORE,
        ..PLAIN
    },
    Stray {
        name: "net-loss-back",
        title: "4 % of the packets are lost on the way back only",
        plants: Plants::Loss { there: 0.0, back: 0.04 },
        must: &["NET-06", "NET-21"],
        connects: MORE,
        ..PLAIN
    },
    Stray {
        name: "net-mtu-black-hole",
        title: "packets of more than 1,400 bytes are swallowed, and nobody says so",
        plants: Plants::Swallowed,
        must: &["NET-14"],
        ..PLAIN
    },
    Stray {
        name: "net-detour",
        title: "five routers stand between, and none in the reference",
        plants: Plants::Routers(5),
        warns: &["NET-16"],
        ..PLAIN
    },
    Stray {
        name: "net-intercepted",
        title: "an authority that nobody knows vouches for the endpoint",
        plants: Plants::Intercepted,
        must: &["NET-10"],
        may: UNTRUSTED,
        says: &["intercepting proxy of the tests"],
        ..PLAIN
    },
    Stray {
        name: "net-trusted-interceptor",
        title: "an authority vouches for it that this machine trusts, and not the expected one",
        plants: Plants::TrustedInterceptor,
        must: &["NET-10"],
        says: &["intercepting proxy of the tests"],
        ..PLAIN
    },
    Stray {
        name: "net-expired",
        title: "its certificate has ended",
        plants: Plants::Expired,
        must: &["NET-09"],
        may: UNTRUSTED,
        says: &["was valid until"],
        ..PLAIN
    },
    Stray {
        name: "net-other-name",
        title: "its certificate stands for another host",
        plants: Plants::OtherName,
        must: &["NET-09"],
        may: UNTRUSTED,
        says: &["stands for another host"],
        ..PLAIN
    },
    Stray { name: "net-no-resumption", title: "no TLS session is resumed", plants: Plants::NoResumption, warns: &["NET-11"], ..PLAIN },
    Stray {
        name: "net-proxy",
        title: "it is reached through a proxy, and directly in the reference",
        plants: Plants::Proxy,
        must: &["NET-15"],
        untold: &["NET-22"],
        ..PLAIN
    },
    Stray {
        name: "net-reset",
        title: "connections are reset as soon as they stand",
        plants: Plants::Reset,
        must: &["NET-01"],
        untold: &["NET-20"],
        may: GIVEN_UP,
        ..PLAIN
    },
    Stray {
        name: "net-silent",
        title: "connections stand, and nothing is ever said on them",
        plants: Plants::Silent,
        must: &["NET-01"],
        untold: &["NET-20"],
        may: GIVEN_UP,
        ..PLAIN
    },
    Stray {
        name: "net-first-byte",
        title: "the first byte of an answer comes after 1.1 s",
        plants: Plants::FirstByte(1_100),
        must: &["NET-12"],
        may: TOO_FEW,
        connects: 24,
        ..PLAIN
    },
    Stray {
        name: "net-rate-limit",
        title: "it answers 429 with Retry-After",
        plants: Plants::Status(429),
        must: &["NET-13"],
        untold: &["NET-20"],
        may: GIVEN_UP,
        says: &["429"],
        ..PLAIN
    },
    Stray {
        name: "net-errors",
        title: "it answers 503",
        plants: Plants::Status(503),
        must: &["NET-13"],
        untold: &["NET-20"],
        may: GIVEN_UP,
        says: &["503"],
        ..PLAIN
    },
    Stray { name: "net-budget", title: "the TTFT that is aimed at is 15 ms", plants: Plants::Ttft(15.0), must: &["NET-17"], ..PLAIN },
    Stray {
        name: "net-old-reference",
        title: "what production's way is was written down nine months ago",
        plants: Plants::Document("2026-01-31"),
        must: &["NET-19"],
        ..PLAIN
    },
    Stray { name: "net-held-back", title: "whoever measures may use 3 % of a CPU", plants: Plants::OwnQuota, must: &["NET-18"], ..PLAIN },
    Stray {
        name: "net-few",
        title: "eight connects are made",
        plants: Plants::Nothing,
        must: &["NET-08"],
        untold: &["NET-17", "NET-20", "NET-23"],
        may: TOO_FEW,
        connects: 8,
        ..PLAIN
    },
];

/// What must come of a way that is as it was: a pass of all rules, or that they do not apply.
pub const SAME: &[Stray] = &[
    Stray { name: "as it was", title: "nothing is planted", connects: MANY, may: &[], ..PLAIN },
    Stray { name: "0.2 ms", title: "a round trip takes 0.2 ms more", plants: Plants::Delay(0.1), connects: MANY, may: &[], ..PLAIN },
];

impl Stray {
    /// Does it take more than some seconds?
    pub fn takes_long(&self) -> bool {
        matches!(self.plants, Plants::Silent | Plants::FirstByte(_) | Plants::Loss { .. } | Plants::DeadIpv6 | Plants::OwnQuota)
    }
    /// Rules that it may make say something else than a pass.
    pub fn touches(&self, rule: &str) -> bool {
        [self.must, self.warns, self.untold, self.may].iter().any(|rules| rules.contains(&rule))
    }
}
