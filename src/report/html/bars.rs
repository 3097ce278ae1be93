//! Bars that are drawn with percentages: score intervals and the timeline of the run.

use crate::{
    report::{Report, StepDone},
    scoring::Interval,
};

/// A score interval on a scale from 0 to 1 with the threshold's mark.
pub struct Bar {
    /// Left end, percent.
    pub lo: String,
    /// Width, percent; a point has a little, so that it can be seen.
    pub wide: String,
    /// The threshold, percent.
    pub needs: String,
}

impl Bar {
    /// Of an interval.
    pub fn of(score: Interval, threshold: f64) -> Bar {
        let percent = |x: f64| if x.is_finite() { x.clamp(0.0, 1.0) * 100.0 } else { 0.0 };
        let (lo, hi) = (percent(score.lo), percent(score.hi));
        let wide = (hi - lo).max(0.6);
        Bar { lo: format!("{:.2}", lo.min(100.0 - wide)), wide: format!("{wide:.2}"), needs: format!("{:.2}", percent(threshold)) }
    }
}

/// A step of the run on the axis of its time.
pub struct StepBar<'r> {
    /// The step.
    pub done: &'r StepDone,
    /// When it began.
    pub begun: String,
    /// How long it took, or that it did not end.
    pub took: String,
    /// Left end on an axis of 1000.
    pub x: String,
    /// Width on it.
    pub wide: String,
    /// Does it send load to the rig, so that nothing that needs quiet may run beside it?
    pub disturbs: bool,
}

/// All steps on one axis, from the start of the run to the last step's end.
pub fn steps(report: &Report) -> Vec<StepBar<'_>> {
    let end = |s: &StepDone| s.begun.0 + s.took.map_or(0.0, |t| t.0);
    let whole = report.steps.iter().map(end).fold(0.0, f64::max).max(1.0);
    report.steps.iter().map(|done| bar(done, whole)).collect()
}

fn bar(done: &StepDone, whole: f64) -> StepBar<'_> {
    let StepDone { begun, took, step, .. } = done;
    let on_axis = |ms: f64| (ms / whole * 1000.0).clamp(0.0, 1000.0);
    // A step that did not end is drawn to the end of the axis.
    let until = took.map_or(whole, |t| begun.0 + t.0);
    StepBar {
        begun: begun.to_string(),
        took: took.map_or_else(|| "did not end".into(), |t| t.to_string()),
        x: format!("{:.1}", on_axis(begun.0).min(997.0)),
        wide: format!("{:.1}", (on_axis(until) - on_axis(begun.0)).max(3.0)),
        disturbs: step.requests > 0,
        done,
    }
}
