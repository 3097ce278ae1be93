use crate::{
    llm::definitions::{self, Definition},
    model::{
        evidence::Got,
        key::Key,
        name::Name,
        payload::Performed,
        rig::{By, Quantity, Rig},
        timeline::{Class, Nanos, Timeline},
        units::{Ms, Wall},
    },
    stats::{median, rank_sum},
    traces::{Figures, Shape},
};

/// What the load generator saw of one act, in order of sending.
#[derive(Debug)]
pub struct Requests<'e> {
    /// Every request that was begun, warm-ups and failures included.
    pub all: Vec<Request>,
    /// The answer of the load generator.
    pub performed: &'e Performed,
    /// The question.
    pub key: &'e Key,
}

/// One request as the load generator saw it.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about a request, and rules combine them freely")]
#[derive(Clone, Debug)]
pub struct Request {
    /// Join key to log and emissions.
    pub id: String,
    /// Join key to traces and exemplars.
    pub trace_id: String,
    /// Did it end as it should?
    pub ok: bool,
    /// Was it sent before the measured part?
    pub warmup: bool,
    /// Was it a stream?
    pub stream: bool,
    /// Did it ask that its trace be not recorded?
    pub untraced: bool,
    /// Did a stall of the load generator itself overlap it?
    pub stalled: bool,
    /// The longest time for which the load generator itself was held up during it, ms.
    pub held_up_ms: f64,
    /// Time for setting up a connection of its own, ms; `None` on a reused one.
    pub connecting_ms: Option<f64>,
    /// When it was sent, ms since the start of the act.
    pub sent_ms: f64,
    /// When it ended (or was sent, if it did not end), ms since the start of the act.
    pub end_ms: f64,
    /// By the definitions that the load's claims name.
    pub client: Figures,
    /// How long it was planned to take, ms, where its prompt asked for delays.
    pub planned_ms: Option<f64>,
    /// By every definition, in the order of [`definitions::ALL`].
    by: Vec<Option<f64>>,
    /// How its events lie.
    pub shape: Shape,
    /// Completion tokens that the server reported.
    pub tokens: Option<u64>,
}

impl Request {
    /// Is it part of the measured set?
    pub fn measured(&self) -> bool {
        self.ok && !self.warmup
    }
    /// Its value by a named definition.
    pub fn by(&self, definition: &Definition) -> Option<f64> {
        let at = definitions::ALL.iter().position(|d| d.name == definition.name)?;
        self.by[at]
    }
}

impl<'e> Requests<'e> {
    /// Reads the load generator's rows.
    pub fn read(got: &Got<'e, Performed>, rig: &Rig) -> Requests<'e> {
        let named: Vec<_> = Quantity::ALL.into_iter().map(|q| (q, definition_of(rig, &got.key.source, q))).collect();
        let mut rows: Vec<(Nanos, Request)> = got.value.requests.iter().map(|t| (t.sent, request(&t, &named))).collect();
        rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.id.cmp(&b.1.id)));
        Requests { all: rows.into_iter().map(|(_, r)| r).collect(), performed: got.value, key: got.key }
    }
    /// Requests that ended as they should, warm-ups included.
    pub fn ok(&self) -> u64 {
        self.all.iter().filter(|r| r.ok).count() as u64
    }
    /// The measured ones with their place in `all`, in order of sending.
    pub fn measured(&self) -> impl Iterator<Item = (usize, &Request)> {
        self.all.iter().enumerate().filter(|(_, r)| r.measured())
    }
    /// Are the requests that failed the long ones (or the short ones)? Then what is left to compare is no sample of them.
    pub fn lost(&self) -> Option<String> {
        let planned = |ok: bool| -> Vec<f64> { self.all.iter().filter(|r| r.ok == ok).filter_map(|r| r.planned_ms).collect() };
        selected("failed", &planned(false), &planned(true)).map(|words| format!("the requests that failed are not like the others: {words}"))
    }
    /// When the act began, on the load generator's wall clock.
    pub fn began(&self) -> Wall {
        self.performed.started
    }
    /// When its last request ended.
    pub fn ended(&self) -> Wall {
        let last = self.all.iter().map(|r| r.end_ms).fold(0.0, f64::max);
        self.performed.started.plus_us((last * 1e3) as i64)
    }
    /// Median of a quantity over the measured requests, ms; 0 where none has it.
    pub fn level(&self, quantity: Quantity) -> f64 {
        let values: Vec<f64> = self.measured().filter_map(|(_, r)| r.client.get(quantity)).collect();
        median(&values).unwrap_or(0.0)
    }
}

