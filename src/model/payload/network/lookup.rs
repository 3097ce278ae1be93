use super::AddressClass;
use core::net::IpAddr;
use serde::{Deserialize, Serialize};

/// One question to one nameserver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lookup {
    /// Which kind of address was asked for.
    pub kind: RecordKind,
    /// Is it the first time that this run asks? What a cache on the way already held is not known, so this is cold at best.
    pub first: bool,
    /// From sending to having the answer, µs; where none came, for how long it was waited.
    pub took_us: u64,
    /// Was the answer too long for a datagram, so that it was asked for again over TCP?
    pub over_tcp: bool,
    /// Datagrams that came and were no answer to this question: another id, another name, no DNS at all.
    pub ignored: u32,
    /// How it ended.
    pub end: LookupEnd,
}

/// Kinds of records that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RecordKind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    #[serde(rename = "AAAA")]
    Aaaa,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupEnd {
    /// With an answer, an empty one included.
    Answered(Answers),
    /// With a code of its registry other than NOERROR: `NXDOMAIN`, `SERVFAIL`, `REFUSED`.
    Code(String),
    /// Nothing came.
    TimedOut,
    /// Nobody listens there (ICMP port unreachable, or RST).
    Refused,
    /// There is no way there.
    Unreachable,
    /// What came over TCP cannot be read.
    Malformed,
    /// The act's own end came first.
    Cut,
}

/// What a nameserver answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    /// Addresses in the order given, 64 at most.
    pub addresses: Vec<IpAddr>,
    /// Where they can be reached from, each class once.
    pub classes: Vec<AddressClass>,
    /// The names that the name stands for, in order of the chain, 16 at most.
    pub cnames: Vec<String>,
    /// The least time to live of all records, s; `None`: there is no record.
    pub ttl_s: Option<u32>,
    /// Did an authority answer, not a cache?
    pub authoritative: bool,
}

impl Lookup {
    /// The addresses, sorted; `None` where there is no answer.
    pub fn set(&self) -> Option<Vec<IpAddr>> {
        let LookupEnd::Answered(answers) = &self.end else { return None };
        let mut set = answers.addresses.clone();
        set.sort();
        Some(set)
    }
}
