//! What an idle machine does while nothing is asked of it, and how a small fixed load fares on it.

mod calibration;
mod idle_second;
mod idle_window;
mod interrupts;
mod log_bins;
mod own_cost;
mod probed_cpu;
mod traced;
mod used_by;

pub use calibration::{Calibration, CalibrationHost, CalibrationKernel, CalibrationRound, CalibrationRun};
pub use idle_second::{IdleSecond, Pressure};
pub use idle_window::{ClockSourceAt, IdleWindow, Missing, ThrottledGroup};
pub use interrupts::Interrupts;
pub use log_bins::LogBins;
pub use own_cost::OwnCost;
pub use probed_cpu::ProbedCpu;
pub use traced::{RanFor, TracedSecond};
pub use used_by::{By, UsedBy};
