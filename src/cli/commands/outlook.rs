//! What an audit would do and take, without sending anything.

use crate::{
    engine::Plan,
    model::{event::Step, units::Ms},
    sources,
    spec::Loaded,
};

/// The steps and their sum.
pub struct Outlook {
    /// In order.
    pub steps: Vec<Step>,
    /// Time of all.
    pub lasting: Ms,
    /// What the target gets.
    pub target: Load,
    /// What the reference endpoint gets, which is ours and free.
    pub reference: Load,
}

/// How much is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load {
    /// Requests.
    pub requests: u64,
    /// Tokens at worst.
    pub tokens: u64,
}

impl Load {
    fn add(&mut self, step: &Step) {
        (self.requests, self.tokens) = (self.requests + step.requests, self.tokens.saturating_add(step.tokens));
    }
}

impl Outlook {
    /// Of an audit by this spec.
    pub fn of(loaded: &Loaded) -> Outlook {
        let rig = &loaded.profile.rig;
        let steps = Plan::make(&loaded.cases, rig, &sources::build(rig, &loaded.settings)).steps();
        let lasting = Ms(steps.iter().map(|s| s.lasting.0).sum());
        let (mut target, mut reference) = (Load::default(), Load::default());
        for step in &steps {
            if step.reference { &mut reference } else { &mut target }.add(step);
        }
        Outlook { steps, lasting, target, reference }
    }

    /// Why the load would be refused, and what to write.
    pub fn over(&self, loaded: &Loaded) -> Option<String> {
        let allow = loaded.profile.rig.target.as_ref()?.allow;
        let limits = [("requests", self.target.requests, allow.requests.0), ("tokens", self.target.tokens, allow.tokens.0)];
        let over: Vec<_> = limits.into_iter().filter(|(_, wanted, allowed)| wanted > allowed).collect();
        if over.is_empty() {
            return None;
        }
        let told: Vec<_> = over.iter().map(|(what, wanted, allowed)| format!("{wanted} {what}, and `target.allow.{what}` is {allowed}")).collect();
        let raise: Vec<_> = over.iter().map(|(what, ..)| format!("`target.allow.{what}`")).collect();
        let sends = loaded.cases.iter().filter(|c| c.case().params.get("requests").is_some() && !c.needs(&loaded.profile.rig).is_empty());
        let cases: Vec<_> = sends.map(|c| format!("{}: {{audit: {{requests: N}}}}", c.case().id)).collect();
        let less = if cases.is_empty() { String::new() } else { format!(", or ask for less: `cases: {{{}}}`", cases.join(", ")) };
        Some(format!("the load needs {}: it would be refused. Raise {}{less}", told.join("; "), raise.join(" and ")))
    }
}
