use crate::reference::burner::clocks::thread_cpu;
use std::time::Duration;

/// How often something is done that may take long: each second as long as it takes less than its share of it, else more rarely.
#[derive(Debug)]
pub struct Pacing {
    /// CPU time that it may take of a second.
    share: f64,
    /// It is done each so many seconds.
    every: u32,
    /// Seconds until it is done again.
    wait: u32,
    /// The most seconds that were between two.
    most: u32,
}

/// Never more rarely than this.
const RAREST: u32 = 10;

impl Pacing {
    /// May take this share of a CPU.
    pub fn new(share: f64) -> Pacing {
        Pacing { share, every: 1, wait: 0, most: 1 }
    }
    /// Is it its turn in this second? Asked once a second.
    pub fn turn(&mut self) -> bool {
        self.wait = self.wait.saturating_sub(1);
        self.wait == 0
    }
    /// Does it, and takes the time.
    pub fn timed<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = thread_cpu();
        let done = work();
        self.took(thread_cpu().saturating_sub(began));
        done
    }
    fn took(&mut self, cpu: Duration) {
        let wanted = (cpu.as_secs_f64() / self.share).ceil().clamp(1.0, f64::from(RAREST)) as u32;
        // Slowly more often again: one quick round among slow ones proves nothing.
        self.every = wanted.max(self.every.saturating_sub(1));
        self.wait = self.every;
        self.most = self.most.max(self.every);
    }
    /// The most seconds that were between two.
    pub fn most(&self) -> u32 {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_done_more_rarely() {
        let mut pacing = Pacing::new(0.005);
        let mut done = vec![];
        for second in 0..16 {
            if pacing.turn() {
                done.push(second);
                pacing.took(Duration::from_micros(if second < 3 { 4_900 } else { 12_000 }));
            }
        }
        assert_eq!((done, pacing.most()), (vec![0, 1, 2, 3, 6, 9, 12, 15], 3));
        pacing.took(Duration::from_secs(5));
        pacing.took(Duration::ZERO);
        assert_eq!((pacing.every, pacing.most()), (9, 10));
    }
}
