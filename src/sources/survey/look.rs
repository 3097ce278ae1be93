//! One look: a GET with three seconds and a cap.

use super::Goal;
use crate::{
    model::{evidence::Gap, redactor::Redactor, rows::InMemory, source::Slot},
    sources::http::Answered,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Time for a look.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// More than this is not read.
pub const CAP: usize = 8 << 20;

/// Mimir and Cortex say `no org id` to who names no tenant.
pub const NO_TENANT: &str = "it keeps tenants apart: add `headers: {X-Scope-OrgID: TENANT}`";

/// Makes looks.
pub struct Looker {
    redactor: Redactor,
}

impl Looker {
    /// One that keeps these secrets out of what it tells.
    pub fn new(redactor: Redactor) -> Looker {
        Looker { redactor }
    }
    /// A GET that must end in 2xx; else why it did not, in a few words and without secrets.
    pub async fn get(&self, goal: &Goal, path: &str, query: &[(&str, String)], accept: &str) -> Result<Answered, String> {
        let http = goal.http.as_ref().map_err(|gap| self.why(gap))?;
        let got = http.get_any(path, query, accept, &slot(), CAP).await;
        let answered = got.map_err(|gap| self.why(&gap))?;
        match answered.status.as_u16() {
            200..300 => Ok(answered),
            401 | 403 if answered.body.trim_ascii() == b"no org id" => Err(NO_TENANT.into()),
            401 | 403 => Err(format!("answered {}: it wants credentials", answered.status)),
            _ => Err(format!("answered {}", answered.status)),
        }
    }
    /// The same for JSON.
    pub async fn json<T: serde::de::DeserializeOwned>(&self, goal: &Goal, path: &str, query: &[(&str, String)]) -> Result<T, String> {
        let answered = self.get(goal, path, query, "application/json").await?;
        // What a reader of JSON says may quote the text.
        let what = if answered.looks_like_html() {
            "answered with a web page; is there a login page or another program?"
        } else {
            "answered something else"
        };
        answered.json().map_err(|_| what.to_owned())
    }
    /// A gap in words, without secrets and without the URL, which is told beside it.
    fn why(&self, gap: &Gap) -> String {
        let told = self.redactor.clean(gap.detail());
        let told = told.split_once(": ").filter(|(url, _)| url.starts_with("http")).map_or(told.as_str(), |(_, rest)| rest);
        told.chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

fn slot() -> Slot {
    Slot::detached(Instant::now() + PATIENCE, Arc::new(InMemory::default()))
}
