//! The audit of idle noise, judged on synthetic windows and calibrations whose truth is known.

mod clean;
mod faults;
mod laws;
mod world;
