//! What went wrong between a question and its answer, as a [`Gap`] that says what to do. Libraries' texts about TLS name
//! alerts; here they name the certificate. Nothing of a body is repeated: it may hold anything.

use super::http::Answered;
use crate::{
    model::{evidence::Gap, name::Name},
    spec::settings::Connection,
};
use reqwest::StatusCode;
use std::error::Error;

/// What a status other than 2xx means.
pub fn refusal(answered: &Answered) -> Gap {
    let (url, status) = (&answered.request, answered.status);
    match status {
        StatusCode::UNAUTHORIZED => {
            Gap::Denied(format!("{url}: {status}: GET {} must be readable; add `bearer`, `basic` or `headers` to this source", path_of(url)))
        }
        StatusCode::FORBIDDEN => Gap::Denied(format!("{url}: {status}: these credentials may not read it; allow them to GET {}", path_of(url))),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            Gap::Busy(format!("{url}: {status}"))
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            Gap::Malformed(format!("{url}: answered {status}: there is no such thing at this address; correct the URL"))
        }
        s if s.is_server_error() => Gap::Malformed(format!("{url}: answered {status}; its own log should say why")),
        _ => Gap::Malformed(format!("{url}: answered {status}")),
    }
}

/// The path of a request, without its query.
fn path_of(request: &str) -> &str {
    let url = request.split([' ', '?']).next().unwrap_or(request);
    let from = url.find("://").map_or(0, |at| at + 3);
    url[from..].find('/').map_or("/", |at| &url[from + at..])
}

/// What a proxy or the TLS end in front of the server refused, told from the beginning of the body where only that tells.
pub fn on_the_way(connection: &Connection, status: StatusCode, body: &[u8]) -> Option<Gap> {
    let url = &connection.url;
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Some(proxy_asks(connection));
    }
    if status != StatusCode::BAD_REQUEST {
        return None;
    }
    // nginx's own pages for its statuses 495, 496 and 497, which it sends as 400.
    let says = |text: &str| body.windows(text.len()).any(|w| w == text.as_bytes());
    if says("No required SSL certificate was sent") {
        return Some(missing_certificate(connection, "no certificate was sent"));
    }
    if says("The SSL certificate error") {
        return Some(refused_certificate(connection, "answered 400"));
    }
    says("The plain HTTP request was sent to HTTPS port")
        .then(|| Gap::Malformed(format!("{url}: this port speaks TLS; write `https://` instead of `http://`")))
}

/// Adds what to do where the place that found the gap could not know.
pub fn advised(gap: Gap, source: &Name) -> Gap {
    match gap {
        Gap::Unreachable(t) => Gap::Unreachable(format!("{t}; start it, or correct or remove sources.{source}")),
        Gap::TooLate(t) => Gap::TooLate(format!("{t}; look whether it is overloaded, or give the run more time")),
        Gap::Busy(t) => Gap::Busy(format!("{t}; it is overloaded or starting up: try again")),
        other => other,
    }
}

/// Why there is no answer, with the innermost cause: "connection refused" says more than "error sending request".
pub fn failed(connection: &Connection, url: &str, error: &reqwest::Error) -> Gap {
    let mut cause: &dyn Error = error;
    let mut tunnel = false;
    while let Some(inner) = cause.source() {
        cause = inner;
        tunnel |= cause.to_string().starts_with("tunnel error");
    }
    let cause = cause.to_string();
    if let Some(gap) = tls(connection, &cause) {
        return gap;
    }
    let through = connection.through();
    let text = format!("{url}{through}: {cause}");
    match cause.as_str() {
        "tunnel error: proxy authorization required" => proxy_asks(connection),
        "tunnel error: unsuccessful" => Gap::Denied(format!(
            "{url}{through}: the proxy makes no tunnel to it; allow CONNECT to this host and port there, or see that the proxy can reach it"
        )),
        _ if error.is_timeout() => Gap::TooLate(text),
        _ if error.is_connect() || tunnel => Gap::Unreachable(text),
        _ if error.is_body() || error.is_decode() => {
            Gap::Malformed(format!("{url}{through}: the answer broke off ({cause}); look at what stands between, and at its own log"))
        }
        _ => Gap::Malformed(text),
    }
}

