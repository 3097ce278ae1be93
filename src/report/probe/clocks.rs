//! What the clocks of hosts say of themselves.

use super::{Look, Row, State};
use crate::model::{key::Clock, units::Ms};

impl Look<'_> {
    /// A row per source of kind `clock`: is it reached, and does anything bound it?
    pub(super) fn clocks(&self) -> Vec<Row> {
        let of = |source| {
            let row = Row::new(source, "clock");
            let told = match self.read(source, &Clock {}) {
                Ok(got) => got.value,
                Err(unknown) => return row.untold(&unknown.gap),
            };
            let row = Row { appeared: "told".into(), ..row };
            if let Some(why) = &told.unbounded {
                return row.because(why.clone());
            }
            let lo = told.readings.iter().map(|r| r.lo_ms).reduce(f64::max);
            let hi = told.readings.iter().map(|r| r.hi_ms).reduce(f64::min);
            match lo.zip(hi).filter(|(lo, hi)| lo <= hi) {
                Some((lo, hi)) => Row { beside: format!("{:+} … {:+} off {}", Ms(lo), Ms(hi), told.against), state: State::Right, ..row },
                None => row.because("its readings contradict each other, or there are none"),
            }
        };
        self.rig.sources_of("clock").map(of).collect()
    }
}
