use super::{CALLS, HALF, Looked, TraceGranularity, Traces, calls, subject, trace_sources};
use crate::{
    audits::shared::{Real, Request, Requests},
    model::{
        act::{Act, LoadAct},
        audit::Context,
        evidence::{Evidence, Gap, Unknown},
        key::{Key, Perform, Spans, Truth, World},
        name::{Name, name},
        rig::Rig,
    },
    traces::Stages,
};
use std::collections::BTreeMap;

type Asked<T> = Result<T, Unknown>;

/// Everything that was said about the calls, by load and by trace store.
#[derive(Debug)]
pub struct Calls<'e> {
    /// What exists.
    pub rig: &'e Rig,
    /// What a request goes through.
    pub stages: &'e Stages,
    sent: BTreeMap<Name, Asked<Requests<'e>>>,
    truth: BTreeMap<Name, Asked<Real<'e>>>,
    traces: BTreeMap<Name, Asked<Traces<'e>>>,
}

/// The calls of one load beside what one store has of their traces.
#[derive(Clone, Copy)]
pub struct Both<'v, 'e> {
    /// What was sent.
    pub load: &'e LoadAct,
    /// What the load generator saw.
    pub sent: &'v Requests<'e>,
    /// What the store has of it.
    pub traces: &'v Traces<'e>,
}

impl<'e> Calls<'e> {
    /// Joins what was gathered.
    pub fn join(audit: &'e TraceGranularity, cx: &Context<'e>) -> Calls<'e> {
        let (rig, evidence) = (cx.rig, cx.evidence);
        let mut joined = Calls { rig, stages: &audit.stages, sent: BTreeMap::new(), truth: BTreeMap::new(), traces: BTreeMap::new() };
        for load in calls(rig).into_iter().chain(rig.loads.get(HALF)) {
            let act = Act::Load(load.clone());
            let sent = evidence.get(&World::Live, &act.actor(), &Perform { act: act.clone() }).map(|got| Requests::read(&got, rig));
            let truth = truth(evidence, rig, &act);
            for store in trace_sources(rig) {
                let traces = evidence.get(&World::Live, &store, &Spans { of: act.clone() }).and_then(|got| {
                    let sent = sent.as_ref().map_err(Clone::clone)?;
                    Ok(Traces::read(&got, sent, truth.as_ref().ok(), &audit.stages))
                });
                joined.traces.insert(subject(&store, load), traces);
            }
            joined.sent.insert(load.name.clone(), sent);
            joined.truth.insert(load.name.clone(), truth);
        }
        joined
    }

    /// The calls and traces that a subject stands for.
    pub fn of(&self, subject: &Name) -> Asked<Both<'_, 'e>> {
        let load = self.load(subject).ok_or_else(|| undeclared(format!("`{subject}` names no load and store of this rig")))?;
        let traces = self.traces.get(subject).ok_or_else(|| undeclared(format!("`{subject}` is no trace source")))?;
        Ok(Both { load, sent: self.sent(load)?, traces: traces.as_ref().map_err(Clone::clone)? })
    }
    /// What the load generator saw of a load.
    fn sent(&self, load: &LoadAct) -> Asked<&Requests<'e>> {
        let sent = self.sent.get(&load.name).ok_or_else(|| undeclared(format!("the spec describes no load `{}`", load.name)))?;
        sent.as_ref().map_err(Clone::clone)
    }
    /// What was really emitted for a load.
    pub fn truth(&self, load: &LoadAct) -> Asked<&Real<'e>> {
        let truth = self.truth.get(&load.name).ok_or_else(|| undeclared(format!("the spec describes no load `{}`", load.name)))?;
        truth.as_ref().map_err(Clone::clone)
    }
    /// Every store and load that answered, with the subject.
    pub fn answered(&self) -> impl Iterator<Item = (&Name, Both<'_, 'e>)> {
        self.traces.keys().filter_map(|subject| Some((subject, self.of(subject).ok()?)))
    }
    fn load(&self, subject: &Name) -> Option<&'e LoadAct> {
        let (_, load) = subject.as_str().rsplit_once(':')?;
        self.rig.loads.get(load).filter(|load| CALLS.contains(&load.name.as_str()) || load.name.as_str() == HALF)
    }
}

impl<'v> Both<'v, '_> {
    /// The calls whose trace must be there, with what it looks like, if it is.
    pub fn calls(&self) -> impl Iterator<Item = (&'v Request, Option<&'v Looked>)> + use<'v> {
        let traces = self.traces;
        self.sent.all.iter().zip(&traces.rows).filter(|(r, _)| r.ok && !r.untraced).map(|(r, looked)| (r, looked.as_ref()))
    }
    /// The traces that are there, with their calls.
    pub fn there(&self) -> impl Iterator<Item = (&'v Request, &'v Looked)> + use<'v> {
        self.calls().filter_map(|(r, looked)| Some((r, looked?)))
    }
    /// The same of measured calls only.
    pub fn measured(&self) -> impl Iterator<Item = (&'v Request, &'v Looked)> + use<'v> {
        self.there().filter(|(r, _)| r.measured())
    }
    /// What it rests on.
    pub fn from(&self) -> Vec<Key> {
        vec![self.sent.key.clone(), self.traces.key.clone()]
    }
}

/// Several reference endpoints are read as one.
fn truth<'e>(evidence: &'e Evidence, rig: &Rig, act: &Act) -> Asked<Real<'e>> {
    let logs: Vec<_> = rig.sources_of("truth").map(|s| evidence.get(&World::Live, s, &Truth { of: act.clone() })).collect();
    if logs.is_empty() {
        return Err(undeclared("no `truth` source"));
    }
    Ok(Real::read(&logs.into_iter().collect::<Asked<Vec<_>>>()?))
}

/// Something that the rig does not have; rules that need it are out of scope unless the spec demands them.
fn undeclared(what: impl Into<String>) -> Unknown {
    use crate::model::key::RoundTrip;
    Unknown::new(Key { world: World::Live, source: name("load"), query: RoundTrip {}.into() }, Gap::NotConfigured(what.into()))
}