/// The words of a failure of TLS, if it is one.
pub fn tls(connection: &Connection, cause: &str) -> Option<Gap> {
    let url = &connection.url;
    if let Some(alert) = cause.strip_prefix("received fatal alert: ") {
        return Some(match alert {
            "ProtocolVersion" => Gap::Malformed(format!("{url}: speaks only versions of TLS before 1.2; let it speak 1.2 or 1.3")),
            "UnrecognisedName" | "UnrecognizedName" => {
                Gap::Malformed(format!("{url}: it serves no host of that name by TLS; correct the host in the URL"))
            }
            "CertificateRequired" => missing_certificate(connection, alert),
            _ if connection.client_cert.is_some() => refused_certificate(connection, alert),
            _ => missing_certificate(connection, alert),
        });
    }
    if cause.starts_with("received corrupt message of type InvalidContentType") {
        return Some(Gap::Malformed(format!("{url}: this port does not speak TLS; write `http://` instead of `https://`")));
    }
    let why = cause.strip_prefix("invalid peer certificate: ")?;
    let untrusted = |what: String, todo: &str| Gap::Denied(format!("{url}: not trusted, and nothing was sent: its certificate {what}; {todo}"));
    Some(if why.contains("expired") || why.starts_with("Expired") {
        untrusted("has expired".into(), "let its owner renew it")
    } else if why.contains("not valid yet") || why.starts_with("NotValidYet") {
        untrusted("is not valid yet".into(), "check the clock of this host")
    } else if why.contains("not valid for name") || why.starts_with("NotValidForName") {
        untrusted("is of another host".into(), "write the host that it names in the URL")
    } else if why == "UnknownIssuer" {
        let todo = match connection.ca_file {
            None => "add `ca_file: FILE.pem` with the certificate of that authority",
            Some(_) => "correct `ca_file`: it must hold the certificate of the authority that signed it",
        };
        untrusted("is signed by an authority that is not known here".into(), todo)
    } else {
        untrusted(format!("does not hold ({why})"), "let its owner look at it")
    })
}

fn missing_certificate(connection: &Connection, told: &str) -> Gap {
    let url = &connection.url;
    if connection.client_cert.is_some() {
        return Gap::Denied(format!(
            "{url}: asks for a client certificate and does not take ours ({told}); see that `client_cert` is signed by an authority that it accepts"
        ));
    }
    let text = format!("{url}: asks for a client certificate and none is configured ({told}); add `client_cert: {{cert: FILE.pem, key: FILE.pem}}`");
    Gap::Denied(text)
}

fn refused_certificate(connection: &Connection, told: &str) -> Gap {
    Gap::Denied(format!(
        "{}: refuses our client certificate ({told}); see that it has not expired and is signed by an authority that the server accepts",
        connection.url
    ))
}

fn proxy_asks(connection: &Connection) -> Gap {
    let proxy = connection.proxy.as_ref().map_or("a proxy", |p| &p.url);
    Gap::Denied(format!(
        "{}: the proxy {proxy} asks for credentials, or refuses those it was shown (407); add `proxy: {{url: …, basic: {{user: …, password: …}}}}`",
        connection.url
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::settings::ClientCert;

    fn to(cert: bool) -> Connection {
        let client_cert = cert.then(|| ClientCert { cert: "c.pem".into(), key: None });
        Connection { url: "https://h".into(), client_cert, ..Connection::default() }
    }

    #[test]
    fn an_alert_is_told_as_what_it_is_about() {
        for (cause, cert, words) in [
            ("received fatal alert: CertificateRequired", false, "add `client_cert:"),
            ("received fatal alert: HandshakeFailure", false, "add `client_cert:"),
            ("received fatal alert: UnknownCA", true, "refuses our client certificate"),
            ("invalid peer certificate: UnknownIssuer", false, "add `ca_file: FILE.pem`"),
            ("invalid peer certificate: certificate expired: verification time 2 (UNIX), but", false, "has expired; let its owner renew it"),
            ("invalid peer certificate: certificate not valid for name \"h\"; certificate", false, "of another host"),
        ] {
            let gap = tls(&to(cert), cause).expect("a gap");
            assert!(matches!(gap, Gap::Denied(_)) && gap.to_string().contains(words), "{cause}: {gap}");
        }
        assert_eq!(tls(&to(false), "Connection refused (os error 111)"), None);
    }

    #[test]
    fn the_path_that_must_be_readable_is_named() {
        assert_eq!(path_of("http://h:1/a/b?c=d/e"), "/a/b");
        assert_eq!(path_of("http://h through the proxy http://p/"), "/");
    }
}
