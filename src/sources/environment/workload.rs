//! A workload: its container, if it is in one, its processes, their limits, and what they are made of.

use super::{container, limits, off_thread, process, python};
use crate::{
    kept::variables::Variables,
    model::{evidence::Gap, payload::FactTable, source::Slot, workload::Found},
    sources::containers::Daemon,
};

/// Its facts. What is told by the container and by its process is the process's: that is what runs.
pub async fn facts(found: &Found, docker: Option<&str>, variables: &Variables, _: &Slot) -> Result<FactTable, Gap> {
    match found {
        Found::Container(_) | Found::Label(_) => {
            let daemon = Daemon::connect(docker).await?;
            let told = daemon.find(found).await?;
            let (mut table, pid) = container::facts(&daemon, found, variables).await?;
            let Some(pid) = pid.filter(|pid| here(*pid, &told.id)) else {
                let gap = || Gap::NotConfigured(format!("{found} does not run on this machine: its processes cannot be looked at"));
                for group in PROCESS {
                    table.gap(group, gap());
                }
                return Ok(table);
            };
            table.0.extend(of_processes(vec![pid.cast_signed()], variables).await?.0);
            python::tell(&mut table, pid, python::Interpreter::Container { daemon: &daemon, id: &told.id }).await;
            Ok(table)
        }
        found => {
            let asked = found.clone();
            let tops = tokio::task::spawn_blocking(move || process::tops_of(&asked)).await.map_err(|e| Gap::Panicked(e.to_string()))??;
            let first = tops.first().copied().and_then(|pid| u32::try_from(pid).ok());
            let mut table = of_processes(tops, variables).await?;
            if let Some(pid) = first {
                python::tell(&mut table, pid, python::Interpreter::Process).await;
            }
            Ok(table)
        }
    }
}

/// Groups of facts that only a process on this machine tells.
const PROCESS: [&str; 4] = ["process", "limits", "python", "os"];

async fn of_processes(tops: Vec<i32>, variables: &Variables) -> Result<FactTable, Gap> {
    let variables = variables.clone();
    off_thread(move || {
        let mut table = process::facts(&tops, &variables);
        if let Some(pid) = tops.first().copied().and_then(|pid| u32::try_from(pid).ok()) {
            limits::tell(&mut table, pid);
        }
        table
    })
    .await
}

/// A process of the same number on another machine is another one.
fn here(pid: u32, id: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/cgroup")).is_ok_and(|groups| groups.contains(id))
}
