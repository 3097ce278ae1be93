//! A real uvicorn with two workers.
#![allow(clippy::disallowed_methods, reason = "starts and ends a server")]

use crate::{
    rows::environment::{OPTIONS, VARIABLES},
    stack::NotUp,
};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

const APP: &str = "async def app(scope, receive, send):\n    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    \
                   await send({'type': 'http.response.body', 'body': b'ok'})\n";

/// How a server is started.
#[derive(Default)]
pub struct Start<'a> {
    /// The program that starts it, with its arguments.
    pub under: &'a [&'a str],
    pub variables: Vec<(&'a str, String)>,
    pub options: Vec<&'a str>,
}

/// A server that runs; ended with all of its processes when dropped.
pub struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    /// In a folder, where its log goes, on a port.
    pub fn start(folder: &Path, port: u16, how: &Start<'_>) -> Result<Server, NotUp> {
        let python = interpreter()?;
        fs::write(folder.join("app.py"), APP).expect("a file of ours");
        let log = folder.join("server.log");
        let out = fs::File::create(&log).expect("a file of ours");
        let mut line: Vec<String> = how.under.iter().map(|word| (*word).to_owned()).collect();
        line.extend([python.display().to_string(), "-m".into(), "uvicorn".into(), "app:app".into(), "--port".into(), port.to_string()]);
        let options: Vec<&str> = OPTIONS.iter().chain(&how.options).copied().collect();
        line.extend(options.iter().map(|option| (*option).to_owned()));
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).current_dir(folder).process_group(0).env_clear().env("PATH", "/usr/bin:/bin");
        command.envs(VARIABLES.iter().copied()).envs(how.variables.iter().map(|(name, value)| (*name, value)));
        let child = command.stdin(Stdio::null()).stdout(out.try_clone().expect("the same file")).stderr(out).spawn().expect("the server starts");
        let server = Server { child, log };
        // The last one counts, as it does for the server.
        let workers = options.windows(2).rfind(|pair| pair[0] == "--workers").map_or(1, |pair| pair[1].parse().expect("a number"));
        let until = Instant::now() + Duration::from_mins(1);
        while server.workers().len() < workers || TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                return Err(NotUp::Broken(format!("{line:?} does not serve: {}", fs::read_to_string(&server.log).unwrap_or_default())));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// The ids of processes that said that they serve.
    fn workers(&self) -> Vec<u32> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let id = |line: &str| line.split_once("Started server process [")?.1.split_once(']')?.0.parse().ok();
        log.lines().filter_map(id).collect()
    }

    /// The supervisor stands still, and a worker is gone.
    pub fn lose_worker(&self) {
        let last = *self.workers().last().expect("it has workers");
        kill("-STOP", &self.child.id().to_string());
        kill("-KILL", &last.to_string());
        let ended = |stat: &str| stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'));
        let until = Instant::now() + Duration::from_secs(10);
        while fs::read_to_string(format!("/proc/{last}/stat")).is_ok_and(|stat| !ended(&stat)) {
            assert!(Instant::now() < until, "{last} does not end");
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its group is its own.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.child.id())]).status();
        let _ = self.child.wait();
    }
}

fn kill(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().is_ok_and(|told| told.success()), "{pid} takes no signal");
}

/// A port on which nothing listens.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// The interpreter of the stack's gateway, which has uvicorn.
fn interpreter() -> Result<PathBuf, NotUp> {
    let script = concat!("STACK=", env!("CARGO_MANIFEST_DIR"), "/tests/stack; . \"$STACK/lib.sh\"; gateway_venv");
    let out = Command::new("bash").args(["-c", script]).output().map_err(|e| NotUp::Broken(e.to_string()))?;
    let python = PathBuf::from(String::from_utf8_lossy(&out.stdout).trim()).join("bin/python");
    if python.exists() { Ok(python) } else { Err(NotUp::Missing(format!("{} is not there; tests/stack/install makes it", python.display()))) }
}
