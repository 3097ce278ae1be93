//! The ways to endpoints as a person declares them.

use super::header;
use crate::{
    model::{
        name::{Name, name},
        payload::network::AddressClass,
        recording::{Recorded, Recording},
        units::{Ms, Share, Wall},
    },
    spec::{
        catalogue::read_each,
        diagnostics::{Problem, Problems},
        files::Files,
        table::{Field, Reading, check_name},
    },
};
use std::sync::Arc;

/// The classes that a person can name.
const CLASSES: [AddressClass; 5] =
    [AddressClass::Public, AddressClass::Private, AddressClass::UniqueLocal, AddressClass::Loopback, AddressClass::LinkLocal];

/// Is a text meant to be a document of ways? It begins with `network: NAME`, as one of an environment with `environment: NAME`.
pub fn is_network(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("network:"))
}

/// Reads a document: `network`, `as_of`, `by`, and figures by endpoint. All that is wrong with it is told.
pub fn network(text: &str, shown: &str) -> Result<Recording, Problems> {
    let mut files = Files::default();
    let (mut all, problems) = read_each(vec![(shown.into(), text.into())], &mut files, |root, cx| document(&Field::document(root), cx));
    match all.pop() {
        Some(found) if problems.is_empty() => Ok(found),
        _ => Err(Problems::new(Arc::new(files), problems, true)),
    }
}

fn document(field: &Field<'_>, cx: &Reading) -> Option<Recording> {
    let mut table = field.table(cx)?;
    let called = table.need("network", "production", cx).and_then(|f| f.text(cx).filter(|text| check_name("an environment", text, f.node.at, cx)));
    let as_of = table.need("as_of", "2026-11-01", cx).and_then(|f| as_of(&f, cx));
    let by = table.need("by", "network team", cx).and_then(|f| f.text(cx));
    let endpoints = table.need("endpoints", "{bedrock: {p50: 12ms, p95: 20ms, loss: 0.1%}}", cx);
    table.close(cx);
    let endpoints: Vec<(Name, Option<Recorded>)> =
        endpoints.map(|f| f.entries(cx)).unwrap_or_default().iter().filter_map(|(key, f)| Some((one_name(key, f, cx)?, one(f, cx)))).collect();
    Some(Recording {
        name: called?,
        as_of: as_of?,
        by: by?,
        endpoints: endpoints.into_iter().map(|(name, far)| Some((name, far?))).collect::<Option<_>>()?,
        ..Recording::default()
    })
}

fn one_name(key: &str, field: &Field<'_>, cx: &Reading) -> Option<Name> {
    check_name("an endpoint", key, field.key, cx).then(|| name(key))
}

fn as_of(field: &Field<'_>, cx: &Reading) -> Option<Wall> {
    let text = field.text(cx)?;
    header::instant(text.trim()).map_err(|(what, label)| cx.problem(field.refuse(what, label))).ok()
}

fn one(field: &Field<'_>, cx: &Reading) -> Option<Recorded> {
    let mut table = field.table(cx)?;
    let (p50, p95) = (table.get("p50").map(|f| f.ms(cx)), table.get("p95").map(|f| f.ms(cx)));
    let loss = table.get("loss").map(|f| f.part(cx).map(Share));
    let mut text = |key| table.get(key).map(|f| f.text(cx));
    let (host, region) = (text("host"), text("region"));
    let proxy = table.get("proxy").map(|f| f.text(cx).filter(|proxy| proxy_told(proxy, &f, cx)));
    let words: Vec<(&str, AddressClass)> = CLASSES.iter().map(|class| (class.word(), *class)).collect();
    let class = table.get("class").map(|f| f.word("class of addresses", &words, cx).map(|class| class.word().to_owned()));
    let at = table.at();
    table.close(cx);
    // What is written and cannot be read is told above.
    let told = [p50.is_some(), p95.is_some(), loss.is_some(), region.is_some(), proxy.is_some(), class.is_some()];
    if !told.contains(&true) {
        cx.problem(
            Problem::new(at, "nothing is declared of this endpoint")
                .label("write `{p50: 12ms, p95: 20ms, loss: 0.1%, region: us-east-1, proxy: none}`"),
        );
        return None;
    }
    let (p50, p95, loss) = (whole(p50)?, whole(p95)?, whole(loss)?);
    if let (Some(Ms(p50)), Some(Ms(p95))) = (p50, p95)
        && p95 < p50
    {
        cx.problem(Problem::new(at, "95 % cannot be below less than half are").label("`p95` is at least `p50`"));
        return None;
    }
    Some(Recorded { host: whole(host)?, port: None, region: whole(region)?, proxy: whole(proxy)?, class: whole(class)?, p50, p95, loss })
}

fn proxy_told(proxy: &str, field: &Field<'_>, cx: &Reading) -> bool {
    let fits = proxy == "none" || proxy.starts_with("http://") && !proxy.contains('@');
    if !fits {
        cx.problem(field.refuse("is no proxy", "write `none`, or `http://HOST:PORT` without credentials"));
    }
    fits
}

/// What is not written is fine; what could not be read is not.
#[allow(clippy::option_option, reason = "whether it is written, and whether it could be read")]
fn whole<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(value) => value.map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "network: production\nas_of: 2026-11-01\nby: network team\nendpoints:\n  bedrock: {p50: 12ms, p95: 20ms, loss: 0.1%, region: us-east-1, proxy: none, class: public}\n";

    #[test]
    fn a_document_is_read() {
        let read = network(DOCUMENT, "production.yaml").unwrap_or_else(|why| panic!("{why}"));
        let bedrock = &read.endpoints[&name("bedrock")];
        assert_eq!((bedrock.p50, bedrock.p95, bedrock.loss), (Some(Ms(12.0)), Some(Ms(20.0)), Some(Share(0.001))));
        assert!(!read.measured() && read.as_of == Wall(1_793_491_200_000_000) && is_network(DOCUMENT) && !is_network("environment: x\n"));
    }

    #[test]
    fn what_is_wrong_with_it_is_told_at_its_place() {
        for (from, to, says) in [
            ("p50: 12ms", "p50: fast", "`fast` is not a duration"),
            ("p50: 12ms", "p05: 12ms", "did you mean `p50`?"),
            ("p95: 20ms", "p95: 2ms", "`p95` is at least `p50`"),
            ("class: public", "class: publik", "did you mean `public`?"),
            ("proxy: none", "proxy: [none]", "must be text"),
            ("proxy: none", "proxy: yes", "`endpoints.bedrock.proxy` is no proxy"),
            ("loss: 0.1%", "loss: 200%", "must lie between 0 and 1"),
            ("as_of: 2026-11-01\n", "", "needs `as_of`"),
            ("{p50: 12ms, p95: 20ms, loss: 0.1%, region: us-east-1, proxy: none, class: public}", "{}", "nothing is declared"),
        ] {
            let text = DOCUMENT.replacen(from, to, 1);
            let said = network(&text, "production.yaml").map(|_| ()).unwrap_err().to_string();
            assert!(said.contains(says) && said.contains("production.yaml:"), "{says}: {said}");
        }
    }
}
