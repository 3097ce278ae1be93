//! What there is to audit: looks at what is named and at the usual places of this host, for `rigcheck init`.
//!
//! Sends GETs only, none of which costs anything: lists of models, OpenAPI documents, metrics pages, questions to Prometheus and
//! Jaeger about names, Docker's list of containers. Each look has three seconds and a cap on what it reads.
#![allow(clippy::disallowed_methods, reason = "sets the deadline of each look, and reads the ends of the log that the user names")]

mod api;
mod families;
mod host;
mod log;
mod look;
mod nginx_lines;
mod page;
mod prometheus;
mod services;
pub mod shape;

use crate::spec::{
    draft::{
        found::{Asked, Found, Look, Page, Place, Target},
        options::{Reach, Written},
        speaks_llm,
    },
    settings::Connection,
};
pub use page::families as families_on_page;

use api::Api;
use families::Families;
use futures_util::future::join_all;
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

/// A place to look at: as written, how to reach it, why.
struct Goal {
    at: String,
    connection: Connection,
    asked: Asked,
}

fn goal(written: Option<&String>, reach: Option<&Connection>, usual: Option<&String>) -> Option<Goal> {
    let given = written.zip(reach).map(|(at, c)| Goal { at: at.clone(), connection: c.clone(), asked: Asked::Given });
    given.or_else(|| usual.map(|at| plain(at, Asked::Usual)))
}

fn plain(at: &str, asked: Asked) -> Goal {
    Goal { at: at.to_owned(), connection: Connection { url: at.to_owned(), ..Connection::default() }, asked }
}

