use super::Seeing;
use crate::model::units::Span;
use serde::{Deserialize, Serialize};

/// What this machine did while the network was measured: a prober that waits for a CPU measures itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Prober {
    /// By part, in order; of the connects, one a round.
    pub at: Vec<ProberAt>,
}

/// One part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProberAt {
    /// Which.
    pub during: Seeing,
    /// When.
    pub span: Span,
    /// For how long threads of this process waited for a CPU, µs, added up (`run_delay` of `/proc/self/task/*/schedstat`);
    /// `None`: the kernel does not tell.
    pub waited_us: Option<u64>,
    /// For how long they ran, µs, added up.
    pub ran_us: Option<u64>,
    /// For how long some task of this machine waited for a CPU, µs (`some total` of `/proc/pressure/cpu`).
    pub pressure_us: Option<u64>,
}

impl ProberAt {
    /// The share of its time in which some task of this machine waited for a CPU.
    pub fn pressure(&self) -> Option<f64> {
        let us = self.span.length().0 * 1e3;
        self.pressure_us.filter(|_| us > 0.0).map(|waited| waited as f64 / us)
    }
    /// The share of its time that threads of this process waited; of those that ran and waited.
    pub fn waiting(&self) -> Option<f64> {
        let (waited, ran) = (self.waited_us? as f64, self.ran_us? as f64);
        (waited + ran > 0.0).then(|| waited / (waited + ran))
    }
}
