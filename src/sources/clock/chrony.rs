//! chronyd's answer to `tracking`, by its own protocol (chrony `candm.h`, version 6): one datagram each way.
#![allow(clippy::disallowed_methods, reason = "its replies are received from the one address that is asked")]

use super::Told;
use crate::{
    engine::wall_now,
    model::{
        evidence::{Gap, Method},
        payload::{ClockReading, ClockReadings},
        source::{Cost, Slot},
    },
};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::net::{UdpSocket, lookup_host};

const VERSION: u8 = 6;
const REQUEST: u8 = 1;
const REPLY: u8 = 2;
const TRACKING: u16 = 33;
const TRACKING_REPLY: u16 = 5;
/// Header of a reply, then the reference's id and address, stratum, leap status, time of the last update, nine floats. A request
/// is as long as its reply, so that nobody can amplify with it.
const LENGTH: usize = 104;
/// Not synchronised (the leap indicator of RFC 5905).
const UNSYNCHRONISED: u16 = 3;
/// The reference of a chronyd that follows nothing but itself (`local`, chrony's `NTP_REFID_LOCAL`): it says 0 of its own offset.
const ITSELF: u32 = 0x7f7f_0101;
/// From this stratum on nothing is synchronised (RFC 5905, MAXSTRAT); 0 is not known.
const MOST_STRATA: u16 = 16;
/// Datagrams may be lost.
const TRIES: u16 = 3;
const PATIENCE: Duration = Duration::from_secs(1);

/// Of a reply no more is read; it has 104 bytes.
pub const MOST: usize = 1 << 10;

/// A chronyd.
pub struct Chronyd {
    at: String,
    queries: AtomicU64,
    bytes: AtomicU64,
}

/// What bounds the clock of its host, s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tracking {
    /// Why nothing bounds it, if nothing does.
    follows_nothing: Option<&'static str>,
    /// How far the clock is slow of NTP time.
    slow: f64,
    root_delay: f64,
    root_dispersion: f64,
}

