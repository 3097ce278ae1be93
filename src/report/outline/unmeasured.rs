//! Quantities that nothing at the server measures: known from the spec, before anything is asked.

use crate::{model::rig::Quantity, report::Report};

/// One quantity.
pub struct Unmeasured {
    /// Which.
    pub quantity: Quantity,
    /// Why nothing can be said of it.
    pub why: &'static str,
    /// What would bring it in.
    pub bring_in: String,
}

/// All of them, in report order.
pub fn of(report: &Report) -> Vec<Unmeasured> {
    let why = "no log, trace source or histogram of the spec measures it";
    report.header.unmeasured.iter().map(|quantity| Unmeasured { quantity: *quantity, why, bring_in: bring_in(*quantity) }).collect()
}

fn bring_in(quantity: Quantity) -> String {
    let word = quantity.word();
    let field = if quantity == Quantity::Total { "duration" } else { word };
    format!("name `{field}` of an access log, let a trace source claim `{word}`, or name a histogram of `{word}` under `metrics`")
}
