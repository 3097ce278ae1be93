//! `rigcheck` audits the rig of a performance test before anyone trusts its numbers.
//!
//! A module may import only from modules of a lower level; `tests/it/layers` enforces it. In reading order:

/// Level 0: what everything else speaks about, and the ports.
pub mod model;

/// Level 1: arithmetic on samples.
pub mod stats;

/// Level 2: two environments beside one another.
pub mod fidelity;
/// Level 2: what the stamps of a request mean.
pub mod llm;
/// Level 2: what the spans of a trace mean.
pub mod traces;
/// Level 2: what samples of usage mean.
pub mod usage;

/// Level 3: what is asked and how it is judged.
pub mod audits;
/// Level 3: what is kept of texts that others wrote.
pub mod kept;
/// Level 3: outcomes to score and verdict.
pub mod scoring;

/// Level 4: events to report.
pub mod report;
/// Level 4: what the user wrote, and what it means.
pub mod spec;

/// Level 5: plan, gather, judge.
pub mod engine;
/// Level 5: runs on disk.
pub mod store;

/// Level 6: known truths.
pub mod reference;

/// Level 7: who can be asked.
pub mod sources;

/// Level 9: the command line.
pub mod cli;
