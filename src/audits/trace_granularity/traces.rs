use super::Looked;
use crate::{
    audits::shared::{Real, Requests, each_trace},
    model::{
        evidence::Got,
        key::Key,
        payload::{SpanRow, Spans},
        rig::Quantity,
    },
    stats::median,
    traces::{Place, Stages, Tree, Unmatched},
};
use std::collections::BTreeMap;

/// What a store has of the traces of one load.
#[derive(Debug)]
pub struct Traces<'e> {
    /// The answer.
    pub spans: &'e Spans,
    /// The question.
    pub key: &'e Key,
    /// What the trace of each request looks like, in the order of [`Requests::all`]; `None` where none came.
    pub rows: Vec<Option<Looked>>,
    /// Spans that no stage fits, alike ones together, those that took most first.
    pub unmatched: Vec<Unmatched>,
    /// The spans of one trace: that of the measured request that took as long as the middle one.
    pub typical: Vec<SpanRow>,
    there: u64,
}

/// Most spans of a trace that is kept to be drawn; some 700 bytes each.
const DRAWN: usize = 50_000;
/// Of so many spans those are told apart that no stage fits: their names do not change from call to call.
const TOLD_APART: usize = 20_000;

impl<'e> Traces<'e> {
    /// Reads them trace by trace; no more than one trace's spans are held at a time.
    pub fn read(got: &Got<'e, Spans>, sent: &Requests<'_>, truth: Option<&Real<'_>>, stages: &Stages) -> Traces<'e> {
        let places: BTreeMap<&str, usize> = sent.all.iter().enumerate().map(|(at, r)| (r.trace_id.as_str(), at)).collect();
        let mut traces = Traces { spans: got.value, key: got.key, rows: vec![None; sent.all.len()], unmatched: vec![], typical: vec![], there: 0 };
        let typical = middle(sent);
        let mut of_stages: Vec<SpanRow> = vec![];
        each_trace(got.value, |trace| {
            let Some(at) = trace.first().and_then(|s| places.get(s.trace_id.as_str())).copied() else { return };
            let request = &sent.all[at];
            let told = truth.and_then(|t| t.of(&request.id)).and_then(|e| e.parent_id.as_deref());
            let tree = Tree::of(trace);
            let places = stages.places(&tree);
            traces.rows[at] = Some(Looked::at(trace, &tree, &places, stages, request.shape, told));
            let room = TOLD_APART.saturating_sub(of_stages.len());
            let own = (0..tree.len()).filter(|at| places[*at] != Place::Elsewhere && tree.server() != Some(*at));
            of_stages.extend(own.take(room).map(|at| tree.span(at).clone()));
            // The middle one, or else any.
            if trace.len() <= DRAWN && (Some(at) == typical || traces.typical.is_empty()) {
                traces.typical = trace.to_vec();
            }
        });
        traces.unmatched = stages.unmatched(of_stages.iter().map(|s| (s, s.end_ns.saturating_sub(s.start_ns))));
        traces.there = sent.all.iter().zip(&traces.rows).filter(|(r, looked)| r.ok && !r.untraced && looked.is_some()).count() as u64;
        traces
    }
    /// Traces that are there, of calls that succeeded and asked for one.
    pub fn there(&self) -> u64 {
        self.there
    }
}

/// The measured request whose total is nearest to the median.
fn middle(sent: &Requests<'_>) -> Option<usize> {
    let totals: Vec<(usize, f64)> =
        sent.measured().filter(|(_, r)| !r.untraced).filter_map(|(at, r)| Some((at, r.client.get(Quantity::Total)?))).collect();
    let middle = median(&totals.iter().map(|(_, ms)| *ms).collect::<Vec<_>>())?;
    totals.into_iter().min_by(|a, b| (a.1 - middle).abs().total_cmp(&(b.1 - middle).abs())).map(|(at, _)| at)
}
