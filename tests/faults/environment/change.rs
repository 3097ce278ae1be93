//! What is really done to an environment, and how it is undone.
#![allow(clippy::disallowed_methods, reason = "writes references and packages into a folder of its own")]

use super::{
    server::{Server, Start},
    site::Site,
};
use crate::{
    rows::environment::{Change, Was},
    stack::NotUp,
};
use jiff::{Timestamp, ToSpan};
use rigcheck::{
    model::{
        environment::{ENVIRONMENT, SNAPSHOT},
        evidence::Evidence,
        key::Facts,
        name::name,
        payload::{FactTable, FactValue},
    },
    store::snapshot,
};
use std::fs;

/// What has to be put right again.
#[derive(Default)]
pub struct Undo {
    server: bool,
    database: bool,
    restart: bool,
}

/// Beside the snapshot of how it was.
const OTHER: &str = "other.snapshot";
const DOCUMENT: &str = "other.yaml";

impl Change {
    /// The reference, where it is another one.
    pub fn reference(&self) -> Option<&'static str> {
        match self {
            Change::There(..) | Change::Old(_) | Change::PartThere(_) => Some(OTHER),
            Change::Document(_) => Some(DOCUMENT),
            _ => None,
        }
    }

    /// What the section `environment` says more.
    pub fn section(&self) -> Option<String> {
        if let Change::Section(more) = self { Some(dated(more)) } else { None }
    }
}

impl Site {
    /// Does all of it.
    pub fn change(&self, changes: &[Change]) -> Result<Undo, NotUp> {
        let (mut undo, mut start) = (Undo::default(), Start::default());
        for change in changes {
            match *change {
                Change::Variable(name, value) => start.variables.push((name, value.into())),
                Change::Options(options) => start.options.extend(options),
                Change::Under(program) => start.under = program,
                Change::Planted(package, version) => start.variables.push(("PYTHONPATH", self.plant(package, version))),
                Change::LoseWorker => {
                    self.server.borrow().as_ref().map(Server::lose_worker);
                    undo.server = true;
                }
                Change::Sql(statements) => {
                    self.tell(statements);
                    undo.database = true;
                }
                Change::RestartDatabase => {
                    self.database.restart()?;
                    undo.restart = true;
                }
                Change::There(part, fact, was) => self.rewrite(|evidence| {
                    evidence.alter(&name(ENVIRONMENT), &Facts { scope: name(part) }, |table: &mut FactTable| {
                        assert!(table.0.contains_key(fact), "{part} tells no {fact}");
                        let value = match was {
                            Was::Text(text) => FactValue::Text(text.into()),
                            Was::Count(n) => FactValue::Count(n),
                        };
                        table.put(fact, value, "production");
                    });
                }),
                Change::Old(days) => self.rewrite(|evidence| {
                    let then = Timestamp::now() - (24 * days).hours();
                    evidence.alter(&name(ENVIRONMENT), &Facts { scope: name(SNAPSHOT) }, |table: &mut FactTable| {
                        table.put("as_of", FactValue::Micros(then.as_microsecond()), "");
                    });
                }),
                Change::PartThere(part) => {
                    self.capture(OTHER, &format!(", {part}: {{port: {}}}", self.database.port));
                }
                Change::Document(text) => fs::write(self.path().join(DOCUMENT), dated(text)).expect("a file of ours"),
                Change::Section(_) | Change::Stranger => {}
            }
        }
        if !(start.under.is_empty() && start.variables.is_empty() && start.options.is_empty()) {
            self.serve(&start)?;
            undo.server = true;
        }
        Ok(undo)
    }

    /// Puts it right again.
    pub fn undo(&self, undo: &Undo) -> Result<(), NotUp> {
        if undo.database {
            self.tell(&["ALTER SYSTEM RESET ALL", "ALTER ROLE postgres IN DATABASE template1 RESET ALL", "DROP EXTENSION IF EXISTS pg_trgm"]);
        }
        if undo.restart {
            self.database.restart()?;
        }
        if undo.server { self.serve(&Start::default()) } else { Ok(()) }
    }

    /// Metadata of a package as pip leaves it, in a folder for `PYTHONPATH`.
    fn plant(&self, package: &str, version: &str) -> String {
        let folder = self.path().join(format!("planted-{package}"));
        let metadata = folder.join(format!("{}-{version}.dist-info", package.replace('-', "_")));
        fs::create_dir_all(&metadata).expect("a folder of ours");
        fs::write(metadata.join("METADATA"), format!("Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")).expect("a file of ours");
        folder.display().to_string()
    }

    /// The snapshot of production as another production would have given it.
    fn rewrite(&self, change: impl FnOnce(&mut Evidence)) {
        let mut evidence = snapshot::read(&self.path().join("production.snapshot")).expect("the snapshot of before");
        change(&mut evidence);
        fs::write(self.path().join(OTHER), snapshot::text(&evidence).expect("text")).expect("a file of ours");
    }
}

/// With moments for their names.
fn dated(text: &str) -> String {
    let day = |days: i64| (Timestamp::now() + (24 * days).hours()).strftime("%Y-%m-%d").to_string();
    let moment = |days: i64| format!("{}T00:00:00+00:00", day(days));
    text.replace("{today}", &day(0)).replace("{long ago}", &moment(-30)).replace("{soon}", &moment(7)).replace("{in time}", &moment(60))
}
