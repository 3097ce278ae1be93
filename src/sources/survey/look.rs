//! One look: a GET with three seconds and a cap.

use crate::{
    model::{evidence::Gap, redactor::Redactor, rows::InMemory, source::Slot},
    sources::http::{Answered, Http},
    spec::settings::Connection,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Time for a look.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// More than this is not read.
pub const CAP: usize = 8 << 20;

/// Makes looks.
pub struct Looker {
    redactor: Redactor,
}

impl Looker {
    /// One that keeps these secrets out of what it tells.
    pub fn new(redactor: Redactor) -> Looker {
        Looker { redactor }
    }
    /// A GET that must end in 2xx; else why it did not, without secrets.
    pub async fn get(&self, connection: &Connection, path: &str, query: &[(&str, String)], accept: &str) -> Result<Answered, String> {
        let got = async { Http::new(connection)?.get(path, query, accept, &slot(), CAP).await }.await;
        got.map_err(|gap| self.why(&gap))
    }
    /// The same for JSON.
    pub async fn json<T: serde::de::DeserializeOwned>(&self, connection: &Connection, path: &str, query: &[(&str, String)]) -> Result<T, String> {
        let answered = self.get(connection, path, query, "application/json").await?;
        answered.json().map_err(|gap| self.why(&gap))
    }
    /// A gap in words, without secrets.
    pub fn why(&self, gap: &Gap) -> String {
        self.redactor.clean(&gap.to_string()).chars().filter(|c| !c.is_control()).take(300).collect()
    }
}

fn slot() -> Slot {
    Slot::detached(Instant::now() + PATIENCE, Arc::new(InMemory::default()))
}
