//! The interpreter of a process in a container, started there by Docker.

use super::{LONGEST, PATIENCE, options, subject::Subject};
use crate::sources::{containers::Daemon, environment::root::Root};
use bollard::{
    container::LogOutput,
    exec::{StartExecOptions, StartExecResults},
    models::ExecConfig,
};
use futures_util::StreamExt;
use tokio::time::timeout;

/// What it says, or why it says nothing.
pub(super) async fn run(subject: &Subject, daemon: &Daemon, id: &str) -> Result<Vec<u8>, String> {
    timeout(PATIENCE, exec(subject, daemon, id)).await.map_err(|_| format!("its interpreter did not answer within {} s", PATIENCE.as_secs()))?
}

async fn exec(subject: &Subject, daemon: &Daemon, id: &str) -> Result<Vec<u8>, String> {
    let (uid, gid) = subject.user.ok_or("it runs as another user than it was started by")?;
    let inside = |kind: &str, host: u32| {
        let map = Root::machine().read(&format!("/proc/{}/{kind}_map", subject.pid)).ok().flatten();
        inside(&map.unwrap_or_default(), host).ok_or("its user is not one of the container's")
    };
    let mut env: Vec<String> = ["PYTHONPATH=", "PYTHONSTARTUP=", "PYTHONINSPECT="].map(str::to_owned).into();
    env.extend(subject.home.iter().map(|home| format!("PYTHONHOME={home}")));
    env.extend(subject.libraries.iter().map(|libraries| format!("LD_LIBRARY_PATH={libraries}")));
    let config = ExecConfig {
        attach_stdout: Some(true),
        attach_stderr: Some(false),
        env: Some(env),
        cmd: Some(std::iter::once(subject.path.clone()).chain(options(subject)).collect()),
        user: Some(format!("{}:{}", inside("uid", uid)?, inside("gid", gid)?)),
        working_dir: Some("/".into()),
        ..ExecConfig::default()
    };
    let what = "start an interpreter in a container";
    let made = daemon.docker.create_exec(id, config).await;
    let made = made.map_err(|e| daemon.refused(what, "POST /containers/ID/exec", &e).to_string())?;
    let started = daemon.docker.start_exec(&made.id, None::<StartExecOptions>).await;
    let StartExecResults::Attached { mut output, .. } = started.map_err(|e| daemon.refused(what, "POST /exec/ID/start", &e).to_string())? else {
        return Err("docker: did not show what the interpreter says".into());
    };
    let mut bytes = vec![];
    while let Some(piece) = output.next().await {
        let piece = piece.map_err(|e| daemon.refused(what, "POST /exec/ID/start", &e).to_string())?;
        if let LogOutput::StdOut { message } | LogOutput::Console { message } = piece {
            bytes.extend_from_slice(&message);
        }
        // The script ends itself when nobody hears it any more.
        if bytes.len() > LONGEST {
            break;
        }
    }
    Ok(bytes)
}

/// A user of ours as the container numbers it (user_namespaces(7)): lines of `INSIDE OUTSIDE COUNT`.
fn inside(map: &str, host: u32) -> Option<u32> {
    map.lines().find_map(|line| {
        let mut numbers = line.split_ascii_whitespace().map(|n| n.parse::<u32>().ok());
        let (inside, outside, count) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let offset = host.checked_sub(outside).filter(|offset| *offset < count)?;
        inside.checked_add(offset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_numbered_as_the_container_does() {
        assert_eq!(inside("         0          0 4294967295\n", 1000), Some(1000));
        assert_eq!(inside("0 100000 65536\n", 100_999), Some(999));
        assert_eq!((inside("0 100000 65536\n", 999), inside("", 0), inside("x", 0)), (None, None, None));
    }
}
