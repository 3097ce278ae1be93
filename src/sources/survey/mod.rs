//! What there is to audit: looks at what is named and at the usual places of this host, for `rigcheck init`.
//!
//! Sends GETs only, none of which costs anything: lists of models, OpenAPI documents, metrics pages, questions to Prometheus and
//! Jaeger about names, Docker's list of containers. Each look has three seconds and a cap on what it reads.
#![allow(clippy::disallowed_methods, reason = "sets the deadline of each look, and reads the ends of the log that the user names")]

mod api;
mod assemble;
mod families;
mod host;
mod log;
mod look;
mod nginx_lines;
mod page;
mod prometheus;
mod services;
pub mod shape;

pub use page::families as families_on_page;

use crate::{
    model::evidence::Gap,
    sources::http::Http,
    spec::{
        draft::{
            found::{Asked, Container, Found, LogShape, Models, Place, Services},
            options::{Reach, Written},
        },
        settings::Connection,
    },
};
use futures_util::future::join_all;
pub(super) use look::CAP;
use look::Looker;
use std::path::PathBuf;

/// What is looked at.
#[derive(Debug, Default)]
pub struct Places {
    /// The places that the user named, as written.
    pub written: Written,
    /// How to reach them.
    pub reach: Reach,
    /// Logs: as written into the spec, and the path to read (none for `docker:NAME`).
    pub logs: Vec<(String, Option<PathBuf>)>,
    /// The rig's name.
    pub rig: String,
    /// Where to look unasked.
    pub usual: Usual,
}

/// Places that are looked at unasked, where the user names no other of the same kind.
#[derive(Clone, Debug, Default)]
pub struct Usual {
    /// Prometheus.
    pub prometheus: Option<String>,
    /// Jaeger.
    pub jaeger: Option<String>,
    /// `rigcheck mock`.
    pub truth: Option<String>,
    /// Gateways.
    pub targets: Vec<String>,
    /// Docker's list of containers?
    pub docker: bool,
}

impl Usual {
    /// The ports that these programs listen on unless told otherwise.
    pub fn of_this_host() -> Usual {
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        Usual {
            prometheus: Some(at(9090)),
            jaeger: Some(at(16686)),
            truth: Some(at(9100)),
            targets: [8000, 8080, 4000, 3000].map(at).to_vec(),
            docker: true,
        }
    }
}

/// A place to look at: as written, how to reach it, why. The client is made before the first look: making one takes time that
/// no answer should lack.
struct Goal {
    at: String,
    url: String,
    http: Result<Http, Gap>,
    asked: Asked,
}

impl Goal {
    fn new(at: &str, connection: &Connection, asked: Asked) -> Goal {
        Goal { at: at.to_owned(), url: connection.url.clone(), http: Http::new(connection), asked }
    }
}

fn goal(written: Option<&String>, reach: Option<&Connection>, usual: Option<&String>) -> Option<Goal> {
    let given = written.zip(reach).map(|(at, c)| Goal::new(at, c, Asked::Given));
    given.or_else(|| usual.map(|at| plain(at, Asked::Usual)))
}

fn plain(at: &str, asked: Asked) -> Goal {
    Goal::new(at, &Connection { url: at.to_owned(), ..Connection::default() }, asked)
}

/// What all places said.
struct Answers {
    /// The API that was named, or those that were tried.
    apis: Vec<api::Api>,
    prometheus: Option<prometheus::Said>,
    jaeger: Option<Place<Services>>,
    truth: Option<Place<Models>>,
    /// The page that was named.
    page: Option<Result<page::Seen, String>>,
    /// The page that Prometheus scrapes at the target, where the target's own was not found.
    scraped: Option<(String, Result<page::Seen, String>)>,
    logs: Vec<Place<LogShape>>,
    containers: Result<Vec<Container>, String>,
}

/// Looks at all places at once.
pub async fn survey(places: &Places) -> Found {
    assemble::found(places, Box::pin(ask(places)).await)
}

async fn ask(places: &Places) -> Answers {
    let looker = Looker::new(places.reach.redactor.clone());
    let (written, reach, usual) = (&places.written, &places.reach, &places.usual);
    let prometheus = goal(written.prometheus.as_ref(), reach.prometheus.as_ref(), usual.prometheus.as_ref());
    let jaeger = goal(written.jaeger.as_ref(), reach.jaeger.as_ref(), usual.jaeger.as_ref());
    let truth = goal(written.truth.as_ref(), reach.truth.as_ref(), usual.truth.as_ref());
    let page = goal(written.scrape.as_ref(), reach.scrape.as_ref(), None);
    let target = goal(written.target.as_ref(), reach.target.as_ref().map(|(connection, _)| connection), None);
    let targets: Vec<Goal> = match target {
        Some(target) => vec![target],
        None => usual.targets.iter().map(|at| plain(at, Asked::Usual)).collect(),
    };
    let (apis, prometheus, jaeger, truth, page, logs, containers) = tokio::join!(
        join_all(targets.iter().map(|g| api::look(&looker, g))),
        async { Some(prometheus::look(&looker, prometheus.as_ref()?).await) },
        async { Some(services::look(&looker, jaeger.as_ref()?).await) },
        async { Some(api::mock(&looker, truth.as_ref()?).await) },
        async { Some(page::look(&looker, page.as_ref()?).await) },
        join_all(places.logs.iter().map(|(at, path)| log::look(at, path.as_deref()))),
        async { if usual.docker { host::containers().await } else { Ok(vec![]) } },
    );
    // A gateway that answers is never the mock itself, unless the user says so.
    let apis: Vec<_> = apis.into_iter().filter(|a| a.asked == Asked::Given || a.speaks_llm()).collect();
    let without_page = apis.first().filter(|api| !api.has_page());
    let stored = prometheus.as_ref().and_then(|said| said.answer.as_ref().ok());
    let scraped = match without_page.zip(stored).and_then(|(api, answer)| answer.page_of(&api.url)) {
        Some(at) => Some((at.to_owned(), page::look(&looker, &plain(at, Asked::Scraped)).await)),
        None => None,
    };
    Answers { apis, prometheus, jaeger, truth, page, scraped, logs, containers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_places_are_on_this_host_and_apart() {
        let usual = Usual::of_this_host();
        let mut all: Vec<_> = [usual.prometheus, usual.jaeger, usual.truth].into_iter().flatten().chain(usual.targets).collect();
        assert!(usual.docker && all.len() == 7);
        for (program, port) in [("Prometheus", 9090), ("Jaeger", 16686), ("rigcheck mock", 9100), ("uvicorn, vLLM", 8000), ("LiteLLM", 4000)] {
            assert!(all.contains(&format!("http://127.0.0.1:{port}")), "{program} is not looked for on {port}: {all:?}");
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 7, "{all:?}");
    }
}
