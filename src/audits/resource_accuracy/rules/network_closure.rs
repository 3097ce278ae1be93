use crate::{
    audits::resource_accuracy::{
        ResourceAccuracy,
        kernel::{INTERFACE, handed_on},
        say, spoil,
        told::Told,
        view::Usages,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::{Count, Share},
    },
    usage::{Bounds, Curve, close},
};
use serde::Deserialize;

/// A source counts the bytes of the workload's own interfaces, each once, and not the machine's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkClosure {
    /// How much less than the kernel it may count, as a share.
    below: Share,
    /// How much more, as a share: headers of layers that the kernel's counter leaves out.
    above: Share,
    /// Fewer KiB tell nothing.
    floor_kib: Count,
}

impl Rule<ResourceAccuracy> for NetworkClosure {
    const NAME: &'static str = "network_closure";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |rig, c| super::served(rig, c) && c.measure.network())
    }

    fn judge(&self, view: &Usages<'_>, subject: &Name) -> Judgement {
        let told = view.told(subject)?;
        let kernel = view.kernel(&told.claim.workload)?;
        let from = vec![told.key.clone(), kernel.key.clone()];
        let machine = view.is_machine(&told.claim.workload);
        let expected = format!("the kernel's bytes of its own interfaces, each once: {} below to {} above", self.below, self.above);
        if told.samples() == 0 {
            return Ok(say::no_samples(told, expected, from));
        }
        let interfaces = kernel.network(told.claim.measure, machine);
        let known = Curve::sum(&interfaces.iter().map(|(_, c)| c.clone()).collect::<Vec<_>>());
        if known.is_empty() && (machine || !kernel.on_host_network()) {
            let why = format!("the kernel tells no {} of {}", told.claim.measure.title(), told.claim.workload);
            return Ok(
                say::cannot_tell(why, expected, told.samples(), from).settled_by("let rigcheck read `/proc/PID/net/dev` of it: run it as root")
            );
        }
        let read = |at, age| Bounds::read(&known, at, told.doubt_us(), age);
        let floor = self.floor_kib.0 as f64 * 1024.0;
        if kernel.on_host_network() && !machine {
            let shown = told.curve.total();
            let observed = format!("{subject} shows {} of a workload that has no network of its own: they are the host's", say::bytes(shown));
            let figure = crate::model::outcome::Figure::exact("bytes shown", shown, told.samples(), "bytes");
            if shown < floor {
                return Ok(say::not_applicable(format!("{subject} shows hardly any bytes"), expected, told.samples(), from));
            }
            let because = vec!["it shares the host's network namespace, so that nobody can tell its bytes from those of others".to_owned()];
            return Ok(Finding { because, from, ..say::finding(Status::Fail, figure, observed, expected) });
        }
        let Some(closure) = close(&told.curve, read).filter(|c| c.over_s() >= say::LEAST_S) else {
            let why = format!("two samples of {subject} at least {} s apart do not lie within what was looked at", say::LEAST_S);
            return Ok(say::cannot_tell(why, expected, told.samples(), from).settled_by(say::LONGER));
        };
        if closure.known.high < floor && closure.claimed < 4.0 * floor {
            let why = format!("hardly any bytes went over its interfaces: {}", say::bytes(closure.known.value.max(0.0)));
            return Ok(say::not_applicable(why, expected, told.samples(), from));
        }
        let (low, high) = ((1.0 - self.below.0) * closure.known.low - floor, (1.0 + self.above.0) * closure.known.high + floor);
        let (least, most) = ((1.0 - self.below.0) * closure.known.value - floor, (1.0 + self.above.0) * closure.known.value + floor);
        let status = match closure.claimed {
            c if c < low || c > high => Status::Fail,
            c if c >= least && c <= most => Status::Pass,
            _ => Status::Inconclusive,
        };
        let observed = format!(
            "{subject} counts {} where the kernel counts {} within {:.1} s",
            say::bytes(closure.claimed),
            say::bytes(closure.known.value),
            closure.over_s()
        );
        let because = if status == Status::Pass { vec![] } else { why(told, &interfaces, closure.claimed / closure.known.value.max(1.0), machine) };
        let margin = (closure.claimed - least).min(most - closure.claimed) / closure.known.value.max(floor);
        Ok(Finding { margin: Some(margin), because, from, ..say::finding(status, say::off(&closure, "bytes", told.samples()), observed, expected) }
            .settled_by(say::LONGER))
    }

    fn spoil(&self, _: &ResourceAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        // Of idle interfaces twice is nothing, too.
        let mut used = 0.0;
        spoil::samples(rig, subject, copy, |n, sample| {
            used += if n > 0 { 1e6 } else { 0.0 };
            sample.1 = 2.0 * sample.1 + used;
        });
    }
}

/// Which interfaces are added up, where the claim tells.
fn why(told: &Told<'_>, own: &[(&str, Curve)], ratio: f64, machine: bool) -> Vec<String> {
    let label = |t: &crate::model::payload::Track| t.labels.get(INTERFACE).or_else(|| t.labels.get("device")).cloned();
    let counted: Vec<String> = told.series().filter(|t| Curve::counter(&t.samples).total() > 0.0).filter_map(label).collect();
    let strange: Vec<&str> =
        counted.iter().map(String::as_str).filter(|i| (machine && handed_on(i)) || !own.iter().any(|(known, _)| known == i)).collect();
    let twice = (ratio - 2.0).abs() < 0.3;
    let mut said = vec![];
    if twice || (ratio > 1.2 && counted.len() > 1) {
        let which = if counted.is_empty() { "its series name no interface".to_owned() } else { format!("interfaces {}", counted.join(", ")) };
        said.push(format!("counted {}: {which}", if twice { "twice" } else { "several times" }));
    }
    if !strange.is_empty() {
        said.push(format!("{} only hand on, or are not its own: leave them out by `match`", strange.join(", ")));
    }
    if ratio < 0.9 {
        said.push(format!(
            "the kernel counts {}",
            own.iter().map(|(i, c)| format!("{} on {i}", say::bytes(c.total()))).collect::<Vec<_>>().join(", ")
        ));
    }
    said
}
