//! The known load, beside what others count of it. What it got depends on the machine; that it tells what it got does not.

use rigcheck::{
    model::{
        payload::{BurnAsked, BurnPattern, Burned},
        units::Wall,
    },
    reference::burner::{Burn, Burner, Room},
};
use std::{
    thread::sleep,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

fn asked(for_ms: f64) -> BurnAsked {
    BurnAsked { cpu_cores: 0.3, quota_cores: None, memory_bytes: 0, network_bytes_per_s: 0.0, pattern: BurnPattern::Steady, period_ms: 100.0, for_ms }
}

fn begin(asked: BurnAsked) -> Burner {
    let room = Room::here();
    Burner::start(Burn::new(asked, &room).unwrap(), room, &CancellationToken::new()).unwrap()
}

fn burn(asked: BurnAsked) -> Burned {
    let burner = begin(asked);
    sleep(burner.over_at().saturating_duration_since(Instant::now()));
    burner.stop()
}

#[test]
fn the_cpu_time_is_what_was_asked_for_unless_the_machine_was_busy() {
    let burned = burn(asked(2_000.0));
    let (last, wanted) = (burned.last().unwrap(), 0.6);
    assert!(last.workers_cpu_s <= wanted + 0.02, "never above what was asked for: {last:?}");
    // Less than that only where the machine itself counts that its CPUs were short.
    let short = (last.workers_cpu_s - wanted).abs() > 0.05 * wanted + 0.05;
    assert!(!short || burned.crowding.waited_s.is_none_or(|s| s > 0.05) || burned.crowding.others_s.is_none_or(|s| s > 1.0), "{burned:?}");
    assert!(!burned.interrupted && (1.99..4.0).contains(&burned.lasted_s()), "{}", burned.lasted_s());
    assert!(burned.samples.len() > 5 && burned.samples.len() <= 21, "{}", burned.samples.len());
    for pair in burned.samples.windows(2) {
        assert!(pair[0].mono_ns < pair[1].mono_ns && pair[0].cpu_s <= pair[1].cpu_s && pair[0].workers_cpu_s <= pair[1].workers_cpu_s, "{pair:?}");
    }
    // Threads that burn are part of the process, whose clock may lag by a tick.
    assert!(last.cpu_s + 0.01 >= last.workers_cpu_s, "{last:?}");
    assert!(burned.by.sampler_s > 0.0 && burned.by.sampler_s < 0.5, "{:?}", burned.by);
    let middle = Wall(i64::midpoint(burned.samples[0].at_us, last.at_us));
    let read = burned.at(middle).unwrap();
    assert!(read.cpu_s > 0.0 && read.cpu_s < last.cpu_s, "{read:?}");
}

#[test]
fn between_bursts_nothing_burns() {
    let pattern = BurnPattern::Bursts { burst_ms: 200.0, every_ms: 1_000.0 };
    let burned = burn(BurnAsked { pattern, cpu_cores: 1.0, ..asked(2_900.0) });
    let start = burned.samples[0].mono_ns;
    let at = |ms: u64| burned.samples.iter().filter(move |s| s.mono_ns - start <= ms * 1_000_000).map(|s| s.workers_cpu_s).fold(0.0, f64::max);
    for burst in [0, 1_000, 2_000] {
        // 100 ms for a thread that was preempted as its burst ended.
        let paused = at(burst + 850) - at(burst + 350);
        assert!(paused < 0.005, "{paused} s were burnt in the pause of the burst at {burst} ms");
    }
    let last = burned.last().unwrap().workers_cpu_s;
    assert!(last > 0.05 && last <= 0.61, "{last}");
}

#[test]
fn what_is_sent_is_received_and_what_is_due_is_sent() {
    let burned = burn(BurnAsked { cpu_cores: 0.0, network_bytes_per_s: 3e6, ..asked(1_500.0) });
    let last = burned.last().unwrap();
    assert_eq!(last.sent_bytes, last.received_bytes);
    // All of it, unless the sender was not let run for the 200 ms after the end.
    assert!((4_000_000..=4_500_000).contains(&last.sent_bytes), "{last:?}");
    // Paced, not sent at once.
    let half = burned.samples.iter().find(|s| s.mono_ns - burned.samples[0].mono_ns >= 500_000_000).unwrap();
    assert!(half.sent_bytes < 4_500_000, "{half:?}");
    assert!(burned.by.network_s > 0.0);
}

#[test]
fn whoever_stops_it_is_told_what_it_was_so_far() {
    let burner = begin(BurnAsked { network_bytes_per_s: 1e6, memory_bytes: 8 << 20, ..asked(3_600e3) });
    sleep(Duration::from_millis(600));
    assert!(burner.so_far().sent_bytes > 0);
    let stopping = Instant::now();
    let burned = burner.stop();
    assert!(stopping.elapsed() < Duration::from_secs(5), "{:?}", stopping.elapsed());
    let last = burned.last().unwrap();
    assert!(burned.interrupted && (0.5..60.0).contains(&burned.lasted_s()), "{}", burned.lasted_s());
    assert!(last.workers_cpu_s > 0.0 && last.sent_bytes == last.received_bytes && last.sent_bytes > 0, "{last:?}");
    assert_eq!(burned.touched_bytes, 8 << 20);
}
