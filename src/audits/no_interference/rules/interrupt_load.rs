use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding},
        payload::Interrupts,
        rig::Rig,
        units::PerSecond,
    },
};
use serde::Deserialize;

/// Devices leave the CPUs alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterruptLoad {
    /// Interrupts of a device, or pieces of its deferred work, on one CPU: so many as are a warning ...
    warn: PerSecond,
    /// ... and a failure.
    fail: PerSecond,
    /// Lines that timers, the scheduler and our own probes make: they follow from what else runs.
    ours: Vec<String>,
}

impl Rule<NoInterference> for InterruptLoad {
    const NAME: &'static str = "interrupt_load";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        // Timers count on every machine: none at all was not read.
        if window.value.interrupts.is_empty() {
            let why = "neither /proc/interrupts nor /proc/softirqs was read; run where this user may";
            return Err(Unknown::new(window.key.clone(), Gap::NotConfigured(why.into())));
        }
        let over = window.value.lasted_s();
        let of_devices: Vec<&Interrupts> = window.value.interrupts.iter().filter(|line| !self.ours.contains(&line.line)).collect();
        let rate = |line: &Interrupts| line.count as f64 / over / f64::from(window.value.online.max(1));
        let most = of_devices.iter().map(|line| rate(line)).fold(0.0, f64::max);
        let told = |line: &Interrupts| {
            let kind = if line.deferred { "deferred work" } else { "interrupts" };
            let of = if line.of.is_empty() { String::new() } else { format!(" ({})", line.of) };
            format!("{kind} {}{of}: {:.0} a second and CPU, at most {} in a second, most on CPU {}", line.line, rate(line), line.peak, line.cpu)
        };
        let observed = format!("at most {most:.0} interrupts of one device, or pieces of its deferred work, a second and CPU");
        let expected = format!("at most {} ({} is a failure)", self.warn, self.fail);
        let mut because: Vec<String> = of_devices.iter().filter(|line| rate(line) > self.warn.0 / 4.0).take(4).map(|line| told(line)).collect();
        let sum = |of: fn(&crate::model::payload::IdleSecond) -> u64| window.value.seconds.iter().map(of).sum::<u64>();
        let (dropped, squeezed) = (sum(|s| s.softnet_dropped), sum(|s| s.softnet_squeezed));
        if dropped + squeezed > 0 {
            because.push(format!("the kernel dropped {dropped} packets unlooked at, and ran out of time for more {squeezed} times"));
        }
        let figure = Figure::exact("interrupts a second and CPU", most, window.value.seconds.len() as u64, "");
        let finding = Finding {
            margin: say::margin(most, self.fail.0),
            because,
            ..say::finding(say::two_limits(most, self.warn.0, self.fail.0), figure, observed, expected)
        };
        Ok(say::of_window(&window, finding))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| {
            let count = 1_000_000 * u64::from(window.online) * window.seconds.len() as u64;
            window.interrupts.push(Interrupts { line: "24".into(), of: "seeded".into(), deferred: false, count, peak: count, cpu: 0 });
        });
    }
}
