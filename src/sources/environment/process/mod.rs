//! Processes of this machine as they run now: which server, how many workers, with what limits.

mod arguments;
mod command;
mod environ;
mod kernel_side;
mod listening;
mod merge;
mod options;
mod release;
mod server;
mod settings;
mod tops;
mod workers;

pub(crate) use arguments::Arguments;
pub(crate) use environ::environ;
pub(crate) use server::is_python;
pub(crate) use tops::wraps;
pub use tops::{head, tops_of};

use super::root::Root;
use crate::{
    kept::variables::Variables,
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
};
use environ::tell_environ;
use procfs::process::{Process, Stat};
use server::Served;

/// Of a workload with more first processes than this, the others are not looked at.
const MOST: usize = 64;

/// Facts of processes, each told by its first one; what runs behind a shell or an init is looked for behind it. Where several
/// first processes differ in a fact, that fact is a gap which says so.
pub fn facts(tops: &[i32], variables: &Variables) -> FactTable {
    let mut table = FactTable::default();
    if tops.is_empty() {
        table.gap("process", Gap::NotConfigured("process: there is none to look at; start it, or find it another way".into()));
        return table;
    }
    let (read, ended): (Vec<_>, Vec<_>) = tops.iter().take(MOST).map(|top| one(head(*top), variables)).partition(Result::is_ok);
    let read: Vec<FactTable> = read.into_iter().flatten().collect();
    match ended.into_iter().find_map(Result::err) {
        Some(gap) if read.is_empty() => table.gap("process", gap),
        _ => table = merge::merge(read),
    }
    if tops.len() > MOST {
        let why =
            format!("process: {} first processes were found, and {MOST} of them looked at; find the server alone, by `pid` or `port`", tops.len());
        let counted: Vec<_> = ["process.workers", "process.workers_asked"].into_iter().filter(|fact| table.0.contains_key(*fact)).collect();
        for fact in counted {
            table.gap(fact, Gap::Truncated(why.clone()));
        }
    }
    table.put("process.instances", FactValue::Count(i64::try_from(tops.len()).unwrap_or(i64::MAX)), "first processes that were found");
    table
}

/// Facts of one process. An error: it has ended.
fn one(pid: i32, variables: &Variables) -> Result<FactTable, Gap> {
    let process = Process::new(pid).map_err(|_| ended(pid))?;
    let begun = alive(&process).ok_or_else(|| ended(pid))?;
    let mut table = FactTable::default();
    let arguments = Arguments::of_process(pid);
    let environ = environ(pid, &arguments);
    let served = arguments.clone().map(|arguments| Served::of(&arguments));
    kernel_side::tell(&mut table, &process);
    command::tell(&mut table, pid, &arguments);
    settings::tell(&mut table, pid, &served, &environ);
    options::tell(&mut table, pid, &served, variables);
    workers::tell(&mut table, &process, &served, &environ);
    tell_environ(&mut table, pid, environ, variables);
    release::tell(&mut table, &Root::of_process(pid.cast_unsigned()));
    // What was read after it ended would be of nobody, or of another process with the same id.
    alive(&process).filter(|stat| stat.starttime == begun.starttime).map(|_| table).ok_or_else(|| ended(pid))
}

/// What the kernel says of it, while it runs.
fn alive(process: &Process) -> Option<Stat> {
    process.stat().ok().filter(|stat| !matches!(stat.state, 'Z' | 'X'))
}

fn ended(pid: i32) -> Gap {
    Gap::NotConfigured(format!("process: {pid} has ended, before or while it was read; look for its id again, or find it by `process` or `port`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Cell;

    #[test]
    fn whoever_has_ended_is_a_gap_and_costs_the_others_nothing() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id().cast_signed();
        std::thread::sleep(std::time::Duration::from_millis(200));
        // It has ended, and nobody has waited for it yet.
        let zombie = facts(&[pid], &Variables::default());
        child.wait().unwrap();
        let gone = facts(&[pid], &Variables::default());
        for table in [zombie, gone] {
            assert!(matches!(table.0.get("process"), Some(Cell::Gap(Gap::NotConfigured(why))) if why.contains("has ended")), "{table:?}");
            assert_eq!(table.0.len(), 2, "and how many were found: {table:?}");
        }
        let me = std::process::id().cast_signed();
        let both = facts(&[pid, me], &Variables::default());
        assert!(matches!(both.0.get("process.executable"), Some(Cell::Value(_))), "{both:?}");
        assert!(matches!(facts(&[], &Variables::default()).0.get("process"), Some(Cell::Gap(_))));
    }

    #[test]
    fn every_fixed_fact_has_a_cell() {
        let table = facts(&[std::process::id().cast_signed()], &Variables::default());
        for fact in [
            "server",
            "workers",
            "workers_asked",
            "worker_class",
            "worker_threads",
            "loop",
            "http",
            "limit_concurrency",
            "backlog",
            "keep_alive",
            "command",
            "options",
            "option",
            "executable",
            "user",
            "nice",
            "oom_score_adj",
            "scheduler",
            "affinity",
            "limit.files",
            "limit.processes",
            "limit.stack",
            "limit.core",
            "instances",
        ] {
            assert!(table.0.contains_key(&format!("process.{fact}")), "{fact} in {table:?}");
        }
        assert!(["os.id", "os.version", "env"].iter().all(|fact| table.0.contains_key(*fact)), "{table:?}");
    }
}
