//! A real PostgreSQL of a test's own.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts servers of its own and runs psql")]

use super::stack::NotUp;
use std::{fs, net::TcpListener, path::Path, process::Command};

const BIN: &str = "/usr/lib/postgresql/15/bin";

/// Are we?
fn root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout == b"0\n")
}

/// A server of its own in a folder of its own; stopped when dropped.
pub struct Server {
    pub folder: tempfile::TempDir,
    pub port: u16,
}

impl Server {
    /// Started with more lines in its two files of settings.
    pub fn start(name: &str, settings: &str, hba: &str) -> Result<Server, NotUp> {
        if !Path::new(BIN).join("postgres").exists() {
            return Err(NotUp::Missing("postgresql-15 is not installed".into()));
        }
        let folder = tempfile::Builder::new().prefix(&format!("rigcheck-{name}-")).tempdir_in("/tmp").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Server { folder, port };
        let at = server.path();
        // PostgreSQL refuses to run as root.
        if root() {
            assert!(Command::new("chown").args(["postgres:", &at]).status().unwrap().success());
        }
        server.run(&["initdb", "-D", &format!("{at}/data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])?;
        let conf = format!("{at}/data/postgresql.conf");
        fs::write(&conf, format!("{}\n{settings}\n", fs::read_to_string(&conf).unwrap())).unwrap();
        let hba_file = format!("{at}/data/pg_hba.conf");
        fs::write(&hba_file, format!("{hba}\n{}", fs::read_to_string(&hba_file).unwrap())).unwrap();
        server.control("start")?;
        Ok(server)
    }

    /// Stops it and starts it again.
    pub fn restart(&self) -> Result<(), NotUp> {
        self.control("restart")
    }

    fn control(&self, what: &str) -> Result<(), NotUp> {
        let (at, port) = (self.path(), self.port);
        let options = format!("-p {port} -h 127.0.0.1 -k {at}");
        self.run(&["pg_ctl", "-D", &format!("{at}/data"), "-w", "-m", "fast", "-l", &format!("{at}/log"), "-o", &options, what])
    }

    pub fn path(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub fn run(&self, command: &[&str]) -> Result<(), NotUp> {
        let program = format!("{BIN}/{}", command[0]);
        let mut run = if root() {
            let mut run = Command::new("setpriv");
            run.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", &program]);
            run
        } else {
            Command::new(program)
        };
        // A server that stays keeps what it inherits open.
        let out = run.args(&command[1..]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().unwrap();
        if out.success() {
            Ok(())
        } else {
            Err(NotUp::Broken(format!("{command:?}: {out}; {}", fs::read_to_string(format!("{}/log", self.path())).unwrap_or_default())))
        }
    }

    /// What psql prints, unaligned and without heads.
    pub fn psql(&self, sql: &str) -> String {
        let out = Command::new(format!("{BIN}/psql"))
            .args([
                "-X",
                "-At",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-U",
                "postgres",
                "-d",
                "postgres",
                "-c",
                sql,
            ])
            .output()
            .unwrap();
        assert!(out.status.success(), "{sql}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim_end_matches('\n').to_owned()
    }

    /// Until psql prints that: the postmaster takes a new file a moment later.
    pub fn waits(&self, sql: &str, says: &str) {
        for _ in 0..100 {
            if self.psql(sql) == says {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{sql} does not say {says}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.run(&["pg_ctl", "-D", &format!("{}/data", self.path()), "-m", "immediate", "stop"]);
    }
}
