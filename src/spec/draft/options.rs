//! The options of `rigcheck init`, read by the rules of the spec that they will stand in: the same checks of URLs and headers,
//! the same references, and the same redactor of what they held.

use super::text::headers;
use crate::{
    model::{name::name, redactor::Redactor},
    spec::{
        diagnostics::{Problem, Problems, plain},
        load::{Options, load_text},
        secrets::{looks_secret, only_references},
        settings::{Connection, SourceSettings},
        write::verbatim,
    },
};
use std::{fmt::Write as _, path::Path};

/// Places as written, references unresolved.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The API under test.
    pub target: Option<String>,
    /// Headers for it, name and value.
    pub headers: Vec<(String, String)>,
    /// A server with the Prometheus HTTP API.
    pub prometheus: Option<String>,
    /// A Jaeger query service.
    pub jaeger: Option<String>,
    /// A metrics page.
    pub scrape: Option<String>,
    /// `rigcheck mock`.
    pub truth: Option<String>,
}

/// How to reach them.
#[derive(Debug, Default)]
pub struct Reach {
    /// The API under test, and whether it is on loopback.
    pub target: Option<(Connection, bool)>,
    /// A server with the Prometheus HTTP API.
    pub prometheus: Option<Connection>,
    /// A Jaeger query service.
    pub jaeger: Option<Connection>,
    /// A metrics page.
    pub scrape: Option<Connection>,
    /// `rigcheck mock`.
    pub truth: Option<Connection>,
    /// Knows the secrets behind the references.
    pub redactor: Redactor,
    /// Headers whose variable is not set: they are written, but not sent.
    pub unset: Vec<String>,
}

/// Why an option cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not `NAME: VALUE`.
    #[error("--header: is not `NAME: VALUE`; write --header 'x-api-key: ${{env:API_KEY}}'")]
    Shape,
    /// A secret would end up in the file.
    #[error(
        "--header {name}: holds a secret as it is, and would put it into the file; export it and write --header '{name}: {scheme}${{env:API_KEY}}' with the variable's name"
    )]
    Literal {
        /// The header's name.
        name: String,
        /// `Bearer `, where that stands before it.
        scheme: &'static str,
    },
    /// The same problems that the spec would have, each by the option that it is about.
    #[error("{0}")]
    Problems(String),
}

/// Takes `NAME: VALUE` apart. A secret must be a reference.
pub fn header(text: &str) -> Result<(String, String), Refused> {
    let (name, value) = text.split_once(':').ok_or(Refused::Shape)?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || value.is_empty() || name.contains(char::is_whitespace) {
        return Err(Refused::Shape);
    }
    if (looks_secret(name) || like_a_token(value)) && !only_references(value) {
        let scheme = if value.starts_with("Bearer ") || name.eq_ignore_ascii_case("authorization") { "Bearer " } else { "" };
        return Err(Refused::Literal { name: plain(name), scheme });
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Long, in one piece, letters and digits mixed: nobody names a tenant like that.
fn like_a_token(value: &str) -> bool {
    let value = value.rsplit(' ').next().unwrap_or_default();
    let mixed = value.chars().any(|c| c.is_ascii_digit()) && value.chars().any(|c| c.is_ascii_alphabetic());
    value.starts_with("sk-") || !value.starts_with("${") && value.len() >= 20 && mixed
}

/// Reads the options as the spec would be read.
pub fn reach(written: &Written, base: &Path, options: &Options<'_>) -> Result<Reach, Refused> {
    let (sent, unset): (Vec<_>, Vec<_>) =
        written.headers.iter().partition(|(_, value)| variables(value).all(|v| (options.env)(v).is_some_and(|t| !t.is_empty())));
    let urls = [("target", &written.target), ("prometheus", &written.prometheus), ("jaeger", &written.jaeger), ("scrape", &written.scrape)];
    for (option, url) in urls.into_iter().chain([("truth", &written.truth)]) {
        if let Some(url) = url.as_ref().filter(|u| !u.contains("://") && !u.starts_with("${")) {
            return Err(Refused::Problems(format!("--{option}: write http://{}", plain(url))));
        }
    }
    let mut text = "version: 1\nrig: init\n".to_owned();
    if let Some(url) = &written.target {
        let headers = headers(sent);
        let _ = writeln!(text, "target: {{url: {}, headers: {headers}, allow: {{requests: 1, tokens: 1, rate: 1/s}}}}", verbatim(url));
    }
    let sources = [
        ("prometheus", &written.prometheus, ""),
        ("jaeger", &written.jaeger, ", service: any"),
        ("scrape", &written.scrape, ""),
        ("truth", &written.truth, ""),
    ];
    let lines: String =
        sources.iter().filter_map(|(kind, url, more)| Some(format!("  {kind}: {{url: {}{more}}}\n", verbatim(url.as_ref()?)))).collect();
    if !lines.is_empty() {
        let _ = write!(text, "sources:\n{lines}");
    }
    let loaded =
        load_text(&text, "the options of `rigcheck init`, as a spec", base, options).map_err(|problems| Refused::Problems(by_option(&problems)))?;
    let settings = loaded.settings;
    let source = |kind: &str| match settings.sources.get(&name(kind)) {
        Some(
            SourceSettings::Prometheus { connection }
            | SourceSettings::Jaeger { connection, .. }
            | SourceSettings::Scrape { connection, .. }
            | SourceSettings::Truth { connection },
        ) => Some(connection.clone()),
        _ => None,
    };
    Ok(Reach {
        prometheus: source("prometheus"),
        jaeger: source("jaeger"),
        scrape: source("scrape"),
        truth: source("truth"),
        target: settings.target.map(|t| (t.connection, loaded.profile.rig.target.is_some_and(|t| t.loopback))),
        redactor: settings.redactor,
        unset: unset.into_iter().map(|(name, _)| name.clone()).collect(),
    })
}

/// The user wrote options, and knows nothing of the spec that they are read in.
fn by_option(problems: &Problems) -> String {
    let option = |title: &str| {
        let title = title.replace("`target.url`", "--target").replace("`target.headers`", "--header");
        ["prometheus", "jaeger", "scrape", "truth"].iter().fold(title, |t, kind| t.replace(&format!("`sources.{kind}.url`"), &format!("--{kind}")))
    };
    let line = |p: &Problem| if p.label.is_empty() { option(&p.title) } else { format!("{}; {}", option(&p.title), p.label) };
    problems.list.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The variables that a value refers to and has no default for.
fn variables(value: &str) -> impl Iterator<Item = &str> {
    value.split("${env:").skip(1).filter_map(|rest| rest.split('}').next()).filter(|name| !name.contains(":-"))
}
