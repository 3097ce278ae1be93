//! From needs to an order: what asks nothing of the rig first, then the acts one at a time, each with the questions about it.

use crate::model::{
    act::{Act, Destination},
    audit::{AnyCase, Effort, Need},
    event::Step,
    key::{Key, Query, World},
    name::Name,
    panics::caught,
    rig::Rig,
    source::{Estimate, Source, Timing},
    units::Ms,
};
use std::{collections::BTreeMap, sync::Arc};

/// What will be asked, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Questions that no act belongs to.
    pub plain: Vec<Need>,
    /// The acts, in order.
    pub acts: Vec<ActPlan>,
    /// Questions about other worlds, answered from what was recorded there.
    pub others: Vec<Need>,
    plain_lasting: Ms,
}

/// One act with the questions about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActPlan {
    /// The act.
    pub act: Act,
    /// The question that performs it; without one, no audit asked for the act and its companions are not reached.
    pub perform: Option<Need>,
    /// What it takes.
    pub estimate: Estimate,
    /// Asked from before the act until after it.
    pub watch: Vec<Need>,
    /// Asked after it.
    pub recall: Vec<Need>,
    /// Longest wait before a recall.
    pub settle: Ms,
    /// The longest time that what is asked for may take to come.
    pub waits: Ms,
}

impl Plan {
    /// What all cases need.
    pub fn make(cases: &[Box<dyn AnyCase>], rig: &Rig, sources: &[Arc<dyn Source>]) -> Plan {
        Plan::of(cases.iter().flat_map(|c| c.needs(rig)), sources)
    }

    /// Merges needs; the same question is asked once, with the larger effort.
    pub fn of(needs: impl IntoIterator<Item = Need>, sources: &[Arc<dyn Source>]) -> Plan {
        let mut merged: BTreeMap<Key, Effort> = BTreeMap::new();
        // Acts come in the order in which the audits ask for them.
        let mut order: Vec<Act> = vec![];
        for need in needs {
            if let Some(act) = need.key.query.act().filter(|act| !order.contains(act)) {
                order.push(act.clone());
            }
            merged.entry(need.key).and_modify(|e| *e = e.max(need.effort)).or_insert(need.effort);
        }
        let mut plan = Plan { plain_lasting: Ms(0.0), ..Plan::default() };
        let mut acts: BTreeMap<Act, ActPlan> = BTreeMap::new();
        for (key, effort) in merged {
            let need = Need { key, effort };
            let source = source_of(&need.key, sources);
            let estimate = source.and_then(|s| caught(|| s.estimate(&need.key.query, effort)).ok()).unwrap_or_default();
            if need.key.world != World::Live {
                plan.others.push(need);
            } else if let Some(act) = need.key.query.act().cloned() {
                let of_act = acts.entry(act.clone()).or_insert_with(|| ActPlan {
                    act,
                    perform: None,
                    estimate: Estimate::default(),
                    watch: vec![],
                    recall: vec![],
                    settle: Ms(0.0),
                    waits: Ms(0.0),
                });
                of_act.waits = Ms(of_act.waits.0.max(source.map_or(0.0, |s| waits(&**s).0)));
                if need.key.query.performs().is_some() {
                    of_act.estimate = estimate;
                    of_act.perform = Some(need);
                } else {
                    match source.map_or(AT_ONCE, |s| timing(&**s, &need.key.query)) {
                        Timing::Watch => of_act.watch.push(need),
                        Timing::Recall { settle } => {
                            of_act.settle = Ms(of_act.settle.0.max(settle.0));
                            of_act.recall.push(need);
                        }
                    }
                }
            } else {
                plan.plain_lasting = Ms(plan.plain_lasting.0.max(estimate.lasting.0));
                plan.plain.push(need);
            }
        }
        // What others do shows before we do anything; each kind keeps its order.
        order.sort_by_key(|act| !matches!(act, Act::Quiet(_)));
        plan.acts = order.iter().filter_map(|act| acts.remove(act)).collect();
        plan
    }

    /// The steps as a user sees them, numbered from 0.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = vec![];
        if !self.plain.is_empty() {
            steps.push(Step {
                title: "look around".into(),
                asks: asks(&self.plain),
                lasting: self.plain_lasting,
                requests: 0,
                tokens: 0,
                reference: false,
            });
        }
        for act in &self.acts {
            let mut asked: Vec<_> = act.perform.iter().cloned().collect();
            asked.extend(act.watch.iter().cloned());
            let estimate = act.estimate;
            let reference = matches!(&act.act, Act::Load(load) if load.to == Destination::Reference);
            steps.push(Step {
                title: act.act.title(),
                asks: asks(&asked),
                lasting: estimate.lasting,
                requests: estimate.requests,
                tokens: estimate.tokens,
                reference,
            });
            if !act.recall.is_empty() || !act.watch.is_empty() {
                steps.push(Step {
                    title: "read back".into(),
                    asks: asks(&act.recall),
                    lasting: Ms((act.settle.0 + TYPICAL_READ.0).max(act.waits.0)),
                    requests: 0,
                    tokens: 0,
                    reference: false,
                });
            }
        }
        steps
    }
}

/// Asked afterwards, without a wait.
const AT_ONCE: Timing = Timing::Recall { settle: Ms(0.0) };

/// When a source wants to be asked; a source that cannot even say that is asked afterwards, and then costs its own question only.
pub fn timing(source: &dyn Source, query: &Query) -> Timing {
    caught(|| source.timing(query)).unwrap_or(AT_ONCE)
}

/// How long its answers may take to come; none, if it cannot even say that.
pub fn waits(source: &dyn Source) -> Ms {
    caught(|| source.waits()).unwrap_or(Ms(0.0))
}

/// What reading back takes on a healthy rig; a batching exporter of traces delivers every 5 s.
const TYPICAL_READ: Ms = Ms(5_000.0);

fn asks(needs: &[Need]) -> Vec<String> {
    needs.iter().map(|n| n.key.to_string()).collect()
}

/// Who is asked.
pub fn source_of<'a>(key: &Key, sources: &'a [Arc<dyn Source>]) -> Option<&'a Arc<dyn Source>> {
    sources.iter().find(|s| *s.name() == key.source)
}

/// A question to a source that the run does not have.
pub fn no_such_source(name: &Name) -> crate::model::evidence::Gap {
    crate::model::evidence::Gap::NotConfigured(format!("there is no source `{name}`"))
}
