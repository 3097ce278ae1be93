//! What the tests on the real stack share: the stack, a rig around it, and what an audit of it said.
#![allow(dead_code, reason = "two test targets share it, and each uses a part")]

pub mod address;
pub mod audited;
pub mod busy;
pub mod netns;
pub mod postgres;
pub mod rig;
pub mod rows;
pub mod stack;
pub mod stranger;
pub mod turn;
pub mod whole;
