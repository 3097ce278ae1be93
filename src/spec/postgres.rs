//! Where a PostgreSQL server is, and how it is signed in to: a URL as its own clients take it, without a password in it.

use super::{
    diagnostics::nearest,
    secrets::looks_secret,
    table::{Field, Reading, Table},
    tls_files::ca_file,
};
use crate::model::secret::Secret;
use reqwest::Url;
use std::path::PathBuf;

/// Where it listens unless told otherwise.
const PORT: u16 = 5432;
/// What a URL is to look like.
const EXAMPLE: &str = "postgresql://user@host:5432/db";
/// What may stand in the query of its URL.
const KEYS: [&str; 3] = ["sslmode", "host", "port"];

/// One server, one database, one role.
#[derive(Clone, Debug)]
pub struct PostgresServer {
    /// Its URL without the role and without a query, as people are told.
    pub url: String,
    /// Where it listens.
    pub at: PostgresPlace,
    /// The role; none for the name of the user who runs rigcheck.
    pub user: Option<String>,
    /// Its password, if it needs one.
    pub password: Option<Secret>,
    /// The database: extensions are of one of them.
    pub database: String,
    /// Is the connection to be encrypted?
    pub tls: PostgresTls,
    /// PEM file of the authority that signed its certificate.
    pub ca_file: Option<PathBuf>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresPlace {
    /// A host and its port.
    Tcp(String, u16),
    /// A folder with its socket, which is named by the port.
    Socket(PathBuf, u16),
}

/// Whether the connection is encrypted and whether the server must prove who it is: the words of `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostgresTls {
    /// Not encrypted.
    Disable,
    /// Encrypted where the server offers it; it proves nothing.
    Prefer,
    /// Encrypted; it proves nothing.
    Require,
    /// Encrypted; its certificate is signed by the authority.
    VerifyCa,
    /// The same, and the certificate is of this host.
    VerifyFull,
}

/// Reads a source of this kind.
pub(super) fn read(table: &mut Table<'_>, cx: &Reading) -> Option<PostgresServer> {
    let url = table.need("url", &format!("\"{EXAMPLE}\""), cx);
    let password = table.get("password").map(|f| f.secret(cx));
    let ca = table.get("ca_file");
    let ca_file = ca.as_ref().map(|f| ca_file(f, cx));
    let (mut server, mode) = server(&url?, cx)?;
    // What is not there is no problem; what is there and was refused is.
    if let Some(password) = password {
        server.password = Some(password?);
    }
    if let Some(file) = ca_file {
        server.ca_file = Some(file?);
    }
    let (has_ca, refuse) = (server.ca_file.is_some(), |field: Option<&Field<'_>>, what: &str, label: &str| {
        if let Some(f) = field {
            cx.problem(f.refuse(what, label));
        }
        None
    });
    server.tls = match (mode, has_ca) {
        (None, false) => PostgresTls::Prefer,
        (None, true) => PostgresTls::VerifyFull,
        (Some(PostgresTls::VerifyCa | PostgresTls::VerifyFull), false) => {
            return refuse(Some(&table.get("url")?), "asks for a certificate that can be checked", "add `ca_file: FILE.pem` with its authority");
        }
        (Some(PostgresTls::Disable | PostgresTls::Prefer), true) => {
            return refuse(ca.as_ref(), "is not looked at with this `sslmode`", "remove it, or write `sslmode=verify-full` in `url`");
        }
        // As PostgreSQL's own clients take the two together.
        (Some(PostgresTls::Require), true) => PostgresTls::VerifyCa,
        (Some(mode), _) => mode,
    };
    Some(server)
}

fn server(field: &Field<'_>, cx: &Reading) -> Option<(PostgresServer, Option<PostgresTls>)> {
    let text = field.text(cx)?;
    // A name that is nobody's (RFC 2606).
    let text = if field.unchecked(cx) { "postgresql://output-of-exec.invalid/db" } else { text.trim() };
    match parsed(text) {
        Ok(server) => Some(server),
        Err((what, label)) => {
            cx.problem(field.refuse(what, label));
            None
        }
    }
}

