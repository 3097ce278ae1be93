//! A whole environment: an API server in a container, a worker beside it, a database and a Prometheus.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts servers of its own")]

use super::engine::{Container, Engine};
use crate::{stack::NotUp, support::postgres::Server};
use std::{
    fs,
    io::Write,
    net::{TcpListener, TcpStream},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How one is made.
#[derive(Clone, Copy)]
pub struct Made<'a> {
    /// What it is called.
    pub name: &'a str,
    /// The image of its API server.
    pub image: &'a str,
    /// Docker's options for that.
    pub options: &'a [&'a str],
    /// How many processes serve.
    pub workers: usize,
    /// Uvicorn's options.
    pub uvicorn: &'a [&'a str],
    /// Docker's options for the worker, which has no FastAPI.
    pub worker: &'a [&'a str],
    /// Its interpreter and what stands before `-m uvicorn`.
    pub interpreter: &'a [&'a str],
    /// Lines of postgresql.conf.
    pub postgres: &'a str,
    /// What the database is told afterwards.
    pub sql: &'a [&'a str],
    /// Prometheus' configuration.
    pub prometheus: &'a str,
    /// Its flags.
    pub flags: &'a [&'a str],
}

/// It runs until it is dropped.
pub struct Whole {
    /// Its API server.
    pub gateway: Container,
    /// Uvicorn without FastAPI.
    worker: Container,
    /// Its database.
    pub postgres: Server,
    prometheus: Prometheus,
    name: String,
}

impl Whole {
    pub fn start(engine: &Engine, made: &Made<'_>) -> Result<Whole, NotUp> {
        // All of them at once, since each mostly waits.
        thread::scope(|scope| {
            let gateway = scope.spawn(|| engine.serve(made.image, made.options, made.workers, made.uvicorn));
            let worker = scope.spawn(|| {
                let packages = format!("PYTHONPATH={}", engine.packages());
                let options = [&["-e", &packages], made.worker].concat();
                let serve = ["-m", "uvicorn", "bare:plain", "--app-dir", "/app", "--no-access-log"];
                let container = engine.run(&engine.image, &options, &[made.interpreter, &serve].concat());
                container.says("Uvicorn running", 1);
                container
            });
            let prometheus = scope.spawn(|| Prometheus::start(made.prometheus, made.flags));
            let postgres = Server::start(made.name, made.postgres, "")?;
            made.sql.iter().for_each(|sql| drop(postgres.psql(sql)));
            let joined = |what: &str| format!("{what} did not start");
            Ok(Whole {
                gateway: gateway.join().unwrap_or_else(|_| panic!("{}", joined("the gateway"))),
                worker: worker.join().unwrap_or_else(|_| panic!("{}", joined("the worker"))),
                postgres,
                prometheus: prometheus.join().unwrap_or_else(|_| panic!("{}", joined("Prometheus")))?,
                name: made.name.to_owned(),
            })
        })
    }

    /// A spec that names all of it; `more` are lines of its section `environment`.
    pub fn spec(&self, more: &str) -> String {
        format!(
            "version: 1\nrig: {}\nenvironment:\n  fingerprint_key: \"${{env:RIG_KEY}}\"\n{more}resources:\n  gateway: {{container: {}}}\n  \
             worker: {{container: {}}}\nsources:\n  postgres: {{url: \"postgresql://postgres@127.0.0.1:{}/postgres\"}}\n  \
             prometheus: {{url: \"http://127.0.0.1:{}\"}}\n",
            self.name, self.gateway.name, self.worker.name, self.postgres.port, self.prometheus.port
        )
    }
}

/// A Prometheus with a configuration of its own; ended when dropped.
pub struct Prometheus {
    child: Child,
    pub port: u16,
    folder: tempfile::TempDir,
}

impl Prometheus {
    pub fn start(config: &str, flags: &[&str]) -> Result<Prometheus, NotUp> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, config).unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", file.display())).arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}")).args(flags);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).process_group(0);
        let child = command.spawn().map_err(|e| NotUp::Missing(format!("prometheus: {e} (tests/stack/install)")))?;
        let prometheus = Prometheus { child, port, folder };
        let until = Instant::now() + Duration::from_secs(30);
        while !prometheus.ready() {
            let log = || fs::read_to_string(prometheus.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "Prometheus is not ready:\n{}", log());
            thread::sleep(Duration::from_millis(50));
        }
        Ok(prometheus)
    }

    fn ready(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n")?;
            std::io::read_to_string(stream)
        };
        ask().is_ok_and(|answer| answer.contains(" 200 "))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
