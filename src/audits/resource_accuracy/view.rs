use super::{act, burn, kernel::Kernel, known::Known, load, question, told::Told, with_queries};
use crate::model::{
    act::Act,
    audit::Context,
    evidence::{Gap, Got, Unknown},
    key::{Burn, Key, Perform, Queries, RoundTrip, Usage, When, World},
    name::{Name, name},
    payload::{Burned, Performed, StoredQueries},
    rig::Rig,
    units::Wall,
    usage::{Measure, UsageClaim},
    workload::{Found, HOST, KERNEL},
};
use std::collections::BTreeMap;

/// An answer, or why there is none.
pub type Asked<T> = Result<T, Unknown>;

/// Everything that was said about the workloads, by workload and by claim.
#[derive(Debug)]
pub struct Usages<'e> {
    /// What exists.
    pub rig: &'e Rig,
    kernels: BTreeMap<Name, Asked<Kernel<'e>>>,
    claims: BTreeMap<Name, Asked<Told<'e>>>,
    burned: Asked<Got<'e, Burned>>,
    beside_burn: Asked<Kernel<'e>>,
    performed: Asked<Got<'e, Performed>>,
    queries: BTreeMap<Name, Asked<Got<'e, StoredQueries>>>,
}

impl<'e> Usages<'e> {
    /// Joins what was gathered.
    pub fn join(cx: &Context<'e>) -> Usages<'e> {
        let (rig, evidence) = (cx.rig, cx.evidence);
        let kernel = |of: &Name, act: Act| {
            evidence.get(&World::Live, &name(KERNEL), &Usage { of: of.clone(), when: When::During(act) }).map(|got| Kernel::read(&got))
        };
        let no_act = || undeclared("nothing is done to the rig while this could be looked at: add `target`, or a workload that is a `burn`");
        let here = rig.workloads.iter().filter(|(_, w)| w.burn().is_none() && w.found != Found::Elsewhere);
        let kernels = here.map(|(of, _)| (of.clone(), act(rig, of).ok_or_else(no_act).and_then(|act| kernel(of, act)))).collect();
        let told = |claim: &'e UsageClaim| {
            let usage = question(rig, claim).ok_or_else(no_act)?;
            Ok(Told::read(claim, &evidence.get(&World::Live, &claim.source, &usage)?))
        };
        let claims = rig.usage.iter().map(|claim| (claim.subject(), told(claim))).collect();
        let no_burn = || undeclared("the spec names no workload that is a `burn`");
        let burned = burn(rig).ok_or_else(no_burn).and_then(|act| evidence.get(&World::Live, &act.actor(), &Burn { act }));
        let beside_burn = burn(rig).ok_or_else(no_burn).and_then(|act| kernel(&name(HOST), act));
        let no_load = || undeclared("the spec describes no load");
        let performed = load(rig).ok_or_else(no_load).and_then(|act| evidence.get(&World::Live, &act.actor(), &Perform { act }));
        let queries = with_queries(rig).map(|s| (s.clone(), evidence.get(&World::Live, s, &Queries {}))).collect();
        Usages { rig, kernels, claims, burned, beside_burn, performed, queries }
    }

