use super::view::Calls;
use crate::{
    model::chart::{Chart, ChartKind},
    traces::{Tree, waterfall},
};

/// The trace of a typical call of each kind, from each store.
pub fn charts(view: &Calls<'_>) -> Vec<Chart> {
    let drawn = view.answered().filter(|(_, both)| both.load.traced.all()).filter_map(|(subject, both)| {
        Some(Chart {
            id: format!("trace-{}", subject.as_str().replace(':', "-")),
            title: format!("Where the time of a typical call goes: {subject}"),
            caption: "The trace of the measured call that took as long as the middle one.".into(),
            x: "time since the request came in, ms".into(),
            y: "spans".into(),
            kind: ChartKind::Waterfall(waterfall(&Tree::of(&both.traces.typical), view.stages)?),
        })
    });
    drawn.collect()
}