impl Chronyd {
    /// At `host:port`.
    pub fn new(at: String) -> Chronyd {
        Chronyd { at, queries: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }
    /// What asking has cost so far.
    pub fn cost(&self) -> Cost {
        Cost { queries: self.queries.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
    /// Asks for `tracking`.
    pub async fn tracking(&self, slot: &Slot) -> Result<Told, Gap> {
        tokio::select! {
            () = slot.cancel.cancelled() => Err(Gap::NotReached("interrupted".into())),
            told = self.exchange() => told,
        }
    }

    async fn exchange(&self) -> Result<Told, Gap> {
        let at = &self.at;
        let failed = |e: std::io::Error| Gap::Unreachable(format!("{at}: {e}; does chronyd listen there (`cmdport`, `bindcmdaddress`, `cmdallow`)?"));
        let to = lookup_host(at.as_str()).await.map_err(failed)?.next().ok_or_else(|| Gap::Unreachable(format!("{at}: no address")))?;
        let socket = UdpSocket::bind(if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" }).await.map_err(failed)?;
        // Only what comes from there is received.
        socket.connect(to).await.map_err(failed)?;
        let mut reply = [0; MOST];
        for attempt in 0..TRIES {
            self.queries.fetch_add(1, Ordering::Relaxed);
            socket.send(&request(attempt)).await.map_err(failed)?;
            let Ok(read) = tokio::time::timeout(PATIENCE, socket.recv(&mut reply)).await else { continue };
            let read = read.map_err(failed)?;
            self.bytes.fetch_add(read as u64, Ordering::Relaxed);
            let tracking = tracking(&reply[..read]).map_err(|why| Gap::Malformed(format!("{at}: {why}")))?;
            return Ok(Told {
                readings: tracking.readings(),
                request: format!("chrony tracking {at}"),
                server: Some("chronyd".into()),
                method: Method::Reported,
                notes: vec![],
            });
        }
        Err(Gap::TooLate(format!("{at}: no answer to {TRIES} requests; chronyd answers other hosts only with `cmdallow` and `bindcmdaddress`")))
    }
}

impl Tracking {
    /// As an interval around UTC.
    pub fn readings(self) -> ClockReadings {
        // The three terms of NTP's bound on a clock: its offset, and root dispersion and half the root delay around it.
        let (ahead, around) = (-self.slow * 1e3, (self.root_dispersion + self.root_delay / 2.0) * 1e3);
        let reading = ClockReading { at: wall_now(), lo_ms: ahead - around, hi_ms: ahead + around };
        ClockReadings {
            against: "UTC".into(),
            by: "chrony: the offset, root dispersion and half the root delay".into(),
            readings: vec![reading],
            unbounded: self.follows_nothing.map(Into::into),
        }
    }
}

fn request(attempt: u16) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    (packet[0], packet[1]) = (VERSION, REQUEST);
    packet[4..6].copy_from_slice(&TRACKING.to_be_bytes());
    packet[6..8].copy_from_slice(&attempt.to_be_bytes());
    packet[8..12].copy_from_slice(&SEQUENCE.to_be_bytes());
    packet
}

/// Our number of a request; a reply repeats it.
const SEQUENCE: u32 = 0x7269_6763;

/// Reads a reply, or says what it is instead.
pub fn tracking(reply: &[u8]) -> Result<Tracking, String> {
    let u16_at = |at: usize| reply.get(at..at + 2).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
    let u32_at = |at: usize| reply.get(at..at + 4).map_or(0, |b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    if reply.len() < 28 || reply[0] != VERSION || reply[1] != REPLY || u32_at(16) != SEQUENCE {
        return Err("is no chronyd that speaks version 6 of its protocol (chrony 2.2 and later)".into());
    }
    match (u16_at(8), u16_at(6)) {
        (0, TRACKING_REPLY) if reply.len() >= LENGTH => {}
        (0, _) => return Err("answers something else than what was asked".into()),
        (status, _) => return Err(format!("refuses with status {status}")),
    }
    let all = Tracking {
        follows_nothing: follows_nothing(u32_at(28), u16_at(52), u16_at(54)),
        slow: float(u32_at(68)),
        root_delay: float(u32_at(92)),
        root_dispersion: float(u32_at(96)),
    };
    let sane = [all.slow, all.root_delay, all.root_dispersion].iter().all(|x| x.is_finite());
    if sane && all.root_delay >= 0.0 && all.root_dispersion >= 0.0 { Ok(all) } else { Err("answers with numbers that bound nothing".into()) }
}

fn follows_nothing(reference: u32, stratum: u16, leap: u16) -> Option<&'static str> {
    if leap == UNSYNCHRONISED || stratum == 0 || stratum >= MOST_STRATA {
        Some("chrony says that the clock is not synchronised: nothing bounds it")
    } else if reference == ITSELF {
        Some("chrony follows no other clock but its own (`local`): nothing bounds it; name a `server` or a `refclock` in chrony.conf")
    } else {
        None
    }
}

/// chrony's own float: 7 bits of exponent, 25 bits of coefficient, both in two's complement (`util.c`, `UTI_FloatNetworkToHost`).
fn float(bits: u32) -> f64 {
    let signed = |value: u32, width: i32| {
        let value = f64::from(value);
        if value >= 2_f64.powi(width - 1) { value - 2_f64.powi(width) } else { value }
    };
    let (exponent, coefficient) = (signed(bits >> 25, 7), signed(bits & 0x1ff_ffff, 25));
    coefficient * 2_f64.powi(exponent as i32 - 25)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "powers of two")]
    fn chronys_floats() {
        // 0.5 is 2^24 / 2^25, whose coefficient needs the exponent 1 to stay below the sign: 2^23 · 2^(1 - 25).
        assert_eq!(float((1 << 25) | (1 << 23)), 0.5);
        assert_eq!(float((1 << 25) | (0x1ff_ffff & (0_u32.wrapping_sub(1 << 23)))), -0.5);
        assert_eq!(float(0), 0.0);
        assert_eq!(float((0x7f << 25) | (1 << 23)), 0.125, "exponent -1");
    }

    #[test]
    fn a_reply_is_read_and_anything_else_is_refused() {
        let mut reply = [0_u8; LENGTH];
        (reply[0], reply[1], reply[7]) = (VERSION, REPLY, 5);
        reply[16..20].copy_from_slice(&SEQUENCE.to_be_bytes());
        reply[53] = 2;
        let half = ((1_u32 << 25) | (1 << 23)).to_be_bytes();
        for at in [68, 92, 96] {
            reply[at..at + 4].copy_from_slice(&half);
        }
        let read = tracking(&reply).unwrap();
        assert_eq!(read, Tracking { follows_nothing: None, slow: 0.5, root_delay: 0.5, root_dispersion: 0.5 });
        let told = read.readings();
        assert!((told.readings[0].lo_ms + 1250.0).abs() < 1e-9 && (told.readings[0].hi_ms - 250.0).abs() < 1e-9, "{told:?}");
        let unbounded = |reply: &[u8]| tracking(reply).unwrap().readings().unbounded;
        for (at, value) in [(55, 3), (53, 0), (53, 16)] {
            let before = std::mem::replace(&mut reply[at], value);
            assert!(unbounded(&reply).is_some_and(|why| why.contains("not synchronised")), "{at} {value}");
            reply[at] = before;
        }
        reply[28..32].copy_from_slice(&ITSELF.to_be_bytes());
        assert!(unbounded(&reply).is_some_and(|why| why.contains("local")));
        reply[9] = 2;
        assert!(tracking(&reply).unwrap_err().contains("status 2"));
        assert!(tracking(&reply[..20]).is_err() && tracking(b"hello").is_err());
    }
}
