//! An environment that runs: a server, a database, this machine; and a snapshot of how it was.
#![allow(clippy::disallowed_methods, reason = "runs the binary in a folder of its own")]

use super::server::{Server, Start, free_port};
use crate::{
    audited::Audited,
    rig::{Turn, rigcheck},
    rows::environment::Change,
    stack::NotUp,
    support::postgres,
};
use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What the database is asked as.
const OWNER: &str = "postgres";
/// A role that sees its own settings only.
pub const STRANGER: &str = "stranger";
const CASE: &str = "PERF_INFRA_ENVIRONMENT_CONFIG_MATCH_001";

/// All of it. Dropping it ends it.
pub struct Site {
    pub folder: TempDir,
    pub port: u16,
    pub server: RefCell<Option<Server>>,
    pub database: postgres::Server,
}

impl Site {
    /// Starts all, and captures it as production.
    pub fn up() -> Result<Site, NotUp> {
        let folder = tempfile::Builder::new().prefix("rigcheck-unlike-").tempdir().expect("a folder");
        let database = postgres::Server::start("unlike", "", "")?;
        database.psql(&format!("CREATE ROLE {STRANGER} LOGIN"));
        let site = Site { folder, port: free_port(), server: RefCell::default(), database };
        site.serve(&Start::default())?;
        site.capture("production.snapshot", "");
        Ok(site)
    }

    /// Another server in the place of the one that runs.
    pub fn serve(&self, how: &Start<'_>) -> Result<(), NotUp> {
        self.server.replace(None);
        self.server.replace(Some(Server::start(self.path(), self.port, how)?));
        Ok(())
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes down what runs now, with more workloads in YAML.
    pub fn capture(&self, to: &str, workloads: &str) -> PathBuf {
        fs::write(self.path().join("rigcheck.yaml"), self.spec(OWNER, workloads, "")).expect("a file of ours");
        let out = rigcheck(self.path()).args(["snapshot", "capture", to, "--name", "production", "--force"]).output().expect("the binary");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        self.path().join(to)
    }

    /// Audits it beside production, as changes of the spec have it.
    pub fn audit(&self, changes: &[Change]) -> Audited {
        let reference = changes.iter().find_map(Change::reference).unwrap_or("production.snapshot");
        let section = changes.iter().filter_map(Change::section).fold(String::new(), |section, more| section + ", " + &more);
        let role = if changes.iter().any(|change| matches!(change, Change::Stranger)) { STRANGER } else { OWNER };
        self.audit_by(&self.spec(role, "", &format!("reference: {reference}{section}")), &[])
    }

    /// Audits by a spec, with more to say to the binary.
    pub fn audit_by(&self, spec: &str, arguments: &[&str]) -> Audited {
        fs::write(self.path().join("rigcheck.yaml"), spec).expect("a file of ours");
        let (_turn, began) = (Turn::take(1), Instant::now());
        let mut command = rigcheck(self.path());
        command.args(["audit", "--output", "json:report.json", "--output", "human:report.txt"]).args(arguments);
        let out = command.output().expect("the binary");
        // Nothing here is timed, so that it does not matter how busy the machine is.
        Audited::of(self.path().to_owned(), &out, began.elapsed(), 0.0)
    }

    /// The spec by which it is audited and captured, as a user would write it.
    pub fn spec(&self, role: &str, workloads: &str, environment: &str) -> String {
        format!(
            "version: 1\n\
             rig: twin\n\
             resources: {{gateway: {{port: {port}}}{workloads}}}\n\
             sources:\n\
             \x20 database: {{kind: postgres, url: \"postgresql://{role}@127.0.0.1:{}/postgres?sslmode=disable\"}}\n\
             environment: {{{environment}}}\n\
             cases: [{CASE}]\n",
            self.database.port,
            port = self.port,
        )
    }

    /// Tells the database, and waits until new sessions have what its files say.
    pub fn tell(&self, statements: &[&str]) {
        let loaded = || self.database.psql("SELECT pg_conf_load_time()");
        let before = loaded();
        for statement in statements {
            self.database.psql(statement);
        }
        self.database.psql("SELECT pg_reload_conf()");
        let until = Instant::now() + Duration::from_secs(20);
        while loaded() == before {
            assert!(Instant::now() < until, "the database does not read its files again");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
