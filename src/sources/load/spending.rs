//! What may be spent on the target, in one run: checked and set aside before anything is sent.

use super::plan::Plan;
use crate::model::{
    act::LoadAct,
    evidence::Gap,
    rig::Allow,
    units::{Count, PerSecond},
};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// What was spent so far, and what may be.
pub struct Ledger {
    allow: Option<Allow>,
    spent: Mutex<Spent>,
}

#[derive(Clone, Copy, Default)]
struct Spent {
    requests: u64,
    tokens: u64,
}

/// A part of the allowance that is set aside for one act. Dropping it gives back what was not sent, however the act ended.
pub struct Reserved<'a> {
    ledger: &'a Ledger,
    plan: &'a Plan,
    /// Requests begun so far.
    pub begun: AtomicU64,
}

impl Ledger {
    /// An untouched allowance; `None` allows nothing.
    pub fn new(allow: Option<Allow>) -> Ledger {
        Ledger { allow, spent: Mutex::default() }
    }
    /// Sets aside what the plan takes at worst, or says which limit it would break, and what to write.
    pub fn reserve<'a>(&'a self, plan: &'a Plan, act: &LoadAct) -> Result<Reserved<'a>, Gap> {
        let allow = self.allow.ok_or_else(|| Gap::Refused("nothing may be sent: the spec has no `target.allow`".into()))?;
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = Spent { requests: spent.requests + plan.total(), tokens: spent.tokens.saturating_add(plan.tokens(plan.total())) };
        let mut over = vec![];
        // A tenth of a percent of slack: rates are whole requests per 1000 seconds.
        if plan.rate() > allow.rate.0 * 1.001 {
            over.push(limit("rate", &PerSecond(plan.rate()), &allow.rate));
        }
        if wanted.requests > allow.requests.0 {
            over.push(limit("requests", &wanted.requests, &allow.requests.0));
        }
        if wanted.tokens > allow.tokens.0 {
            over.push(limit("tokens", &wanted.tokens, &allow.tokens.0));
        }
        if !over.is_empty() {
            return Err(Gap::Refused(format!(
                "nothing was sent: load `{}` needs {}{}; write `{}` or ask for less",
                act.name,
                over.join(" and "),
                if spent.requests > 0 { " (with what this run has already sent)" } else { "" },
                remedy(allow, plan, wanted),
            )));
        }
        *spent = wanted;
        Ok(Reserved { ledger: self, plan, begun: AtomicU64::new(0) })
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        let unsent = self.plan.total().saturating_sub(self.begun.load(Ordering::Relaxed));
        let mut spent = self.ledger.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.requests = spent.requests.saturating_sub(unsent);
        spent.tokens = spent.tokens.saturating_sub(self.plan.tokens(unsent));
    }
}

fn limit(name: &str, asked: &impl std::fmt::Display, allowed: &impl std::fmt::Display) -> String {
    format!("{name} {asked}, `target.allow.{name}` is {allowed}")
}

/// The line that would allow it.
fn remedy(allow: Allow, plan: &Plan, wanted: Spent) -> String {
    let rate = PerSecond(allow.rate.0.max(plan.rate()));
    let requests = allow.requests.0.max(wanted.requests);
    let tokens = match allow.tokens.0.max(wanted.tokens) {
        n if n > allow.tokens.0 && n >= 10_000 => Count(n.div_ceil(1_000) * 1_000),
        n => Count(n),
    };
    format!("allow: {{requests: {requests}, tokens: {tokens}, rate: {rate}}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        act::{Api, Destination, Traced},
        audit::Effort,
        name::name,
    };

    fn act() -> LoadAct {
        LoadAct {
            name: name("controlled"),
            to: Destination::Target,
            api: Api::Chat,
            model: "m".into(),
            path: "/".into(),
            stream: true,
            per_kilosecond: 15_000,
            max_tokens: 64,
            planted: true,
            traced: Traced::All,
        }
    }
    fn plan(requests: u64) -> Plan {
        Plan::new(&act(), Effort { requests, ..Effort::default() }).unwrap()
    }
    fn allow(requests: u64, tokens: u64, rate: f64) -> Ledger {
        Ledger::new(Some(Allow { requests: Count(requests), tokens: Count(tokens), rate: PerSecond(rate) }))
    }

    #[test]
    fn names_each_limit_and_what_to_write() {
        let ledger = allow(400, 1_000, 10.0);
        let p = plan(500);
        let Err(Gap::Refused(text)) = ledger.reserve(&p, &act()).map(|_| ()) else { panic!("sent") };
        for part in [
            "`controlled`",
            "requests 500, `target.allow.requests` is 400",
            "`target.allow.tokens` is 1000",
            "rate 15/s, `target.allow.rate` is 10/s",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.contains("write `allow: {requests: 500, tokens: "), "{text}");
        let tokens = text.split("tokens: ").nth(1).unwrap().split(',').next().unwrap().parse::<Count>().unwrap();
        assert!(allow(500, tokens.0, 15.0).reserve(&p, &act()).is_ok(), "what it says to write must be enough");
    }

    #[test]
    fn the_usual_run_fits_the_usual_allowance() {
        assert!(allow(700, 60_000, 20.0).reserve(&plan(500), &act()).is_ok());
    }

    #[test]
    fn acts_of_one_run_share_the_allowance() {
        let ledger = allow(700, 1_000_000, 20.0);
        let p = plan(400);
        let first = ledger.reserve(&p, &act()).unwrap();
        assert!(matches!(ledger.reserve(&p, &act()).map(|_| ()), Err(Gap::Refused(t)) if t.contains("already sent")));
        first.begun.store(100, Ordering::Relaxed);
        drop(first);
        assert!(ledger.reserve(&p, &act()).is_ok());
    }

    #[test]
    fn without_an_allowance_nothing_is_sent() {
        assert!(matches!(Ledger::new(None).reserve(&plan(1), &act()).map(|_| ()), Err(Gap::Refused(_))));
    }
}
