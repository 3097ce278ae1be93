//! Lines of files that grow while they are read, are rotated, cut and packed: what logs and exported traces share.
#![allow(clippy::disallowed_methods, reason = "logs and exported traces are files")]

mod files;
mod owners;
mod pieces;

pub(super) use files::{Files, Kind, matches};
pub(super) use owners::of as owners_of;
pub(super) use pieces::{CAP, Line, Pieces};

/// Whoever takes the lines.
pub(super) trait Take {
    /// Takes a line; `place` says where it is.
    fn line(&mut self, line: Line<'_>, place: &dyn Fn() -> String);
    /// Counts something that could not be read.
    fn bad(&mut self, why: String, place: &dyn Fn() -> String);
}
