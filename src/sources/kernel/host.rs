//! What the whole machine uses, as `/proc` tells it (proc_stat(5), proc_meminfo(5)).

use crate::{
    model::{
        evidence::Gap,
        units::Wall,
        usage::{Measure, SYSTEM_CPU},
    },
    reference::burner::clocks::wall_us,
    sources::notebook::Notebook,
};
use procfs::{CpuPressure, CpuTime, Current as _, CurrentSI as _, KernelStats, Meminfo};

/// Reads CPU time and steal; memory, pressure and bytes where it is their turn.
pub fn read(slow: bool, book: &mut Notebook) -> Result<(), Gap> {
    let before = wall_us();
    let stats = KernelStats::current().map_err(|e| Gap::Malformed(format!("kernel: /proc/stat cannot be read ({e})")))?;
    let at = Wall(i64::midpoint(before, wall_us()));
    let second = procfs::ticks_per_second() as f64;
    book.put(Measure::Cpu, at, busy(&stats.total) as f64 / second);
    if let Some(steal) = stats.total.steal {
        book.put(Measure::Steal, at, steal as f64 / second);
    }
    book.extra(SYSTEM_CPU, at, counted(&stats.total) as f64 / second);
    if !slow {
        return Ok(());
    }
    book.put(Measure::CpuLimit, at, stats.cpu_time.len() as f64);
    match Meminfo::current() {
        Ok(memory) => {
            book.put(Measure::MemoryLimit, at, memory.mem_total as f64);
            match memory.mem_available {
                Some(left) => book.put(Measure::MemoryUsage, at, memory.mem_total.saturating_sub(left) as f64),
                None => book.say("/proc/meminfo has no MemAvailable: memory in use is not told".into()),
            }
        }
        Err(e) => book.say(format!("/proc/meminfo cannot be read ({e})")),
    }
    match CpuPressure::current() {
        Ok(pressure) => book.put(Measure::Waiting, at, pressure.some.total as f64 / 1e6),
        Err(_) => book.say("/proc/pressure/cpu is not there: a kernel without pressure stall information does not tell who waits for a CPU".into()),
    }
    Ok(())
}

/// When it was started: seconds since the epoch, in whole ones.
pub fn began() -> Option<Wall> {
    procfs::boot_time_secs().ok().and_then(|s| i64::try_from(s).ok()).map(|s| Wall(s * 1_000_000))
}

/// All that was not idle, but for what the hypervisor gave to others. Guests' time lies within `user` and `nice`.
fn busy(cpu: &CpuTime) -> u64 {
    cpu.user + cpu.nice + cpu.system + cpu.irq.unwrap_or(0) + cpu.softirq.unwrap_or(0)
}

/// What Docker adds up as the time of all CPUs: the first seven figures, idle or not, without what the hypervisor gave to others.
fn counted(cpu: &CpuTime) -> u64 {
    busy(cpu) + cpu.idle + cpu.iowait.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use procfs::FromBufReadSI as _;

    #[test]
    fn guests_are_counted_once_and_steal_and_idle_not_at_all() {
        // Two CPUs; the first seven figures are user, nice, system, idle, iowait, irq, softirq, then steal, guest, guest_nice.
        let text = "cpu  1000 20 300 90000 4000 5 60 700 80 9\ncpu0 500 10 150 45000 2000 2 30 350 40 4\ncpu1 500 10 150 45000 2000 3 30 350 40 5\n\
                    intr 1 2 3\nctxt 55\nbtime 1700000000\nprocesses 5\nprocs_running 1\nprocs_blocked 0\n";
        let stats = KernelStats::from_buf_read(text.as_bytes(), procfs::current_system_info()).unwrap();
        assert_eq!((busy(&stats.total), stats.cpu_time.len()), (1_000 + 20 + 300 + 5 + 60, 2));
        assert_eq!(counted(&stats.total), 1_000 + 20 + 300 + 90_000 + 4_000 + 5 + 60);
    }

    #[test]
    fn this_machine_tells_its_own() {
        let mut book = Notebook::default();
        read(true, &mut book).unwrap();
        let (tracks, _) = book.close();
        let of = |claim: &str| tracks.tracks.iter().find(|t| t.claim.as_str() == claim).map(|t| t.samples[0].1);
        let (total, used) = (of("memory_limit").unwrap(), of("memory_usage").unwrap());
        assert!(used > 0.0 && used < total, "{used} of {total}");
        let cores = std::fs::read_to_string("/proc/cpuinfo").unwrap().lines().filter(|l| l.starts_with("processor")).count();
        assert_eq!(of("cpu_limit"), Some(cores as f64));
        // Nobody uses more than all CPUs since the machine was started.
        let up = (wall_us() - began().unwrap().0) as f64 / 1e6;
        let cpu = of("cpu").unwrap();
        assert!(cpu > 0.0 && cpu <= (up + 1.0) * cores as f64, "{cpu} in {up}");
        let all = of(SYSTEM_CPU).unwrap();
        assert!(all >= cpu && all <= (up + 1.0) * cores as f64, "{all} in {up}");
    }
}
