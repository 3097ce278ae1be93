//! The section `network`: to whom the way is measured. An endpoint is connected to only because it is named here.

use super::{
    connection::is_loopback,
    diagnostics::{Problem, nearest},
    endpoints::{Endpoints, Pattern},
    environment::reference,
    proxy_of,
    references::Env,
    settings::{NetworkPace, NetworkReach, NetworkSettings},
    table::{Field, Reading, Table, check_name},
    tls_files::ca_file,
};
use crate::model::{
    endpoint::{Download, Endpoint, NETWORK, Verb},
    name::{Name, name},
    network::{FarEnd, Network},
    rig::{Quantity, Rig, SourceInfo},
    units::Ms,
};
use reqwest::Url;
use std::collections::BTreeMap;

/// Bytes of a download unless told otherwise, and at most.
const DOWNLOAD: u64 = 4_000_000;
const LONGEST_DOWNLOAD: u64 = 100_000_000;

/// What the section says.
pub(super) struct Section {
    network: Network,
    settings: NetworkSettings,
}

/// Reads the section.
pub(super) fn read(field: &Field<'_>, env: &Env<'_>, cx: &Reading) -> Option<Section> {
    let mut table = field.table(cx)?;
    let at = table.at();
    let known = match Endpoints::embedded() {
        Ok(known) => known,
        Err(why) => {
            cx.problem(Problem::new(at, format!("the endpoint catalogue of this release cannot be read: {why}")));
            return None;
        }
    };
    let named = table.need("endpoints", "{bedrock: {from: bedrock-runtime, region: us-east-1}}", cx);
    let entries = named.as_ref().map(|f| f.entries(cx)).unwrap_or_default();
    let (referred, place) = table.get("reference").and_then(|f| reference(&f, cx)).unzip();
    let ttft = table.get("ttft").and_then(|f| f.ms(cx));
    let proxy = table.get("proxy").map_or(Some(Proxied::Never), |f| proxied(&f, cx));
    let pace_field = table.get("pace");
    let pace = pace_field.as_ref().and_then(|f| pace(f, cx));
    table.close(cx);
    if let Some(field) = named.filter(|_| entries.is_empty()) {
        cx.problem(field.refuse("names nobody", "write `bedrock: {from: bedrock-runtime, region: us-east-1}`"));
        return None;
    }
    let proxy = proxy?;
    let mut section = Section {
        network: Network { reference: referred, ttft, ..Network::default() },
        settings: NetworkSettings { reference: place, pace, ..NetworkSettings::default() },
    };
    let mut sound = true;
    for (key, field) in &entries {
        match check_name("an endpoint", key, field.key, cx).then(|| one(key, field, &known, cx)).flatten() {
            None => sound = false,
            Some((far, ca_file)) => {
                let proxy = proxy.of(&far.endpoint, env);
                section.settings.reach.insert(name(*key), NetworkReach { ca_file, proxy });
                section.network.endpoints.insert(name(*key), far);
            }
        }
    }
    if let Some(field) = pace_field.filter(|_| sound) {
        in_a_laboratory(&field, &section.network.endpoints, cx);
    }
    sound.then_some(section)
}

/// Puts it into the rig; the TTFT that is aimed at is that of the cases, where the section says none.
pub(super) fn put(section: Section, rig: &mut Rig) -> NetworkSettings {
    let mut network = section.network;
    network.ttft = network.ttft.or_else(|| rig.slo.get(&Quantity::Ttft).copied());
    let reach = &section.settings.reach;
    let mut proxies: Vec<&str> = reach.values().filter_map(|reach| reach.proxy.as_deref()).collect();
    proxies.sort_unstable();
    proxies.dedup();
    let place = if proxies.is_empty() { "this machine".to_owned() } else { format!("this machine, through {}", proxies.join(", ")) };
    rig.sources.insert(name(NETWORK), SourceInfo { kind: NETWORK.into(), place, reads: String::new() });
    rig.network = Some(network);
    section.settings
}

/// Whether a proxy is used.
enum Proxied {
    /// None, whatever the environment says.
    Never,
    /// The one that `HTTPS_PROXY` and `NO_PROXY` name, as most applications do.
    Environment,
    /// This one.
    Through(String),
}

