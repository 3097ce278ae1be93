//! Tests on the real stack: Prometheus, Jaeger and a FastAPI gateway, started by `tests/stack/up` for each test.
//! A part that is not installed makes a test skip loudly; with `RIGCHECK_LIVE_REQUIRED=1` it fails instead.

mod audits;
mod burn;
mod calibration;
mod clocks;
mod demo;
mod docker;
mod engines;
mod environment;
mod files;
mod first_hour;
mod gateway;
mod init;
#[path = "../it/sources/metrics_world.rs"]
#[allow(dead_code, reason = "the fakes' half of it is for tests without the stack")]
mod metrics_world;
mod network;
mod network_world;
mod noise_source;
mod pages;
mod parts;
mod postgres;
mod probe;
mod recipes;
mod report_page;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
mod tls;
#[path = "../it/sources/traced_act.rs"]
#[allow(dead_code, reason = "the fakes' half of it is for tests without the stack")]
mod traced_act;
mod usage;

use support::{rig, stack};