/// The server of a URL, or what is wrong with it and what to do.
fn parsed(text: &str) -> Result<(PostgresServer, Option<PostgresTls>), (String, String)> {
    let wrong = |what: &str, label: &str| Err((what.to_owned(), label.to_owned()));
    let Some((scheme, rest)) = text.split_once("://") else { return wrong("has no `postgresql://`", &format!("write `{EXAMPLE}`")) };
    if !["postgresql", "postgres"].contains(&scheme) {
        return wrong("is not a PostgreSQL server's", &format!("write `{EXAMPLE}`"));
    }
    // A role before a host that only the query names: `postgresql://me@/db?host=/run/postgresql`.
    let url = match Url::parse(&format!("postgresql://{}", rest.replacen("@/", "@localhost/", 1))) {
        Ok(url) => url,
        Err(why) => return Err((format!("is not a URL: {why}"), format!("write `{EXAMPLE}`"))),
    };
    let secret = url.query_pairs().any(|(key, _)| looks_secret(&key));
    if url.password().is_some() || secret {
        return wrong("has a password in it; URLs are shown in reports", "remove it, and add `password: \"${env:PGPASSWORD}\"`");
    }
    let (mut mode, mut folder, mut socket_port) = (None, None, None);
    for (key, value) in url.query_pairs() {
        match &*key {
            "sslmode" => mode = Some(tls(&value)?),
            "host" if value.starts_with('/') => folder = Some(PathBuf::from(&*value)),
            "host" => return wrong("names a host in its query", &format!("write it before the database: `{EXAMPLE}`")),
            "port" => match value.parse() {
                Ok(port) if port > 0 => socket_port = Some(port),
                _ => return wrong("has no port after `port=`", "such as `port=5432`"),
            },
            "sslrootcert" => return wrong("names a file of certificates in its query", "remove it, and add `ca_file: FILE.pem`"),
            other => {
                let near = nearest(other, KEYS).map_or_else(|| format!("known: {}", KEYS.join(", ")), |near| format!("did you mean `{near}`?"));
                return Err(("has a key in its query that is not known".into(), near));
            }
        }
    }
    let database = decoded(url.path().trim_start_matches('/'));
    if database.is_empty() || database.contains('/') {
        return wrong("names no database", &format!("write one behind the host: `{EXAMPLE}`; `postgres` is always there"));
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    if url.port() == Some(0) || socket_port.is_some() && folder.is_none() {
        return wrong("has no port behind its host", "write the port that it listens on, such as `host:5432`");
    }
    let (at, shown) = match folder {
        Some(folder) => {
            let port = socket_port.unwrap_or(PORT);
            let shown = format!("postgresql:///{database}?host={}&port={port}", folder.display());
            (PostgresPlace::Socket(folder, port), shown)
        }
        None if host.is_empty() => return wrong("names no host", "write one, or `?host=/run/postgresql` for a socket"),
        None => {
            let port = url.port().unwrap_or(PORT);
            let literal = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
            (PostgresPlace::Tcp(decoded(host), port), format!("postgresql://{literal}:{port}/{database}"))
        }
    };
    let user = Some(decoded(url.username())).filter(|user| !user.is_empty());
    Ok((PostgresServer { url: shown, at, user, password: None, database, tls: PostgresTls::Prefer, ca_file: None }, mode))
}

fn tls(word: &str) -> Result<PostgresTls, (String, String)> {
    let words = [
        ("disable", PostgresTls::Disable),
        ("prefer", PostgresTls::Prefer),
        ("require", PostgresTls::Require),
        ("verify-ca", PostgresTls::VerifyCa),
        ("verify-full", PostgresTls::VerifyFull),
    ];
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, mode)| *mode);
    found.ok_or_else(|| ("has an `sslmode` that is not known".into(), format!("known: {}", words.map(|(known, _)| known).join(", "))))
}

/// `%2F` is `/`; control characters are none that a name holds.
fn decoded(text: &str) -> String {
    // A query's decoder, which takes a plus for a blank and has no other meaning of its own.
    let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    let url = Url::parse(&format!("x:?{pair}")).ok();
    let found = url.and_then(|url| url.query_pairs().next().map(|(_, value)| value.into_owned())).unwrap_or_default();
    found.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> PostgresServer {
        parsed(text).unwrap_or_else(|(what, _)| panic!("{text}: {what}")).0
    }

    #[test]
    fn urls_are_read_as_postgresqls_own_clients_read_them() {
        let tcp = |host: &str, port| PostgresPlace::Tcp(host.into(), port);
        let socket = |folder: &str, port| PostgresPlace::Socket(folder.into(), port);
        for (text, at, user, database) in [
            ("postgresql://me@db:6432/orders", tcp("db", 6432), Some("me"), "orders"),
            ("postgres://db/orders", tcp("db", 5432), None, "orders"),
            ("postgresql://me@[::1]:5433/orders", tcp("::1", 5433), Some("me"), "orders"),
            ("postgresql:///orders?host=/run/postgresql", socket("/run/postgresql", 5432), None, "orders"),
            ("postgresql://me@/orders?host=/run/postgresql&port=5433", socket("/run/postgresql", 5433), Some("me"), "orders"),
            ("postgresql://a%40b+c@db/my%20db", tcp("db", 5432), Some("a@b+c"), "my db"),
        ] {
            let server = of(text);
            assert_eq!((server.at, server.user.as_deref(), server.database.as_str()), (at, user, database), "{text}");
            assert!(!server.url.contains("me@"), "{}", server.url);
        }
        assert_eq!(parsed("postgresql://db/x?sslmode=require").unwrap().1, Some(PostgresTls::Require));
    }

    #[test]
    fn what_cannot_be_a_server_is_refused_with_what_to_write() {
        for (text, words) in [
            ("db:5432/orders", "has no `postgresql://`"),
            ("mysql://db/orders", "not a PostgreSQL server's"),
            ("postgresql://me:hidden@db/orders", "has a password in it"),
            ("postgresql://me@db/orders?password=hidden", "has a password in it"),
            ("postgresql://db:5432", "names no database"),
            ("postgresql:///orders", "names no host"),
            ("postgresql://db:0/orders", "has no port"),
            ("postgresql://db/orders?sslmode=maybe", "an `sslmode` that is not known"),
            ("postgresql://db/orders?connect_timeout=3", "a key in its query"),
            ("postgresql://db:99999/orders", "is not a URL"),
        ] {
            let (what, label) = parsed(text).unwrap_err();
            assert!(what.contains(words) && !label.is_empty() && !what.contains("hidden"), "{text}: {what}; {label}");
        }
    }
}