impl Proxied {
    fn of(&self, endpoint: &Endpoint, env: &Env<'_>) -> Option<String> {
        match self {
            Proxied::Never => None,
            Proxied::Environment => proxy_of::environment(&endpoint.host, endpoint.port, endpoint.tls, env),
            Proxied::Through(url) => Some(url.clone()),
        }
    }
}

fn proxied(field: &Field<'_>, cx: &Reading) -> Option<Proxied> {
    let text = field.text(cx)?;
    match text.as_str() {
        "none" => Some(Proxied::Never),
        "environment" => Some(Proxied::Environment),
        url => {
            let sound = Url::parse(url).ok().filter(|url| {
                url.scheme() == "http" && url.host_str().is_some() && url.username().is_empty() && url.password().is_none() && url.path() == "/"
            });
            if sound.is_none() {
                cx.problem(field.refuse("is no proxy", "write `environment`, `none`, or `http://HOST:PORT` without credentials"));
            }
            sound.map(|url| Proxied::Through(url.as_str().trim_end_matches('/').to_owned()))
        }
    }
}

fn pace(field: &Field<'_>, cx: &Reading) -> Option<NetworkPace> {
    let mut table = field.table(cx)?;
    let mean_gap = table.get("mean_gap").map_or(Some(Ms(500.0)), |f| f.ms(cx));
    let between_rounds = table.get("between_rounds").map_or(Some(Ms(2_000.0)), |f| f.ms(cx));
    table.close(cx);
    Some(NetworkPace { mean_gap: mean_gap?, between_rounds: between_rounds? })
}

/// Another pace is for endpoints that are the tester's own.
fn in_a_laboratory(field: &Field<'_>, endpoints: &BTreeMap<Name, FarEnd>, cx: &Reading) {
    let own = |host: &str| {
        let bare = host.parse::<std::net::IpAddr>().ok();
        let private = bare.is_some_and(|ip| match ip {
            std::net::IpAddr::V4(v4) => v4.is_private() || v4.is_loopback(),
            std::net::IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback(),
        });
        let last = host.rsplit('.').next().unwrap_or(host);
        private || last.eq_ignore_ascii_case("localhost") || last.eq_ignore_ascii_case("test") && host.contains('.')
    };
    if let Some((name, far)) = endpoints.iter().find(|(_, far)| !own(&far.endpoint.host)) {
        let what = format!("is not for others' endpoints, and `{name}` is at {}", far.endpoint.host);
        cx.problem(field.refuse(what, "remove it: at most 2 connects a second are begun, so that nobody is bothered"));
    }
}

/// One endpoint, of the catalogue or by its URL, and the authorities that are trusted beside the machine's.
fn one(key: &str, field: &Field<'_>, known: &Endpoints, cx: &Reading) -> Option<(FarEnd, Option<std::path::PathBuf>)> {
    let mut table = field.table(cx)?;
    let (from, url) = (table.get("from"), table.get("url"));
    let region = table.get("region");
    let place = match (from, url) {
        (Some(from), None) => of_the_catalogue(&from, region.as_ref(), known, cx),
        (None, Some(url)) => of_a_url(&url, cx).map(|place| Place { region: region.as_ref().and_then(|f| f.text(cx)), ..place }),
        (Some(_), Some(url)) => {
            cx.problem(url.refuse("and `from` exclude each other", "name it by one of the two"));
            None
        }
        (None, None) => {
            let what = format!("`{}` does not say where it is", field.path);
            cx.problem(Problem::new(field.key, what).label("add `from: bedrock-runtime` and `region: us-east-1`, or `url: https://HOST/PATH`"));
            None
        }
    };
    let authorities = table.get("ca_file").and_then(|f| ca_file(&f, cx));
    let sni = table.get("sni").and_then(|f| f.text(cx));
    let methods = [("get", Some(Verb::Get)), ("head", Some(Verb::Head)), ("none", None)];
    let method = table.get("method").map_or(Some(Some(Verb::Get)), |f| f.word("method", &methods, cx));
    let issuer = table.get("issuer").and_then(|f| f.text(cx));
    let large_body = table.get("large_body").map_or(Some(false), |f| f.flag(cx));
    let download = table.get("download").map(|f| download(&f, cx));
    table.close(cx);
    let Place { host, port, tls, path, from, region, issuers } = place?;
    let download = match download {
        Some(read) => Some(read?),
        None => None,
    };
    let endpoint = Endpoint { name: name(key), host, port, tls, sni, method: method?, path, large_body: large_body?, download };
    Some((FarEnd { endpoint, from, region, issuers: issuer.map_or(issuers, |issuer| vec![issuer]) }, authorities))
}

