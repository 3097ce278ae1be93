use super::room::Room;
use crate::model::{
    bytes::{Bytes, BytesPerSecond},
    payload::{BurnAsked, BurnPattern},
    units::Ms,
};

/// A load that this machine can give: what was asked for, looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Burn {
    asked: BurnAsked,
}

/// Why a load is not begun.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadBurn {
    /// Nothing to do.
    #[error("nothing is asked for: give --cpu, --memory or --network")]
    Nothing,
    /// No number of cores.
    #[error("--cpu {0}: write the cores to burn as a number above 0, such as 0.5 or 1.5")]
    Cores(f64),
    /// More than there are.
    #[error("--cpu {asked}: this process may use {there} CPUs; ask for at most {there}")]
    TooManyCores {
        /// Asked for.
        asked: f64,
        /// Allowed by the CPU affinity.
        there: u32,
    },
    /// No time, or too much of it.
    #[error("--for {0}: a burn lasts at least 100 ms and at most 1 h")]
    Length(Ms),
    /// A period that cannot be kept.
    #[error("--period {0}: a duty cycle takes at least 10 ms and at most 10 s")]
    Period(Ms),
    /// Bursts that are none.
    #[error("--burst {burst} --every {every}: a burst takes at least 10 ms and ends before the next one begins")]
    Bursts {
        /// Length.
        burst: Ms,
        /// Distance of beginnings.
        every: Ms,
    },
    /// Somebody else would lose memory.
    #[error("--memory {asked}: {there} are available here, and a burn takes at most 80 % of that; ask for at most {}", Bytes(most(*there)))]
    TooMuchMemory {
        /// Asked for.
        asked: Bytes,
        /// Available.
        there: Bytes,
    },
    /// What is available could not be read.
    #[error("--memory {0}: /proc/meminfo does not tell how much is available, so that nothing is taken")]
    UnknownMemory(Bytes),
    /// More than loopback carries.
    #[error("--network {0}: a burn sends at most 1 GB/s over loopback")]
    TooFast(BytesPerSecond),
}

/// The most that is taken of available memory: 80 %, so that what runs beside a burn is not killed for want of it.
fn most(there: Bytes) -> u64 {
    (there.0 as f64 * 0.8) as u64
}

impl Burn {
    /// Looks at what is asked for, beside what there is.
    pub fn new(asked: BurnAsked, room: &Room) -> Result<Burn, BadBurn> {
        let (cores, memory, network) = (asked.cpu_cores, Bytes(asked.memory_bytes), BytesPerSecond(asked.network_bytes_per_s));
        if !cores.is_finite() || cores < 0.0 {
            return Err(BadBurn::Cores(cores));
        }
        if cores == 0.0 && memory.0 == 0 && network.0 <= 0.0 {
            return Err(BadBurn::Nothing);
        }
        if cores > f64::from(room.cores) {
            return Err(BadBurn::TooManyCores { asked: cores, there: room.cores });
        }
        if !(100.0..=3_600e3).contains(&asked.for_ms) {
            return Err(BadBurn::Length(Ms(asked.for_ms)));
        }
        if !(10.0..=10e3).contains(&asked.period_ms) {
            return Err(BadBurn::Period(Ms(asked.period_ms)));
        }
        match asked.pattern {
            BurnPattern::Bursts { burst_ms, every_ms } if burst_ms < 10.0 || burst_ms >= every_ms => {
                return Err(BadBurn::Bursts { burst: Ms(burst_ms), every: Ms(every_ms) });
            }
            _ => {}
        }
        if memory.0 > 0 {
            let there = room.memory.ok_or(BadBurn::UnknownMemory(memory))?;
            if memory.0 > most(there) {
                return Err(BadBurn::TooMuchMemory { asked: memory, there });
            }
        }
        // Loopback TCP carries some GB/s on a core; beyond one the sockets, not the load, are what is measured.
        if network.0 > 1e9 {
            return Err(BadBurn::TooFast(network));
        }
        Ok(Burn { asked })
    }
    /// What was asked for.
    pub fn asked(&self) -> &BurnAsked {
        &self.asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { cores: 2, memory: Some(Bytes(1 << 30)) };

    fn asked() -> BurnAsked {
        BurnAsked {
            cpu_cores: 0.5,
            quota_cores: None,
            memory_bytes: 1 << 20,
            network_bytes_per_s: 1e6,
            pattern: BurnPattern::Steady,
            period_ms: 100.0,
            for_ms: 10e3,
        }
    }

    #[test]
    fn what_cannot_be_given_is_refused() {
        let new = |change: &dyn Fn(&mut BurnAsked)| {
            let mut asked = asked();
            change(&mut asked);
            Burn::new(asked, &ROOM).map(|burn| burn.asked.cpu_cores)
        };
        assert_eq!(new(&|_| ()), Ok(0.5));
        assert_eq!(new(&|a| a.cpu_cores = 2.0), Ok(2.0));
        assert_eq!(new(&|a| a.cpu_cores = 2.1), Err(BadBurn::TooManyCores { asked: 2.1, there: 2 }));
        assert_eq!(new(&|a| a.cpu_cores = -1.0), Err(BadBurn::Cores(-1.0)));
        assert!(matches!(new(&|a| a.cpu_cores = f64::NAN), Err(BadBurn::Cores(_))));
        assert_eq!(new(&|a| (a.cpu_cores, a.memory_bytes, a.network_bytes_per_s) = (0.0, 0, 0.0)), Err(BadBurn::Nothing));
        for length in [0.0, 99.0, 3_600_001.0, f64::NAN] {
            assert!(matches!(new(&|a| a.for_ms = length), Err(BadBurn::Length(_))), "{length}");
        }
        assert!(matches!(new(&|a| a.period_ms = 5.0), Err(BadBurn::Period(_))));
        for (burst_ms, every_ms) in [(5.0, 100.0), (100.0, 100.0), (0.0, 0.0)] {
            assert!(matches!(new(&|a| a.pattern = BurnPattern::Bursts { burst_ms, every_ms }), Err(BadBurn::Bursts { .. })));
        }
        let much = new(&|a| a.memory_bytes = 900 << 20).unwrap_err();
        assert_eq!(
            much.to_string(),
            "--memory 900.0 MiB: 1.00 GiB are available here, and a burn takes at most 80 % of that; ask for at most 819.2 MiB"
        );
        let room = |left| Burn::new(asked(), &ROOM.within(left)).is_ok();
        assert!(room(None) && room(Some(Bytes(2 << 30))) && room(Some(Bytes(2 << 20))) && !room(Some(Bytes(1 << 20))));
        assert!(matches!(Burn::new(asked(), &Room { memory: None, ..ROOM }), Err(BadBurn::UnknownMemory(_))));
        assert!(matches!(new(&|a| a.network_bytes_per_s = 2e9), Err(BadBurn::TooFast(_))));
    }
}
