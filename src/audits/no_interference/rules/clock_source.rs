use crate::{
    audits::no_interference::{NoInterference, say, spoil, view::Quiet},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::ClockSourceAt,
        rig::Rig,
        units::Wall,
    },
};
use serde::Deserialize;

/// The kernel keeps to one clock, and to one that is cheap to read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSource {
    /// Clock sources that programs read without a call into the kernel.
    cheap: Vec<String>,
}

impl Rule<NoInterference> for ClockSource {
    const NAME: &'static str = "clock_source";

    fn judge(&self, view: &Quiet<'_>, _: &Name) -> Judgement {
        let window = view.window()?;
        let seen = &window.value.clock_sources;
        let Some(last) = seen.last() else {
            let why = "the kernel does not tell its clock source; run where /sys/devices/system/clocksource can be read";
            return Err(Unknown::new(window.key.clone(), Gap::NotConfigured(why.into())));
        };
        let names: Vec<&str> = seen.iter().map(|source| source.name.as_str()).collect();
        let cheap = self.cheap.contains(&last.name);
        let (status, observed) = if seen.len() > 1 {
            (Status::Fail, format!("the kernel changed its clock source within the window: {}", names.join(", then ")))
        } else if cheap {
            (Status::Pass, format!("the kernel's clock source is {} all the time", last.name))
        } else {
            (Status::Warn, format!("the kernel's clock source is {}: each time stamp is a call into the kernel", last.name))
        };
        let expected = format!("one clock source all the time, one of {}", self.cheap.join(", "));
        let because = seen.iter().skip(1).map(|source| format!("{} at {}", source.name, source.at)).collect();
        let figure = Figure::exact("changes", (seen.len() - 1) as f64, window.value.seconds.len() as u64, "");
        Ok(say::of_window(&window, Finding { because, ..say::finding(status, figure, observed, expected) }))
    }

    fn spoil(&self, _: &NoInterference, _: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::window(copy, |window| window.clock_sources.push(ClockSourceAt { at: Wall::default(), name: "seeded".into() }));
    }
}