/// Share of requests that must have a figure before it is compared with anything: those that have none (answered from a cache,
/// routed elsewhere, lost) are rarely missing at random.
const KNOWN: f64 = 0.99;

/// Do nearly all of them have it?
pub fn nearly_all(known: usize, of: usize) -> bool {
    known as f64 >= KNOWN * of as f64
}

/// The rank sum beyond which a difference is no chance (two-sided 0.1 %).
const CHANCE: f64 = 3.29;

/// Are those that are missing longer or shorter than those that are there, more than chance would have it? In words, if so;
/// `what` is what became of them: they `are missing`, or `failed`.
pub fn selected(what: &str, missing: &[f64], there: &[f64]) -> Option<String> {
    let z = rank_sum(missing, there).filter(|z| z.abs() > CHANCE)?;
    let longer = if z > 0.0 { "longer" } else { "shorter" };
    Some(format!("{longer} ones {what}, not an even sample: median {} beside {} (rank test, p < 0.001)", Ms(median(missing)?), Ms(median(there)?)))
}

/// Are those that are missing as long as those that are there, as far as a rank test can tell? In words, if so; `None` where too
/// few are on a side to say so.
pub fn alike(missing: &[f64], there: &[f64]) -> Option<String> {
    const LEAST: usize = 10;
    if missing.len().min(there.len()) < LEAST || rank_sum(missing, there).is_some_and(|z| z.abs() > CHANCE) {
        return None;
    }
    Some(format!("how long a request lasts makes no difference: median {} missing, {} there", Ms(median(missing)?), Ms(median(there)?)))
}

/// The definition by which the load generator's own figure is taken: what its claim names, else the default.
pub fn definition_of(rig: &Rig, load: &Name, quantity: Quantity) -> &'static Definition {
    let claimed = rig.claims_of(quantity).filter(|c| c.source == *load).find_map(|c| match &c.by {
        By::Client { definition } => definitions::named(definition.as_str()),
        _ => None,
    });
    claimed.unwrap_or_else(|| definitions::default_of(quantity))
}

fn request(t: &Timeline, named: &[(Quantity, &'static Definition)]) -> Request {
    let mut client = Figures::default();
    for (quantity, definition) in named {
        client.set(*quantity, (definition.of)(t));
    }
    let content = || t.events.iter().enumerate().filter(|(_, e)| e.class == Class::Content).map(|(i, _)| i);
    let shape =
        Shape { events: t.events.len(), content: content().count(), first: content().next().unwrap_or(0), last: content().next_back().unwrap_or(0) };
    let end = t.closed.or(t.events.last().map(|e| e.at)).unwrap_or(t.sent);
    Request {
        id: t.id.clone(),
        trace_id: t.trace_id.clone(),
        ok: t.ok(),
        warmup: t.warmup,
        stream: t.stream,
        untraced: t.untraced,
        stalled: t.stalled,
        held_up_ms: t.held_up_ms,
        connecting_ms: t.connected.map(|at| at.since(t.sent).0),
        sent_ms: t.sent.since(Nanos(0)).0,
        end_ms: end.since(Nanos(0)).0,
        planned_ms: t.planted.map(|p| p.total_ms()),
        client,
        by: definitions::ALL.iter().map(|d| (d.of)(t)).collect(),
        shape,
        tokens: t.usage.map(|u| u.completion),
    }
}
