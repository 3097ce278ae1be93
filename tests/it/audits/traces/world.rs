//! A run of the audit of traces, to be changed before it becomes evidence.

use super::{
    super::{evidence::BEGAN, random::Pcg, rig::load},
    call::{Call, Plan},
};
use rigcheck::model::{
    act::{Act, Api, Destination, LoadAct, Traced},
    capability::Capability,
    evidence::{Evidence, Origin, Seen},
    key::{Key, Payload, Perform, Query, RoundTrip, Spans, Truth, World as Whose},
    name::name,
    payload::{self, Emission, Emissions, Performed, RoundTrips, Shown, SpanRow},
    rig::{Rig, SourceInfo},
    rows::Rows,
    units::{Span, Wall},
};
use std::{collections::BTreeMap, sync::Arc};

/// The calls of one load.
#[derive(Clone)]
pub struct Load {
    pub act: LoadAct,
    pub calls: Vec<Call>,
    /// What the store says beside the spans.
    pub said: payload::Spans,
}

#[derive(Clone)]
pub struct World {
    pub rig: Rig,
    pub loads: BTreeMap<&'static str, Load>,
}

/// The loads whose traces are asked for.
pub const LOADS: [&str; 4] = ["controlled", "unstreamed", "embeddings", "half-traced"];

fn act(of: &str) -> LoadAct {
    let act = LoadAct { name: name(of), ..load(Destination::Target) };
    match of {
        "unstreamed" => LoadAct { stream: false, ..act },
        "embeddings" => LoadAct { stream: false, api: Api::Embeddings, path: "/v1/embeddings".into(), ..act },
        "half-traced" => LoadAct { traced: Traced::Half, ..act },
        _ => act,
    }
}

fn rig() -> Rig {
    let source = |kind: &str| (name(kind), SourceInfo { kind: name(kind), place: "127.0.0.1".into(), reads: String::new() });
    let loads = LOADS.map(act).into_iter().chain([load(Destination::Reference)]);
    Rig {
        name: name("synthetic"),
        loads: loads.map(|act| (act.name.clone(), act)).collect(),
        sources: ["load", "truth", "jaeger"].map(source).into(),
        capabilities: Capability::ALL.into(),
        ..Rig::default()
    }
}

impl World {
    /// As many calls as the audit sends: 240, 60, 60 and 240, and ten more of each before them.
    pub fn new(seed: u64) -> World {
        World::of(seed, [240, 60, 60, 240], 10)
    }
    /// Fewer, and still enough for each rule.
    pub fn small(seed: u64) -> World {
        World::of(seed, [100, 50, 50, 120], 10)
    }
    /// So many measured calls of each load, and warm-ups of each.
    pub fn of(seed: u64, calls: [usize; 4], warmup: usize) -> World {
        let mut random = Pcg::new(seed);
        let mut number = seed << 20;
        let loads = LOADS.into_iter().zip(calls).map(|(of, calls)| {
            let act = act(of);
            let (mut plan, mut without) = (Plan::any(&mut random), false);
            let calls = (0..calls + warmup).map(|place| {
                // The second of a pair is asked for the same, and is the one whose trace is left out if the first is not.
                let twin = !act.traced.all() && (place - place.min(warmup)) % 2 == 1;
                if !twin {
                    plan = Plan::any(&mut random);
                }
                without = if twin { !without } else { random.chance(0.5) };
                number += 1;
                let mut call = Call::of(&act, place, number, plan, &mut random);
                call.sent.warmup = place < warmup;
                call.sent.untraced = !act.traced.all() && without;
                if call.sent.untraced {
                    call.trace.clear();
                }
                call
            });
            let calls = calls.collect();
            let shown = Shown { traces: 20, spans: 140, ..Shown::default() };
            (of, Load { act, calls, said: payload::Spans { shown: Some(shown), ..payload::Spans::default() } })
        });
        World { loads: loads.collect(), rig: rig() }
    }

    /// No reference endpoint: the usual rig of a user.
    pub fn forget_truth(&mut self) {
        self.rig.sources.remove(&name("truth"));
        self.rig.loads.remove(&name("calibration"));
        self.rig.loads.remove(&name("half-traced"));
        self.rig.capabilities.remove(&Capability::KnownTruth);
    }
    /// The calls of a load.
    pub fn calls(&mut self, of: &str) -> &mut Vec<Call> {
        &mut self.loads.get_mut(of).unwrap().calls
    }
    /// Changes each call of each load; also told is its place.
    pub fn each(&mut self, mut change: impl FnMut(usize, &mut Call)) {
        for load in self.loads.values_mut() {
            load.calls.iter_mut().enumerate().for_each(|(n, call)| change(n, call));
        }
    }
    /// Changes each trace that is there.
    pub fn traces(&mut self, mut change: impl FnMut(&mut Vec<SpanRow>)) {
        self.each(|_, call| {
            if !call.trace.is_empty() {
                change(&mut call.trace);
            }
        });
    }
    /// Changes the span at this place of each trace: 0 for the server's, then the stages', 6 for the provider's.
    pub fn spans(&mut self, at: usize, mut change: impl FnMut(&mut SpanRow)) {
        self.traces(|trace| change(&mut trace[at]));
    }
    /// Changes what the store says of each load beside the spans.
    pub fn said(&mut self, change: impl Fn(&mut payload::Spans)) {
        self.loads.values_mut().for_each(|load| change(&mut load.said));
    }

    pub fn evidence(&self) -> Evidence {
        let mut all = Evidence::default();
        let mut put = |source: &str, query: Query, payload: Payload| {
            let covered = Span { from: Wall(BEGAN), to: Wall(BEGAN + 60_000_000) };
            let seen = Seen { payload, covered, origin: Origin::default(), notes: vec![], partial: None };
            all.put(Key { world: Whose::Live, source: name(source), query }, Ok(Arc::new(seen)));
        };
        put("load", RoundTrip {}.into(), Payload::RoundTrip(RoundTrips { connect_ms: vec![0.2; 20], from: "127.0.0.1".into() }));
        for load in self.loads.values() {
            let act = Act::Load(load.act.clone());
            put("load", Perform { act: act.clone() }.into(), Payload::Perform(performed(&load.calls)));
            let emitted: Vec<Emission> = load.calls.iter().map(|call| call.emitted.clone()).collect();
            let emissions = Emissions { requests: Rows::inline(emitted), foreign: 0 };
            put("truth", Truth { of: act.clone() }.into(), Payload::Truth(emissions));
            for store in self.rig.sources.values().filter(|s| ["jaeger", "otlp"].contains(&s.kind.as_str())) {
                put(store.kind.as_str(), Spans { of: act.clone() }.into(), Payload::Spans(load.spans()));
            }
        }
        all
    }
}

impl Load {
    fn spans(&self) -> payload::Spans {
        let spans: Vec<SpanRow> = self.calls.iter().flat_map(|call| call.trace.iter().cloned()).collect();
        let traces = self.calls.iter().filter(|call| !call.trace.is_empty()).count() as u64;
        payload::Spans { spans: Rows::inline(spans), traces, ..self.said.clone() }
    }
}

fn performed(calls: &[Call]) -> Performed {
    Performed {
        started: Wall(BEGAN),
        asked: calls.len() as u64,
        requests: Rows::inline(calls.iter().map(|call| call.sent.clone()).collect()),
        heartbeat: payload::Heartbeat::default(),
        tokens_allowed: 0,
        cut: None,
    }
}