struct Place {
    host: String,
    port: u16,
    tls: bool,
    path: String,
    from: Option<String>,
    region: Option<String>,
    issuers: Vec<String>,
}

fn of_the_catalogue(from: &Field<'_>, region: Option<&Field<'_>>, known: &Endpoints, cx: &Reading) -> Option<Place> {
    let word = from.text(cx)?;
    let Some(pattern) = known.named(&word) else {
        let names = || known.patterns.iter().map(|p| p.name.as_str());
        let mut problem = Problem::unknown(from.node.at, "endpoint", &word, names());
        if nearest(&word, names()).is_none() {
            problem = problem.help(format!("there are {}; any other is named by `url`", names().collect::<Vec<_>>().join(", ")));
        }
        cx.problem(problem);
        return None;
    };
    let told = match region {
        Some(field) => Some(field.text(cx)?),
        None => None,
    };
    let Some(host) = pattern.host_in(told.as_deref()) else {
        cx.problem(wrong_region(from, region, told.as_deref(), pattern, known));
        return None;
    };
    let issuers = pattern.issuers.clone();
    Some(Place { host, port: 443, tls: true, path: "/".into(), from: Some(word), region: told, issuers })
}

fn wrong_region(from: &Field<'_>, region: Option<&Field<'_>>, told: Option<&str>, pattern: &Pattern, known: &Endpoints) -> Problem {
    match (region, told) {
        (Some(field), Some(_)) if pattern.regions.is_empty() => {
            field.refuse(format!("is not for `{}`, which has no regions", pattern.name), "remove it")
        }
        (Some(field), Some(told)) => {
            let regions = || pattern.regions.iter().map(String::as_str);
            let problem = Problem::unknown(field.node.at, "region", told, regions());
            problem.help(format!(
                "`{}` is known in {} (catalogue {}); a newer one is named by `url`",
                pattern.name,
                regions().collect::<Vec<_>>().join(", "),
                known.version
            ))
        }
        _ => from.refuse(
            format!("needs the region of `{}`", pattern.name),
            format!("add `region: {}`", pattern.regions.first().map_or("", String::as_str)),
        ),
    }
}

fn of_a_url(field: &Field<'_>, cx: &Reading) -> Option<Place> {
    let text = field.text(cx)?;
    let refuse = |what: &str, label: &str| {
        cx.problem(field.refuse(what, label));
        None
    };
    let url = match Url::parse(text.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => url,
        _ => return refuse("is no URL of an endpoint", "write `https://HOST:PORT/PATH`"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("has credentials in it", "remove them: endpoints are asked as a stranger would");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("has more than a path", "remove everything from `?` or `#` on");
    }
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().filter(|port| *port != 0);
    let Some(port) = port else { return refuse("has port 0", "write the port that it listens on") };
    if url.scheme() == "http" && !is_loopback(&url) {
        cx.warn(field.refuse("has no TLS", "applications call providers by `https://`; a baseline without TLS says less"));
    }
    Some(Place { host, port, tls: url.scheme() == "https", path: url.path().to_owned(), from: None, region: None, issuers: vec![] })
}

fn download(field: &Field<'_>, cx: &Reading) -> Option<Download> {
    let mut table: Table<'_> = field.table(cx)?;
    let path = table.need("path", "/large-file", cx);
    let most = table.get("most").map_or(Some(DOWNLOAD), |f| f.bytes(cx).map(|bytes| bytes.0).filter(|most| within(*most, &f, cx)));
    table.close(cx);
    let field = path?;
    let path = field.text(cx)?;
    if !path.starts_with('/') || path.contains(char::is_whitespace) {
        cx.problem(field.refuse("is no path at the endpoint", "write `/large-file`"));
        return None;
    }
    Some(Download { path, most_bytes: most? })
}

fn within(most: u64, field: &Field<'_>, cx: &Reading) -> bool {
    let fits = (1..=LONGEST_DOWNLOAD).contains(&most);
    if !fits {
        cx.problem(field.refuse("is no bounded download", "write at most `100MB`; 4MB tell a rate"));
    }
    fits
}
