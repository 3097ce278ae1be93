use rigcheck::model::{
    act::{Act, Api, Destination, LoadAct, Traced},
    capability::Capability,
    name::name,
    rig::{By, Claim, HistogramOf, Quantity, Rig, SourceInfo},
    times::{Moment, Times},
    units::Ms,
};

pub fn load(to: Destination) -> LoadAct {
    LoadAct {
        name: name(if to == Destination::Target { "controlled" } else { "calibration" }),
        to,
        api: Api::Chat,
        model: "rigcheck-truth".into(),
        path: "/v1/chat/completions".into(),
        stream: true,
        per_kilosecond: 15_000,
        max_tokens: 64,
        planted: true,
        traced: Traced::All,
    }
}

pub fn controlled() -> Act {
    Act::Load(load(Destination::Target))
}

pub fn calibration() -> Act {
    Act::Load(load(Destination::Reference))
}

/// Everything there is: log, traces, three histograms, a known truth and a calibration.
pub fn full() -> Rig {
    let source = |kind: &str| SourceInfo { kind: name(kind), place: "127.0.0.1".into(), reads: String::new() };
    let claim = |source: &str, quantity: Quantity, by: By| Claim { name: name(quantity.word()), source: name(source), quantity, by };
    let of = |metric: &str, exemplars| By::Histogram(HistogramOf { metric: metric.into(), labels: [].into(), unit_ms: 1000.0, exemplars });
    let mut claims = vec![];
    for (quantity, definition) in [(Quantity::Ttft, "ttft.content"), (Quantity::Total, "total.closed"), (Quantity::InterChunk, "inter_chunk.mean")] {
        claims.push(claim("load", quantity, By::Client { definition: name(definition) }));
        claims.push(claim("access_log", quantity, By::LogField));
        claims.push(claim("jaeger", quantity, By::Spans));
        claims.push(claim("scrape", quantity, of(&format!("gateway_{}_seconds", quantity.word()), quantity == Quantity::Total)));
    }
    Rig {
        name: name("synthetic"),
        loads: [(name("controlled"), load(Destination::Target)), (name("calibration"), load(Destination::Reference))].into(),
        sources: ["load", "truth", "access_log", "jaeger", "scrape"].map(|s| (name(s), source(s))).into(),
        claims,
        // On edges of the simulated histograms.
        slo: [(Quantity::Ttft, edge(80)), (Quantity::Total, edge(90)), (Quantity::InterChunk, edge(45))].into(),
        definitions: [
            (name("scrape:ttft"), Times::new(Moment::Arrival, Moment::FirstToken)),
            (name("scrape:total"), Times::new(Moment::Arrival, Moment::Done)),
            (name("scrape:inter_chunk"), Times::new(Moment::Chunk, Moment::Chunk)),
        ]
        .into(),
        clocks: ["access_log", "jaeger"].map(name).into(),
        capabilities: Capability::ALL.into(),
        ..Rig::default()
    }
}

/// An edge of the simulated histograms.
pub fn edge(k: i32) -> Ms {
    Ms(1.08_f64.powi(k))
}

/// Without a known truth: the usual rig of a user.
pub fn without_truth() -> Rig {
    let mut rig = full();
    rig.sources.remove(&name("truth"));
    rig.loads.remove(&name("calibration"));
    rig.capabilities.remove(&Capability::KnownTruth);
    rig
}
