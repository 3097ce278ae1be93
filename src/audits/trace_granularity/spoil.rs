//! Negative controls: changes to a copy of the evidence that a rule must notice.

use super::HALF;
use crate::model::{
    act::{Act, LoadAct},
    evidence::Evidence,
    key::{Perform, Spans, Truth},
    name::{Name, name},
    payload::{SpanRow, Spans as Answer},
    rig::Rig,
    rows::Rows,
    timeline::Nanos,
};
use std::collections::BTreeSet;

/// The store and the load that a subject names.
fn of(rig: &Rig, subject: &Name) -> Option<(Name, LoadAct)> {
    let (store, load) = subject.as_str().rsplit_once(':')?;
    Some((name(store), rig.loads.get(load)?.clone()))
}

/// Changes the answer of a store.
pub fn answer(rig: &Rig, subject: &Name, copy: &mut Evidence, change: impl FnOnce(&mut Answer)) {
    let Some((store, load)) = of(rig, subject) else { return };
    copy.alter(&store, &Spans { of: Act::Load(load) }, change);
}

/// Changes the rows of a store.
pub fn spans(rig: &Rig, subject: &Name, copy: &mut Evidence, change: impl FnOnce(&mut Rows<SpanRow>)) {
    answer(rig, subject, copy, |answer| change(&mut answer.spans));
}

/// Changes each span of a store.
pub fn each_span(rig: &Rig, subject: &Name, copy: &mut Evidence, change: impl FnMut(&mut SpanRow)) {
    spans(rig, subject, copy, |rows| rows.alter(change));
}

/// Leaves the first few traces, each with so many spans more: a flood of all would fill the memory.
pub fn flood(rig: &Rig, subject: &Name, copy: &mut Evidence, many: u64) {
    const TRACES: usize = 5;
    spans(rig, subject, copy, |rows| {
        let (mut kept, mut traces): (Vec<SpanRow>, BTreeSet<String>) = (vec![], BTreeSet::new());
        for span in rows.iter() {
            if traces.len() < TRACES || traces.contains(&span.trace_id) {
                if traces.insert(span.trace_id.clone()) {
                    kept.extend((0..many).map(|n| SpanRow { span_id: format!("{n:016x}"), parent_id: Some(span.span_id.clone()), ..span.clone() }));
                }
                kept.push(span);
            }
        }
        *rows = Rows::inline(kept);
    });
}

/// Makes each traced request of the load that leaves every second one out last a second longer at the client.
pub fn slow_traced(rig: &Rig, copy: &mut Evidence) {
    const LATER: u64 = 1_000_000_000;
    let Some(act) = rig.loads.get(HALF).cloned().map(Act::Load) else { return };
    copy.alter(&act.actor(), &Perform { act: act.clone() }, |performed| {
        performed.requests.alter(|t| {
            if !t.untraced {
                t.closed = t.closed.map(|at| Nanos(at.0 + LATER));
                t.events.iter_mut().for_each(|e| e.at = Nanos(e.at.0 + LATER));
            }
        });
    });
}

/// Lets the reference endpoint be told of other traces than ours.
pub fn unpropagated(rig: &Rig, subject: &Name, copy: &mut Evidence) {
    let Some((_, load)) = of(rig, subject) else { return };
    let act = Act::Load(load);
    for source in rig.sources_of("truth") {
        copy.alter(source, &Truth { of: act.clone() }, |log| {
            log.requests.alter(|emission| emission.trace_id = Some("0badc0de0badc0de0badc0de0badc0de".into()));
        });
    }
}

/// Lets each span of kind server be called by a client span of its own service in another process.
pub fn shared_name(rig: &Rig, subject: &Name, copy: &mut Evidence) {
    spans(rig, subject, copy, |rows| {
        let mut kept = vec![];
        for (n, mut span) in rows.iter().enumerate() {
            if span.kind == "server" {
                let caller = format!("{n:015x}c");
                let mut client = SpanRow { span_id: caller.clone(), kind: "client".into(), ..span.clone() };
                client.attributes.insert(SpanRow::INSTANCE.into(), "00000000".into());
                span.parent_id = Some(caller);
                span.attributes.insert(SpanRow::INSTANCE.into(), "ffffffff".into());
                kept.push(client);
            }
            kept.push(span);
        }
        *rows = Rows::inline(kept);
    });
}
