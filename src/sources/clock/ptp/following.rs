//! What ptp4l's data sets say of the clock of their host.

use super::message::{DataSet, at_least, u16_at};
use crate::model::{
    payload::{ClockReading, ClockReadings},
    units::{Ms, Wall},
};

/// States of a port (table 8 of IEEE 1588-2008).
const UNCALIBRATED: u8 = 8;
const SLAVE: u8 = 9;
/// The time stamping of the kernel's clock (`timestamp_type`, linuxptp `transport.h`); all others are a network card's.
const SOFTWARE: u8 = 0;
/// Flags of the time properties (table 20 of the standard).
const UTC_OFFSET_VALID: u8 = 1 << 2;
const PTP_TIMESCALE: u8 = 1 << 3;
const TIME_TRACEABLE: u8 = 1 << 4;
/// The first clockAccuracy that has a meaning: 1 ps (table 5 of IEEE 1588-2019; the edition of 2008 begins with 0x20, 25 ns).
const FIRST_ACCURACY: u8 = 0x17;
/// From there on, ns; the last one is 0x30.
const ACCURACIES: [f64; 26] = [
    1e-3, 2.5e-3, 1e-2, 2.5e-2, 1e-1, 2.5e-1, 1.0, 2.5, 10.0, 25.0, 100.0, 250.0, 1e3, 2.5e3, 1e4, 2.5e4, 1e5, 2.5e5, 1e6, 2.5e6, 1e7, 2.5e7, 1e8,
    2.5e8, 1e9, 1e10,
];
/// The most by which the kernel's clock may be made to run fast or slow, and by which the kernel widens its own bound
/// (`MAXFREQ`, Linux `include/linux/timex.h`).
const MOST_DRIFT: f64 = 500e-6;
const NS: f64 = 1e-6;
/// What else bounds a clock, where this one's keeper does not.
const ELSE: &str = "name `chrony` in its place where it runs, or remove this source: the stamps of our own requests bound clocks too";

/// One ptp4l and whom it follows.
#[derive(Clone, Debug, Default)]
pub struct Following {
    /// How many ports it has.
    pub ports: u16,
    port: Option<Port>,
    refused: bool,
    parent: [u8; 8],
    class: u8,
    accuracy: u8,
    flags: u8,
    steps: u16,
    delay_ns: f64,
    offset_ns: f64,
    ingress_ns: i64,
    present: bool,
    grandmaster: [u8; 8],
}

#[derive(Clone, Copy, Debug)]
struct Port {
    state: u8,
    timestamping: u8,
}

impl Following {
    /// Reads a data set, which has its fixed part ([`Reply::Data`](super::message::Reply::Data)). Of several ports the one that
    /// follows counts.
    pub fn learn(&mut self, set: DataSet, data: &[u8]) {
        let byte = |at: usize| data.get(at).copied().unwrap_or_default();
        let i64_at = |at: usize| i64::from_be_bytes(at_least(data, at));
        match set {
            DataSet::Default => self.ports = u16_at(data, 2),
            DataSet::PortProperties => {
                let port = Port { state: byte(10), timestamping: byte(11) };
                let rank = |p: &Port| [UNCALIBRATED, SLAVE].iter().position(|s| *s == p.state);
                if self.port.is_none_or(|before| rank(&before) < rank(&port)) {
                    self.port = Some(port);
                }
            }
            DataSet::Parent => (self.class, self.accuracy, self.parent) = (byte(19), byte(20), at_least(data, 24)),
            DataSet::TimeProperties => self.flags = byte(2),
            // A TimeInterval: nanoseconds times 2^16.
            DataSet::Current => (self.steps, self.delay_ns) = (u16_at(data, 0), i64_at(10) as f64 / 65_536.0),
            DataSet::TimeStatus => {
                (self.offset_ns, self.ingress_ns) = (i64_at(0) as f64, i64_at(8));
                (self.present, self.grandmaster) = (at_least(data, 38) != [0; 4], at_least(data, 42));
            }
        }
    }
    /// The socket does not tell a port's properties: ptp4l's read-only one.
    pub fn refuse_ports(&mut self) {
        self.refused = true;
    }
    /// Does one of the ports that were asked follow a master?
    pub fn has_slave(&self) -> bool {
        self.port.is_some_and(|p| p.state == SLAVE)
    }
    /// What it comes to `now`, on the kernel's clock.
    pub fn readings(&self, now: Wall) -> ClockReadings {
        // As `<time of the slave> - <time of the master>`, after which UTC is taken from PTP's own time (`clock_utc_correct`).
        let ahead = self.offset_ns * NS;
        // The path may lie wholly on one side of the round trip.
        let around = (self.delay_ns.abs() + self.accuracy().unwrap_or_default()) * NS + MOST_DRIFT * self.age_ms(now);
        ClockReadings {
            against: if self.traceable() { "UTC".into() } else { "its PTP grandmaster".into() },
            by: "ptp4l: the offset from its grandmaster, the mean path delay, the grandmaster's accuracy, and the age of all that".into(),
            readings: vec![ClockReading { at: now, lo_ms: ahead - around, hi_ms: ahead + around }],
            unbounded: self.unbounded(),
        }
    }
    /// What a bound rests on that nobody tells.
    pub fn notes(&self) -> Vec<String> {
        let between = self.steps.saturating_sub(1);
        let note = format!("{between} boundary clocks between this host and its grandmaster are taken to pass its time on");
        if between == 0 { vec![] } else { vec![note] }
    }

