use super::{kind, say::Census, say::of, view::Calls};
use crate::{
    model::units::{Ms, Share},
    stats::median,
};

/// A stage that takes less than this share of a request.
const NEGLIGIBLE: f64 = 0.01;

/// True things worth knowing that no rule scores: where the time of a typical call goes, and what no stage fits.
pub fn notes(view: &Calls<'_>) -> Vec<String> {
    let mut notes = vec![];
    for (subject, both) in view.answered().filter(|(_, both)| both.load.traced.all()) {
        let totals: Vec<f64> = both.there().filter_map(|(_, l)| Some(l.server.as_ref()?.length_ms)).collect();
        let Some(total) = median(&totals).filter(|ms| *ms > 0.0) else { continue };
        let stages = view.stages.iter().enumerate().filter(|(_, (_, stage))| stage.is_of(kind(both.load))).filter_map(|(place, (_, stage))| {
            let ms = median(&both.there().filter_map(|(_, l)| l.stages[place]).collect::<Vec<_>>())?;
            // What takes no time needs no line, unless it has to be there.
            if !stage.required && ms < NEGLIGIBLE * total {
                return None;
            }
            Some(format!("{} {} ({})", stage.title, Ms(ms), Share(ms / total)))
        });
        let stages: Vec<String> = stages.collect();
        if !stages.is_empty() {
            notes.push(format!("{subject}: of {} in the middle: {}", Ms(total), stages.join(", ")));
        }
        notes.extend(both.traces.unmatched.iter().take(3).map(|unmatched| format!("{subject}: no stage fits {unmatched}")));
        let failed = Census::count(both.sent.all.iter(), Share(0.0), |r| !r.ok);
        if failed.bad > 0 {
            notes.push(format!("{subject}: {} calls failed and are not looked at", of(failed)));
        }
    }
    notes
}