/// Looks at all places at once.
pub async fn survey(places: &Places) -> Found {
    let looker = Looker::new(places.reach.redactor.clone());
    let (written, reach, usual) = (&places.written, &places.reach, &places.usual);
    let prometheus = goal(written.prometheus.as_ref(), reach.prometheus.as_ref(), usual.prometheus.as_ref());
    let jaeger = goal(written.jaeger.as_ref(), reach.jaeger.as_ref(), usual.jaeger.as_ref());
    let truth = goal(written.truth.as_ref(), reach.truth.as_ref(), usual.truth.as_ref());
    let page = goal(written.scrape.as_ref(), reach.scrape.as_ref(), None);
    let target = written.target.as_ref().zip(reach.target.as_ref());
    let target = target.map(|(at, (c, _))| Goal { at: at.clone(), connection: c.clone(), asked: Asked::Given });
    let unasked: Vec<Goal> = if target.is_some() { vec![] } else { usual.targets.iter().map(|at| plain(at, Asked::Usual)).collect() };
    let targets: Vec<Goal> = target.into_iter().chain(unasked).collect();
    let (apis, prometheus, jaeger, truth, page, logs, containers) = tokio::join!(
        join_all(targets.iter().map(|g| api::look(&looker, g))),
        async { Some(prometheus::look(&looker, prometheus.as_ref()?).await) },
        async { Some(services::look(&looker, jaeger.as_ref()?).await) },
        async { Some(api::mock(&looker, truth.as_ref()?).await) },
        async { Some(page::look(&looker, page.as_ref()?).await) },
        join_all(places.logs.iter().map(|(at, path)| log::look(at, path.as_deref()))),
        async { if usual.docker { host::containers().await } else { Ok(vec![]) } },
    );
    let scraped = match (apis.first(), &prometheus) {
        (Some(api), Some(prometheus::Said { answer: Ok(answer), .. })) if !api.has_page() => {
            answer.page_of(&api.url).map(|at| plain(at, Asked::Scraped))
        }
        _ => None,
    };
    let scraped = match &scraped {
        Some(goal) => Some((goal.at.clone(), page::look(&looker, goal).await)),
        None => None,
    };
    let mut found = Found { rig: places.rig.clone(), ..Found::default() };
    let mut families = Families::default();
    // A gateway that answers is never the mock itself, unless the user says so.
    let mut apis: Vec<Api> = apis.into_iter().filter(|a| a.asked == Asked::Given || a.speaks_llm()).collect();
    let own = if apis.is_empty() { None } else { Some(apis.remove(0)) };
    found.other_targets = apis.into_iter().map(|a| a.at).collect();
    let address = own.as_ref().map(|a| host::address(&a.url)).unwrap_or_default();
    let mut tell = |what: &str, at: &str, asked, saw: Result<String, String>| {
        // What was only tried and is not there is no news.
        if asked == Asked::Given || saw.is_ok() {
            found.looks.push(Look { what: what.into(), at: at.into(), asked, saw });
        }
    };
    if let Some(api) = own {
        tell("target", &api.at, api.asked, api.told());
        let loopback = if api.asked == Asked::Given { reach.target.as_ref().is_some_and(|(_, l)| *l) } else { true };
        if let Some((at, page)) = api.page {
            tell("metrics page", &at, Asked::Own, page.as_ref().map(page::Seen::told).map_err(Clone::clone));
            if let Ok(seen) = page
                && written.scrape.as_ref() != Some(&at)
            {
                families.add(seen.families, "scrape", true);
                found.pages.push(Place { at, asked: Asked::Own, said: Ok(seen.page) });
            }
        }
        let headers = if api.asked == Asked::Given { written.headers.clone() } else { vec![] };
        found.target =
            Some(Target { url: api.at, asked: api.asked, headers, loopback, models: api.models.map(|m| m.models), chat_path: api.chat_path });
    }
    // On another port of the target's host anything may be scraped; only metrics of a language model are the target's.
    let ours = |at: &str, said: &Result<page::Seen, String>| host::address(at) == address || said.as_ref().is_ok_and(|s| speaks_llm(&s.families));
    if let Some((at, said)) = scraped.filter(|(at, said)| written.scrape.as_ref() != Some(at) && ours(at, said)) {
        tell("metrics page", &at, Asked::Scraped, said.as_ref().map(page::Seen::told).map_err(Clone::clone));
        if let Ok(seen) = said {
            families.add(seen.families, "scrape", true);
            found.pages.push(Place { at, asked: Asked::Scraped, said: Ok(seen.page) });
        }
    }
    if let Some((goal, said)) = places.written.scrape.as_ref().zip(page) {
        tell("metrics page", goal, Asked::Given, said.as_ref().map(page::Seen::told).map_err(Clone::clone));
        let said = said.map(|seen| {
            families.add(seen.families, "scrape", true);
            seen.page
        });
        found.pages.insert(0, Place { at: goal.clone(), asked: Asked::Given, said });
        rename_pages(&mut found.pages, &mut families);
    }
    if let Some((goal, said)) = prometheus.map(|said| (said.at.clone(), said)) {
        tell("prometheus", &goal, said.asked, said.answer.as_ref().map(prometheus::Answer::told).map_err(Clone::clone));
        if said.asked == Asked::Given || said.answer.is_ok() {
            let server = said.answer.map(|answer| {
                if found.target.is_none() {
                    found.other_targets.extend(answer.llm_instances());
                }
                families.add_stored(answer.families, "prometheus", &address);
                answer.server
            });
            found.prometheus = Some(Place { at: goal, asked: said.asked, said: server });
        }
    }
    if let Some(place) = jaeger {
        tell("jaeger", &place.at, place.asked, place.said.as_ref().map(services::told).map_err(Clone::clone));
        found.jaeger = Some(place).filter(|p| p.asked == Asked::Given || p.said.is_ok());
    }
    for log in logs {
        tell("access log", &log.at, Asked::Given, log.said.as_ref().map(log::told).map_err(Clone::clone));
        found.logs.push(log);
    }
    if let Some(place) = truth {
        tell("truth", &place.at, place.asked, place.said.as_ref().map(|_| "`rigcheck mock`".to_owned()).map_err(Clone::clone));
        found.truth = Some(place).filter(|p| p.asked == Asked::Given || p.said.is_ok());
    }
    found.containers = containers.unwrap_or_default();
    found.families = families.finish();
    found
}

/// A second page is a source of its own name.
fn rename_pages(pages: &mut [Place<Page>], families: &mut Families) {
    if pages.len() > 1 {
        families.also("scrape", "scrape_2");
    }
}