    /// What a source says by a claim.
    pub fn told(&self, subject: &Name) -> Asked<&Told<'e>> {
        let told = self.claims.get(subject).ok_or_else(|| undeclared(format!("`{subject}` names no claim of this rig")))?;
        told.as_ref().map_err(Clone::clone)
    }
    /// What the kernel says of a workload.
    pub fn kernel(&self, of: &Name) -> Asked<&Kernel<'e>> {
        let kernel = self.kernels.get(of).ok_or_else(|| undeclared(format!("`{of}` is no workload on this machine")))?;
        kernel.as_ref().map_err(Clone::clone)
    }
    /// What the kernel says of the machine while a claim's workload is looked at.
    pub fn machine(&self, claim: &UsageClaim) -> Asked<&Kernel<'e>> {
        if self.burnt(&claim.workload) { self.beside_burn.as_ref().map_err(Clone::clone) } else { self.kernel(&name(HOST)) }
    }
    /// What a burn really used.
    pub fn burned(&self) -> Asked<&Got<'e, Burned>> {
        self.burned.as_ref().map_err(Clone::clone)
    }
    /// What the load generator saw of its load.
    fn performed(&self) -> Asked<&Got<'e, Performed>> {
        self.performed.as_ref().map_err(Clone::clone)
    }
    /// The stored queries of a source.
    pub fn queries(&self, source: &Name) -> Asked<&Got<'e, StoredQueries>> {
        let queries = self.queries.get(source).ok_or_else(|| undeclared(format!("`{source}` holds no stored queries")))?;
        queries.as_ref().map_err(Clone::clone)
    }
    /// The CPU time that a claim is compared with.
    pub fn known_cpu(&self, claim: &UsageClaim) -> Asked<Known<'_, 'e>> {
        if self.burnt(&claim.workload) {
            let burned = self.burned()?;
            return Ok(Known::burn(burned.value, burned.key));
        }
        Ok(Known::kernel(self.kernel(&claim.workload)?))
    }
    /// The same, of a claim about something that runs elsewhere: nobody knows.
    pub fn known_if_here(&self, claim: &UsageClaim) -> Asked<Option<Known<'_, 'e>>> {
        let elsewhere = self.rig.workloads.get(&claim.workload).is_none_or(|w| w.found == Found::Elsewhere);
        if elsewhere { Ok(None) } else { self.known_cpu(claim).map(Some) }
    }
    /// Is a workload what we burn?
    pub fn burnt(&self, of: &Name) -> bool {
        self.rig.workloads.get(of).is_some_and(|w| w.burn().is_some())
    }
    /// When a workload that is a burn was burning: of what has its name and was before, nothing is known.
    pub fn burning(&self, of: &Name) -> Option<(Wall, Wall)> {
        self.burned().ok().filter(|_| self.burnt(of)).map(|burned| burned.value.span())
    }
    /// Is a workload the machine itself?
    pub fn is_machine(&self, of: &Name) -> bool {
        self.rig.workloads.get(of).is_some_and(|w| w.found == Found::Host)
    }
    /// When the act began and ended during which served workloads are looked at, with the question that tells it.
    pub fn acted(&self) -> Asked<(Wall, Wall, Key)> {
        if load(self.rig).is_none() {
            let burned = self.burned()?;
            let (started, last) = burned.value.span();
            return Ok((started, last, burned.key.clone()));
        }
        let performed = self.performed()?;
        let started = performed.value.started;
        let ended = performed.value.requests.iter().filter_map(|r| r.closed).map(|at| at.0).max().unwrap_or_default();
        Ok((started, started.plus_us(i64::try_from(ended / 1_000).unwrap_or(i64::MAX)), performed.key.clone()))
    }
    /// Every claim that was answered.
    pub fn answered(&self) -> impl Iterator<Item = &Told<'e>> {
        self.rig.usage.iter().filter_map(|claim| self.claims.get(&claim.subject())?.as_ref().ok())
    }
    /// Every workload of which the kernel told.
    pub fn kernels(&self) -> impl Iterator<Item = (&Name, &Kernel<'e>)> {
        self.kernels.iter().filter_map(|(of, kernel)| Some((of, kernel.as_ref().ok()?)))
    }
    /// CPUs of this machine.
    pub fn cpus(&self, claim: &UsageClaim) -> Asked<f64> {
        Ok(self.machine(claim)?.usual(Measure::CpuLimit).filter(|n| *n >= 1.0).unwrap_or(1.0))
    }
}

/// Something that the rig does not have; rules that need it are out of scope unless the spec demands them.
fn undeclared(what: impl Into<String>) -> Unknown {
    Unknown::new(Key { world: World::Live, source: name(KERNEL), query: RoundTrip {}.into() }, Gap::NotConfigured(what.into()))
}
