//! What went wrong between a question and a PostgreSQL server's answer, as a [`Gap`] that says what to do. The server's own
//! words are not repeated: they may hold anything.

use crate::{
    model::evidence::Gap,
    sources::failing::tls,
    spec::{
        postgres::{PostgresServer, PostgresTls},
        settings::Connection,
    },
};
use sqlx::Error;
use std::io::ErrorKind;

/// What was being done.
#[derive(Clone, Copy, Debug)]
pub enum Doing {
    /// Connecting and signing in.
    SignIn,
    /// Asking for this.
    Asking(&'static str),
}

/// Nothing came in time.
pub fn late(server: &PostgresServer, what: &str) -> Gap {
    Gap::TooLate(format!("{}: {what}: no answer in time; look whether it is a PostgreSQL server", server.url))
}

/// Why there is no answer.
pub fn failed(server: &PostgresServer, doing: Doing, error: &Error) -> Gap {
    let url = match doing {
        Doing::SignIn => server.url.clone(),
        Doing::Asking(what) => format!("{}: {what}", server.url),
    };
    match error {
        Error::Database(told) => refused(server, &url, &told.code().unwrap_or_default(), told.message()),
        Error::Io(e) => unreachable(server, &url, e),
        Error::Tls(e) if e.to_string().contains("does not support TLS") => {
            Gap::Malformed(format!("{url}: does not speak TLS, and nothing was sent; let it (`ssl = on`), or write `sslmode=disable` in the URL"))
        }
        Error::Tls(_) => Gap::Malformed(format!("{url}: TLS failed; look whether `ca_file` and the host's name fit its certificate")),
        _ => Gap::Malformed(format!("{url}: what answers does not speak PostgreSQL's protocol as its servers do; correct the host and port")),
    }
}

fn unreachable(server: &PostgresServer, url: &str, error: &std::io::Error) -> Gap {
    let cause = error.get_ref().map_or_else(|| error.to_string(), |inner| inner.source().map_or_else(|| inner.to_string(), ToString::to_string));
    if cause.starts_with("received fatal alert: ") {
        return Gap::Denied(format!(
            "{url}: refuses by TLS; it may ask for a client certificate, which this source does not have: let the role in by password"
        ));
    }
    // The words for certificates are those of every connection.
    let as_any = Connection { url: url.to_owned(), ca_file: server.ca_file.clone(), ..Connection::default() };
    if let Some(gap) = tls(&as_any, &cause) {
        return gap;
    }
    match error.kind() {
        ErrorKind::NotFound => Gap::Unreachable(format!("{url}: there is no such socket; look for `.s.PGSQL.PORT` in `host=`")),
        ErrorKind::PermissionDenied => {
            Gap::Denied(format!("{url}: no permission to use the socket; run as a user who may, or name the host instead"))
        }
        ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
            Gap::Malformed(format!("{url}: closed the connection without an answer; look whether it is a PostgreSQL server, and at its log"))
        }
        ErrorKind::InvalidData => Gap::Malformed(format!("{url}: TLS failed; look at its certificate and its log")),
        kind => Gap::Unreachable(format!("{url}: {kind}")),
    }
}

/// By SQLSTATE (PostgreSQL's documentation, appendix A).
fn refused(server: &PostgresServer, url: &str, code: &str, message: &str) -> Gap {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(5).collect();
    let unencrypted = ["no encryption", "SSL off"].iter().any(|words| message.contains(words));
    match code.as_str() {
        "28P01" | "08P01" if server.password.is_none() => {
            Gap::Denied(format!("{url}: asks for a password ({code}); add `password: \"${{env:PGPASSWORD}}\"` to this source"))
        }
        "28P01" => Gap::Denied(format!("{url}: does not take this role with this password ({code}); correct `password`, or the role in the URL")),
        "28000" if unencrypted && server.tls == PostgresTls::Disable => {
            Gap::Denied(format!("{url}: takes this role only encrypted ({code}); remove `sslmode=disable` from the URL"))
        }
        "28000" => Gap::Denied(format!(
            "{url}: does not let this role in from here ({code}); see that the role exists and may sign in, and that pg_hba.conf has a line for it"
        )),
        "3D000" => Gap::NotConfigured(format!("{url}: has no such database ({code}); correct it in the URL; `postgres` is always there")),
        "42501" => Gap::Denied(format!("{url}: this role may not read it ({code}); `GRANT pg_monitor TO` it")),
        "53300" => Gap::Busy(format!("{url}: has too many connections ({code}); end some, or raise max_connections or the role's limit")),
        "57P03" => Gap::Busy(format!("{url}: is starting up or shutting down ({code})")),
        "57014" | "55P03" => Gap::TooLate(format!("{url}: it gave up the question ({code}); look whether it is overloaded")),
        "42P01" | "42703" | "42883" | "42704" | "0A000" | "42601" => Gap::Malformed(format!(
            "{url}: does not know the question ({code}); it is older than PostgreSQL 9.5, or another server that speaks its protocol"
        )),
        _ => Gap::Malformed(format!("{url}: refused it with SQLSTATE {code}; its own log should say why")),
    }
}
