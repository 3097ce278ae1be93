//! What this machine does while nothing is asked of it, and how small fixed loads fare on it.
#![allow(clippy::disallowed_methods, reason = "reads the kernel's files and clocks, and watches each CPU on a thread of its own")]

mod busy;
mod calibrate;
mod clock_source;
mod counters;
mod interrupt_lines;
mod kept_file;
mod ladder;
mod missed;
mod names;
mod own_group;
mod pacing;
mod probe;
mod quiet;
#[cfg(test)]
mod recorded;
mod tracing;
mod window;

use super::environment::root::Root;
use crate::model::{
    audit::Effort,
    evidence::Gap,
    key::Query,
    name::{Name, name},
    payload::{IdleSecond, UsedBy},
    source::{Answer, Cost, Estimate, Slot, Source, Timing},
    units::Ms,
    workload::NOISE,
};
use std::sync::Arc;

/// Is called once a second of a quiet window, with those that used the most CPU time in it, three at most.
pub type Watching = Arc<dyn Fn(&IdleSecond, &[UsedBy]) + Send + Sync>;

/// This machine, left alone, or under small loads of our own.
pub struct Noise {
    name: Name,
    docker: Option<String>,
    root: Root,
    watching: Option<Watching>,
}

impl Noise {
    /// Names of containers are asked of the daemon at `docker` (`unix://PATH`), else of that at the usual place.
    pub fn new(docker: Option<String>) -> Noise {
        Noise::rooted(Root::machine(), docker)
    }
    /// The same, but what the kernel tells is read below another root, such as a recorded tree.
    pub fn rooted(root: Root, docker: Option<String>) -> Noise {
        Noise { name: name(NOISE), docker, root, watching: None }
    }
    /// Lets somebody watch a quiet window while it lasts.
    #[must_use]
    pub fn watched_by(self, watching: Watching) -> Noise {
        Noise { watching: Some(watching), ..self }
    }
}

impl Source for Noise {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn estimate(&self, query: &Query, effort: Effort) -> Estimate {
        let lasting = match query {
            Query::Idle(_) => Ms((effort.lasting_ms + effort.warmup) as f64),
            Query::Calibrate(_) => Ms(calibrate::estimate(effort) as f64),
            _ => return Estimate::default(),
        };
        Estimate { lasting, requests: 0, tokens: 0 }
    }
    fn ask<'a>(&'a self, query: &'a Query, effort: Effort, slot: &'a Slot) -> Answer<'a> {
        Box::pin(async move {
            match query {
                Query::Idle(_) => self.quiet(effort, slot).await,
                Query::Calibrate(_) => self.calibrate(effort, slot).await,
                other => Err(Gap::NotConfigured(format!("noise: cannot answer {}", other.word()))),
            }
        })
    }
    fn cost(&self) -> Cost {
        Cost::default()
    }
}
