//! From what all places said to one set of findings.

use super::{Answers, Places, families::Families, host, log, page, prometheus, services};
use crate::{
    sources::docker,
    spec::draft::{
        found::{Asked, Found, Look, Place, Target},
        speaks_llm,
    },
};

/// The findings.
pub fn found(places: &Places, mut answers: Answers) -> Found {
    let mut found = Found { rig: places.rig.clone(), ..Found::default() };
    let mut families = Families::default();
    let own = if answers.apis.is_empty() { None } else { Some(answers.apis.remove(0)) };
    found.other_targets = answers.apis.drain(..).map(|a| a.at).collect();
    let address = own.as_ref().map(|api| host::address(&api.url)).unwrap_or_default();
    if let Some(api) = own {
        tell(&mut found, "target", &api.at, api.asked, api.told());
        let given = api.asked == Asked::Given;
        let loopback = !given || places.reach.target.as_ref().is_some_and(|(_, loopback)| *loopback);
        let headers = if given { places.written.headers.clone() } else { vec![] };
        if let Some((at, said)) = api.page {
            page(&mut found, &mut families, places, (at, Asked::Own, said));
        }
        let models = api.models.map(|list| list.models);
        found.target = Some(Target { url: api.at, asked: api.asked, headers, loopback, models, chat_path: api.chat_path });
    }
    // On another port of the target's host anything may be scraped; only metrics of a language model are the target's.
    let ours = |at: &str, said: &Result<page::Seen, String>| host::address(at) == address || said.as_ref().is_ok_and(|s| speaks_llm(&s.families));
    if let Some((at, said)) = answers.scraped.take().filter(|(at, said)| ours(at, said)) {
        page(&mut found, &mut families, places, (at, Asked::Scraped, said));
    }
    if let Some((at, said)) = places.written.scrape.clone().zip(answers.page.take()) {
        page(&mut found, &mut families, places, (at, Asked::Given, said));
    }
    if found.pages.len() > 1 {
        families.also("scrape", "scrape_2");
    }
    if let Some(said) = answers.prometheus.take() {
        store(&mut found, &mut families, said, &address);
    }
    if let Some(place) = answers.jaeger.take() {
        tell(&mut found, "jaeger", &place.at, place.asked, place.said.as_ref().map(services::told).map_err(Clone::clone));
        found.jaeger = Some(place).filter(counts);
    }
    for log in answers.logs.drain(..) {
        tell(&mut found, "access log", &log.at, log.asked, log.said.as_ref().map(log::told).map_err(Clone::clone));
        found.logs.push(log);
    }
    if let Some(place) = answers.truth.take() {
        tell(&mut found, "truth", &place.at, place.asked, place.said.as_ref().map(|_| "`rigcheck mock`".to_owned()).map_err(Clone::clone));
        found.truth = Some(place).filter(counts);
    }
    match answers.containers {
        Ok(containers) => found.containers = containers,
        // Its socket is one place, and who has containers misses their names: unlike silent ports, it is told.
        Err(why) => found.looks.push(Look { what: "docker socket".into(), at: docker::place(), asked: Asked::Usual, saw: Err(why) }),
    }
    found.families = families.finish();
    found
}

/// What was named is declared even if it is silent now; what was only tried is not.
fn counts<T>(place: &Place<T>) -> bool {
    place.asked == Asked::Given || place.said.is_ok()
}

/// What was only tried and is not there is no news.
fn tell(found: &mut Found, what: &str, at: &str, asked: Asked, saw: Result<String, String>) {
    if asked == Asked::Given || saw.is_ok() {
        found.looks.push(Look { what: what.into(), at: at.into(), asked, saw });
    }
}

/// A page; one that was found unasked is left to the user who names it himself.
fn page(found: &mut Found, families: &mut Families, places: &Places, (at, asked, said): (String, Asked, Result<page::Seen, String>)) {
    if asked != Asked::Given && places.written.scrape.as_deref() == Some(at.as_str()) {
        return;
    }
    tell(found, "metrics page", &at, asked, said.as_ref().map(page::Seen::told).map_err(Clone::clone));
    let said = said.map(|seen| {
        families.add(seen.families, "scrape", true);
        seen.page
    });
    let place = Place { at, asked, said };
    match (counts(&place), asked) {
        (false, _) => {}
        (true, Asked::Given) => found.pages.insert(0, place),
        (true, _) => found.pages.push(place),
    }
}

fn store(found: &mut Found, families: &mut Families, said: prometheus::Said, address: &str) {
    tell(found, "prometheus", &said.at, said.asked, said.answer.as_ref().map(prometheus::Answer::told).map_err(Clone::clone));
    let server = said.answer.map(|answer| {
        if found.target.is_none() {
            found.other_targets.extend(answer.llm_instances());
        }
        families.add_stored(answer.families, "prometheus", address);
        answer.server
    });
    found.prometheus = Some(Place { at: said.at, asked: said.asked, said: server }).filter(counts);
}