    fn traceable(&self) -> bool {
        self.flags & (UTC_OFFSET_VALID | PTP_TIMESCALE | TIME_TRACEABLE) == UTC_OFFSET_VALID | PTP_TIMESCALE | TIME_TRACEABLE
    }
    /// How far the grandmaster says that it may be off, ns.
    fn accuracy(&self) -> Option<f64> {
        ACCURACIES.get(usize::from(self.accuracy.checked_sub(FIRST_ACCURACY)?)).copied()
    }
    fn age_ms(&self, now: Wall) -> f64 {
        (now.0 as f64 / 1e3 - self.ingress_ns as f64 * NS).abs()
    }
    fn unbounded(&self) -> Option<String> {
        let offset = format!("{:+}", Ms(self.offset_ns * NS));
        let flag = |bit: u8| u8::from(self.flags & bit != 0);
        let why = if !self.present {
            format!("ptp4l follows no grandmaster, it is one itself: that bounds nothing; {ELSE}")
        } else if self.refused {
            "this socket does not tell whose clock is stamped, the kernel's or a network card's; name the other one (`/var/run/ptp4l`), of which nothing \
             but GET is asked"
                .into()
        } else if self.port.is_some_and(|p| p.state == UNCALIBRATED) {
            "ptp4l is not locked to its grandmaster (UNCALIBRATED): try again; one that runs free (`free_running`) says so until it is told \
             `pmc -u -b 0 'SET SYNCHRONIZATION_UNCERTAIN_NP 0'`"
                .into()
        } else if !self.has_slave() {
            format!("no port of ptp4l is SLAVE: it follows nobody at the moment; look into its log, or {ELSE}")
        } else if self.port.is_some_and(|p| p.timestamping != SOFTWARE) {
            format!(
                "ptp4l stamps in hardware: its offset ({offset}) is the network card's clock's; phc2sys sets the kernel's by it, and nothing tells here \
                 how well; have chrony set it, with that clock as a `refclock PHC`, and {ELSE}"
            )
        } else if self.parent != self.grandmaster {
            "ptp4l took another grandmaster while it was asked: try again".into()
        } else if !self.traceable() {
            format!(
                "the grandmaster's time is not traceable to UTC (clockClass {}, ptpTimescale {}, currentUtcOffsetValid {}, timeTraceable {}): an offset \
                 to it ({offset}) says nothing of other hosts; correct the grandmaster, or {ELSE}",
                self.class,
                flag(PTP_TIMESCALE),
                flag(UTC_OFFSET_VALID),
                flag(TIME_TRACEABLE)
            )
        } else if self.accuracy().is_none() {
            format!(
                "the grandmaster does not say how far it may be off (clockAccuracy {:#04x}); an offset to it ({offset}) bounds nothing; correct the \
                 grandmaster, or {ELSE}",
                self.accuracy
            )
        } else if self.ingress_ns == 0 {
            "ptp4l has received no time since its clock was stepped or its master changed: try again".into()
        } else if self.delay_ns == 0.0 {
            format!(
                "ptp4l tells no path delay, with `delay_mechanism P2P` or before its first measurement: an offset ({offset}) alone bounds nothing; {ELSE}"
            )
        } else {
            return None;
        };
        Some(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Wall = Wall(1_795_685_548_000_000);
    /// Stamped 200 ms before `NOW`: 0.1 ms at most may have been lost since.
    const INGRESS: i64 = (NOW.0 - 200_000) * 1_000;

    /// The data sets, laid out by hand as the standard's tables 50 to 56 and linuxptp's `tlv.h` have them.
    struct Sets {
        default: Vec<u8>,
        port: Vec<u8>,
        parent: Vec<u8>,
        time: Vec<u8>,
        current: Vec<u8>,
        status: Vec<u8>,
    }

    /// 12 µs ahead of a grandmaster at 3 µs, which knows UTC to 100 ns.
    fn sets() -> Sets {
        let us = |us: i64| ((us * 1_000) << 16).to_be_bytes();
        Sets {
            default: [&[3, 0, 0, 1, 128, 248, 0xfe, 0xff, 0xff, 128][..], &[1; 8], &[0, 0]].concat(),
            port: [&[1; 8][..], &[0, 1, SLAVE, SOFTWARE, 4], b"eth0"].concat(),
            parent: [&[9; 8][..], &[0, 1, 0, 0, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 128, 6, 0x21, 0x4e, 0x5d, 128], &[9; 8]].concat(),
            time: vec![0, 37, 0x3c, 0x20],
            current: [&[0, 1][..], &us(12), &us(3)].concat(),
            status: [&12_000_i64.to_be_bytes()[..], &INGRESS.to_be_bytes(), &[0; 22], &[0, 0, 0, 1], &[9; 8]].concat(),
        }
    }

    fn told(change: impl FnOnce(&mut Sets)) -> ClockReadings {
        let mut sets = sets();
        change(&mut sets);
        let mut following = Following::default();
        for (set, data) in DataSet::ALL.into_iter().zip([&sets.default, &sets.port, &sets.parent, &sets.time, &sets.current, &sets.status]) {
            following.learn(set, data);
        }
        following.readings(NOW)
    }

    #[test]
    fn an_offset_with_all_that_it_may_be_wrong_by() {
        let told = told(|_| {});
        let [one] = told.readings.as_slice() else { panic!("{told:?}") };
        let around = 3e-3 + 1e-4 + 0.1;
        assert!((one.lo_ms - (0.012 - around)).abs() < 1e-9 && (one.hi_ms - (0.012 + around)).abs() < 1e-9, "{one:?}");
        assert_eq!((told.against.as_str(), told.unbounded), ("UTC", None));
    }

    #[test]
    fn what_bounds_nothing_says_why() {
        let unbounded = |change: &dyn Fn(&mut Sets)| told(|sets| change(sets)).unbounded.unwrap_or_default();
        let cases: [(&dyn Fn(&mut Sets), &str); 13] = [
            (&|s| s.status[41] = 0, "is one itself"),
            (&|s| s.port[10] = UNCALIBRATED, "UNCALIBRATED"),
            (&|s| s.port[10] = 4, "no port of ptp4l is SLAVE"),
            (&|s| s.port[11] = 1, "stamps in hardware: its offset (+0.01 ms)"),
            (&|s| s.port[11] = 2, "stamps in hardware"),
            (&|s| s.parent[31] = 8, "another grandmaster"),
            (&|s| s.time[2] = 0x2c, "timeTraceable 0"),
            (&|s| s.time[2] = 0x34, "ptpTimescale 0"),
            (&|s| s.time[2] = 0x38, "currentUtcOffsetValid 0"),
            (&|s| s.parent[20] = 0xfe, "clockAccuracy 0xfe"),
            (&|s| s.parent[20] = 0x31, "clockAccuracy 0x31"),
            (&|s| s.status[8..16].fill(0), "has received no time"),
            (&|s| s.current[10..18].fill(0), "no path delay"),
        ];
        for (change, why) in cases {
            assert!(unbounded(change).contains(why), "{why}: {}", unbounded(change));
        }
        let untraceable = told(|s| s.time[2] = 0);
        assert_eq!(untraceable.against, "its PTP grandmaster");
    }

    #[test]
    fn what_is_old_or_far_or_vague_bounds_less() {
        let width = |change: &dyn Fn(&mut Sets)| {
            let told = told(|sets| change(sets));
            assert_eq!(told.unbounded, None);
            (told.readings[0].hi_ms - told.readings[0].lo_ms) / 2.0
        };
        let before = width(&|_| {});
        // 20 s more at 500 ppm, before or after: a clock may have been stepped.
        for seconds in [20, -20] {
            let wider = width(&|s| s.status[8..16].copy_from_slice(&(NOW.0 * 1_000 - seconds * 1_000_000_000).to_be_bytes()));
            assert!((wider - before - 9.9).abs() < 1e-6, "{wider}");
        }
        assert!((width(&|s| s.current[10..18].copy_from_slice(&(-(5_003_000_i64 << 16)).to_be_bytes())) - before - 5.0).abs() < 1e-6);
        // Table 5 of the standard: 1 ms, 10 s, 25 ns and 1 ps.
        for (code, ms) in [(0x29, 1.0), (0x30, 1e4), (0x20, 25e-6), (0x17, 1e-9)] {
            let around = width(&|s| s.parent[20] = code);
            assert!((around - before - (ms - 1e-4)).abs() < 1e-9, "{code:#x}: {around}");
        }
    }

    #[test]
    fn of_several_ports_the_one_that_follows_counts() {
        let port = |state: u8, timestamping: u8| [&[1; 8][..], &[0, 1, state, timestamping, 0]].concat();
        for (states, slave) in [(vec![6, SLAVE, 7], true), (vec![SLAVE, UNCALIBRATED], true), (vec![4, UNCALIBRATED, 6], false), (vec![], false)] {
            let mut following = Following { present: true, ..Following::default() };
            for state in &states {
                following.learn(DataSet::PortProperties, &port(*state, 1));
            }
            assert_eq!(following.has_slave(), slave, "{states:?}");
            let why = following.readings(NOW).unbounded.unwrap_or_default();
            assert_eq!(why.contains("UNCALIBRATED"), states.contains(&UNCALIBRATED) && !slave, "{why}");
        }
        let between = Following { steps: 3, ..Following::default() };
        assert!(between.notes()[0].starts_with("2 boundary clocks"), "{:?}", between.notes());
        assert!(Following { steps: 1, ..Following::default() }.notes().is_empty());
    }
}
