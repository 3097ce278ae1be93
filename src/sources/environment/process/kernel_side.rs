//! What the kernel keeps of a process: whose it is, its priority, its limits.

use crate::model::{
    evidence::Gap,
    payload::{FactTable, FactValue},
};
use procfs::{
    ProcError,
    process::{Limit, LimitValue, Process},
};

/// Tells it.
pub(super) fn tell(table: &mut FactTable, process: &Process) {
    let pid = process.pid;
    let at = |file: &str| format!("/proc/{pid}/{file}");
    let executable = process.exe().map(|path| Some(FactValue::Place(path.to_string_lossy().chars().take(4_096).collect())));
    // Threads of the kernel have none.
    let executable = if matches!(executable, Err(ProcError::NotFound(_))) { Ok(None) } else { executable };
    put(table, "executable", executable.as_ref().map(Clone::clone), at("exe"));
    let status = process.status();
    let of_status = |value: &dyn Fn(&procfs::process::Status) -> Option<FactValue>| match &status {
        Ok(status) => Ok(value(status)),
        Err(e) => Err(refused(&at("status"), e)),
    };
    table.answer("process.user", of_status(&|s| Some(FactValue::Count(i64::from(s.euid)))), at("status"));
    let cpus = |s: &procfs::process::Status| {
        let ranges = s.cpus_allowed_list.as_ref()?.iter();
        Some(FactValue::Count(ranges.map(|(first, last)| i64::from(last.saturating_sub(*first)) + 1).sum()))
    };
    table.answer("process.affinity", of_status(&cpus), format!("Cpus_allowed_list in {}", at("status")));
    let stat = process.stat();
    put(table, "nice", stat.as_ref().map(|s| Some(FactValue::Count(s.nice))), at("stat"));
    put(table, "scheduler", stat.as_ref().map(|s| s.policy.map(|policy| FactValue::Text(policy_name(policy)))), at("stat"));
    put(table, "oom_score_adj", process.oom_score_adj().as_ref().map(|score| Some(FactValue::Count(i64::from(*score)))), at("oom_score_adj"));
    let limits = process.limits();
    let counts = |n: u64| FactValue::Count(i64::try_from(n).unwrap_or(i64::MAX));
    let told: [(&str, fn(&procfs::process::Limits) -> &Limit, fn(u64) -> FactValue); 4] = [
        ("files", |l| &l.max_open_files, counts),
        ("processes", |l| &l.max_processes, counts),
        ("stack", |l| &l.max_stack_size, FactValue::Bytes),
        ("core", |l| &l.max_core_file_size, FactValue::Bytes),
    ];
    for (limit, of, value) in told {
        let soft = limits.as_ref().map(|limits| match of(limits).soft_limit {
            LimitValue::Unlimited => None,
            LimitValue::Value(n) => Some(value(n)),
        });
        put(table, &format!("limit.{limit}"), soft, at("limits"));
    }
}

/// A value that has been read, or why it was not.
fn put(table: &mut FactTable, fact: &str, read: Result<Option<FactValue>, &ProcError>, from: String) {
    let read = read.map_err(|e| refused(&from, e));
    table.answer(format!("process.{fact}"), read, from);
}

/// Names of sched(7).
fn policy_name(policy: u32) -> String {
    match policy {
        0 => "other".into(),
        1 => "fifo".into(),
        2 => "rr".into(),
        3 => "batch".into(),
        5 => "idle".into(),
        6 => "deadline".into(),
        7 => "ext".into(),
        other => format!("policy {other}"),
    }
}

fn refused(path: &str, error: &ProcError) -> Gap {
    match error {
        ProcError::PermissionDenied(_) => Gap::Denied(format!("may not read {path}; run as the user of the process or as root")),
        ProcError::NotFound(_) => Gap::Unreachable(format!("{path} is not there: the process has ended, or this kernel does not tell it")),
        _ => Gap::Malformed(format!("{path} could not be read as what Linux writes there")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Cell;
    use std::{
        process::Command,
        time::{Duration, Instant},
    };

    #[test]
    fn it_is_what_the_shell_and_its_tools_say() {
        let script = "ulimit -S -n 321; ulimit -S -s 4096; ulimit -S -c 0; exec nice -n 7 taskset 1 sleep 20";
        let mut child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        let process = Process::new(child.id().cast_signed()).unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while !process.cmdline().is_ok_and(|line| line.first().is_some_and(|program| program == "sleep")) {
            assert!(Instant::now() < until, "{:?}", process.cmdline());
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut table = FactTable::default();
        tell(&mut table, &process);
        child.kill().unwrap();
        child.wait().unwrap();
        let value = |fact: &str| match table.0.get(&format!("process.{fact}")) {
            Some(Cell::Value(told)) => told.value.to_string(),
            other => format!("{other:?}"),
        };
        let id = String::from_utf8(Command::new("id").arg("-u").output().unwrap().stdout).unwrap();
        assert_eq!(value("user"), id.trim());
        let expected = ["321", "4 MiB", "0 B", "7", "1", "other"];
        assert_eq!(["limit.files", "limit.stack", "limit.core", "nice", "affinity", "scheduler"].map(value), expected);
        assert!(value("executable").contains('/'));
    }
}
