use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Got, Unknown},
        name::Name,
        outcome::{Figure, Finding},
        payload::{IdleWindow, LogBins, ProbedCpu},
        rig::Rig,
        units::{Count, Ms, Share},
    },
    stats::{Answer, poisson, rate_at_most},
};
use serde::Deserialize;

/// Who asks for a CPU gets it at once.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stalls {
    /// So often may a probe be held up for more than 1 ms, on one CPU in a minute.
    per_cpu_minute: f64,
}

impl Rule<NoInterference> for Stalls {
    const NAME: &'static str = "stalls";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let probes = &window.value.probes;
        let minutes: f64 = probes.iter().map(ProbedCpu::watched_s).sum::<f64>() / 60.0;
        if minutes <= 0.0 {
            let why = "no CPU could be probed; run where the CPUs that are to be tested may be used";
            return Err(Unknown::new(window.key.clone(), Gap::NotConfigured(why.into())));
        }
        let stalls: u64 = probes.iter().map(|probe| probe.stalls).sum();
        let answer = rate_at_most(stalls, minutes, self.per_cpu_minute);
        if answer == Answer::Pass {
            each_was_probed(&window)?;
        }
        let rate = |events: f64| events / minutes;
        let figure = Figure {
            name: "stalls per CPU and minute".into(),
            value: rate(stalls as f64),
            lo: rate(poisson::mean_lo(stalls, 0.001)),
            hi: rate(poisson::mean_hi(stalls, 0.05)),
            n: stalls,
            unit: String::new(),
        };
        let worst = probes.iter().map(|p| p.worst_gap_us.max(p.worst_late_us)).fold(0.0, f64::max);
        let observed = format!(
            "probes were held up for more than 1 ms {stalls} times in {minutes:.1} minutes of {}, {:.1} times a minute and CPU, for {} at most",
            Count(probes.len() as u64).of("CPU"),
            figure.value,
            Ms(worst / 1e3)
        );
        let expected = format!("at most {} times a minute and CPU", self.per_cpu_minute);
        let margin = say::margin(figure.value, self.per_cpu_minute);
        let finding =
            Finding { margin, because: because(&window), settles_at: None, ..say::finding(say::status(answer), figure, observed, expected) };
        Ok(say::of_window(&window, finding))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| window.probes.iter_mut().for_each(|probe| probe.stalls += 100 + 10 * probe.watched_s() as u64));
    }
}

/// What held up a CPU without a probe was not seen, and no pass may rest on it.
fn each_was_probed(window: &Got<'_, IdleWindow>) -> Result<(), Unknown> {
    let unknown = |why: Gap| Err(Unknown::new(window.key.clone(), why));
    if let Some(missing) = window.value.missing.iter().find(|missing| missing.what.starts_with("probe of CPU ")) {
        return unknown(missing.why.clone());
    }
    let (probed, online) = (window.value.probes.len(), window.value.online as usize);
    if probed < online {
        return unknown(Gap::NotConfigured(format!(
            "{probed} of {online} CPUs had a probe, since this process may use no others; run it without taskset, and with a CPU set that holds them all"
        )));
    }
    Ok(())
}

/// What the held-up time was, as far as it is told.
fn because(window: &Got<'_, IdleWindow>) -> Vec<String> {
    let probes = &window.value.probes;
    let sum = |of: &dyn Fn(&ProbedCpu) -> Option<f64>| probes.iter().map(of).sum::<Option<f64>>();
    let (gaps, spun) = (sum(&|p| Some(p.gap_s)).unwrap_or_default(), sum(&|p| Some(p.spun_s)).unwrap_or_default());
    let mut because = vec![];
    if spun > 0.0 {
        let parts = [
            ("waiting while others ran", sum(&|p| p.run_delay_s)),
            ("taken by the hypervisor", sum(&|p| p.steal_s)),
            ("interrupts", sum(&|p| p.irq_s)),
            ("explained by no counter: the hypervisor or the firmware, on a guest without steal", sum(&ProbedCpu::unexplained_gap_s)),
        ];
        let of_gaps = |part: f64| Share(if gaps > 0.0 { (part / gaps).min(1.0) } else { 0.0 });
        let parts: Vec<String> =
            parts.iter().filter_map(|(what, part)| part.filter(|part| *part > 0.0).map(|part| format!("{} {what}", of_gaps(part)))).collect();
        let whole = format!("while spinning, {} of the time was not ours", Share(gaps / spun));
        because.push(if parts.is_empty() || gaps <= 0.0 { whole } else { format!("{whole}: {}", parts.join(", ")) });
    }
    let mut late = LogBins::default();
    for probe in probes {
        late.0.resize(late.0.len().max(probe.late.0.len()), 0);
        late.0.iter_mut().zip(&probe.late.0).for_each(|(all, one)| *all += one);
    }
    let edge = |q| late.quantile_edge_us(q).map(|us| Ms(us / 1e3));
    if let (Some(half), Some(most)) = (edge(0.5), edge(0.999)) {
        because.push(format!("of {} timers of 1 ms, half were late by less than {half}, 99.9 % by less than {most}", late.count()));
    }
    because
}
