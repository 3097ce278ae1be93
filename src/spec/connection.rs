//! The block that the target and every HTTP source share: URL, headers, credentials, TLS files, proxy.

use super::{
    base64::base64,
    diagnostics::Problem,
    secrets::looks_secret,
    settings::{Auth, Connection, Proxy},
    table::{Field, Reading, Table},
    tls_files::{ca_file, client_cert},
};
use crate::model::{node::Value, secret::Secret};
use reqwest::{
    Url,
    header::{HeaderName, HeaderValue},
};

/// Reads the keys of a connection.
pub(super) fn connection(table: &mut Table<'_>, example: &str, cx: &Reading) -> Option<(Connection, Url)> {
    let url = table.need("url", example, cx).and_then(|f| url(&f, cx));
    let headers = table.get("headers").map(|f| headers(&f, cx)).unwrap_or_default();
    let (bearer, basic) = (table.get("bearer"), table.get("basic"));
    if let (Some(a), Some(b)) = (&bearer, &basic) {
        cx.problem(
            Problem::new(b.key, format!("`{}` and `{}` exclude each other", a.path, b.path)).label("remove one of them").also(a.key, "the other"),
        );
    }
    let authorization = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if let Some(field) = bearer.as_ref().or(basic.as_ref()).filter(|_| authorization) {
        cx.problem(Problem::new(field.key, format!("`{}` and an `Authorization` header exclude each other", field.path)).label("remove one of them"));
    }
    let auth = match (bearer, basic) {
        (Some(field), _) => field.secret(cx).filter(|s| header_value(&field, s, cx)).map(Auth::Bearer),
        (None, Some(field)) => basic_auth(&field, cx),
        (None, None) => Some(Auth::None),
    };
    let ca_file = table.get("ca_file").and_then(|f| ca_file(&f, cx));
    let certificate = table.get("client_cert");
    if let (Some(field), Some("http")) = (&certificate, url.as_ref().map(Url::scheme)) {
        cx.problem(
            Problem::new(field.key, format!("`{}` is shown to nobody by `http://`", field.path)).label("write `https://` in `url`, or remove it"),
        );
    }
    let client_cert = certificate.and_then(|f| client_cert(&f, cx));
    let proxy = table.get("proxy").and_then(|f| proxy(&f, cx));
    let url = url?;
    let text = url.as_str().trim_end_matches('/').to_owned();
    Some((Connection { url: text, headers, auth: auth?, ca_file, client_cert, proxy }, url))
}

/// Does nothing on the way leave this machine? Behind a proxy, `localhost` is the proxy's own host.
pub(super) fn stays_here(url: &Url, proxy: Option<&Proxy>) -> bool {
    is_loopback(url) && proxy.is_none_or(|p| Url::parse(&p.url).is_ok_and(|url| is_loopback(&url)))
}

/// Is it on this machine's loopback interface?
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

/// Do both name one server? On loopback the port alone tells.
pub(super) fn same_origin(a: &Url, b: &Url) -> bool {
    let host = is_loopback(a) && is_loopback(b) || a.host_str() == b.host_str();
    host && a.scheme() == b.scheme() && a.port_or_known_default() == b.port_or_known_default()
}

fn url(field: &Field<'_>, cx: &Reading) -> Option<Url> {
    let text = field.text(cx)?;
    // A name that is nobody's (RFC 2606).
    let text = if field.unchecked(cx) { "http://output-of-exec.invalid" } else { text.trim() };
    let refuse = |what: &str, label: String| {
        cx.problem(field.refuse(what, label));
        None
    };
    if !text.contains("://") {
        let hint = if text.contains('@') {
            "write `http://` or `https://` before the host".to_owned()
        } else {
            format!("write `http://{text}` or `https://{text}`")
        };
        return refuse("has no `http://` or `https://`", hint);
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(why) => return refuse(&format!("is not a URL: {why}"), "write `http://HOST:PORT`".into()),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("has credentials in it; URLs are shown in reports", "remove them, and add `basic: {user: …, password: \"${env:…}\"}`".into());
    }
    if !matches!(url.scheme(), "http" | "https") {
        return refuse(&format!("speaks `{}`", url.scheme()), "only http and https are spoken".into());
    }
    if url.port() == Some(0) {
        return refuse("has port 0", "write the port that it listens on".into());
    }
    if url.fragment().is_some() {
        return refuse("has a fragment", "remove everything from `#` on".into());
    }
    if url.query_pairs().any(|(key, _)| looks_secret(&key)) {
        return refuse("has a secret in its query; URLs are shown in reports", "send it with `headers` or `bearer`".into());
    }
    Some(url)
}

fn headers(field: &Field<'_>, cx: &Reading) -> Vec<(String, Secret)> {
    let mut headers: Vec<(String, Secret)> = vec![];
    for (name, value) in field.entries(cx) {
        let Ok(parsed) = HeaderName::try_from(name) else {
            cx.problem(
                Problem::new(value.key, format!("`{}` is not a header name", super::diagnostics::plain(name))).label("letters, digits and `-`"),
            );
            continue;
        };
        if ["host", "content-length", "content-type", "transfer-encoding", "connection", "traceparent", "x-request-id"].contains(&parsed.as_str()) {
            cx.problem(Problem::new(value.key, format!("the header `{parsed}` is set by rigcheck itself")).label("remove it"));
            continue;
        }
        if headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
            cx.problem(Problem::new(value.key, format!("the header `{parsed}` is given twice")).label("remove one of them"));
            continue;
        }
        if let Some(secret) = value.secret(cx).filter(|s| header_value(&value, s, cx)) {
            headers.push((name.to_owned(), secret));
        }
    }
    headers
}

/// A value that no HTTP client would send is told now, without showing it.
fn header_value(field: &Field<'_>, secret: &Secret, cx: &Reading) -> bool {
    let fits = HeaderValue::from_str(secret.expose()).is_ok();
    if !fits {
        cx.problem(field.refuse("cannot be sent in a header", "it holds a line end or another control character"));
    }
    fits
}

fn basic_auth(field: &Field<'_>, cx: &Reading) -> Option<Auth> {
    let mut table = field.table(cx)?;
    let user = table.need("user", "NAME", cx).and_then(|f| f.text(cx));
    let password = table.need("password", "\"${env:PASSWORD}\"", cx).and_then(|f| f.secret(cx));
    table.close(cx);
    let (user, password) = (user?, password?);
    // As the header has it: a server may repeat what it was shown.
    cx.learn(&Secret::new(base64(format!("{user}:{}", password.expose()).as_bytes())));
    Some(Auth::Basic { user, password })
}

/// `proxy: URL`, or `proxy: {url: URL, basic: {user: …, password: …}}`.
fn proxy(field: &Field<'_>, cx: &Reading) -> Option<Proxy> {
    let (at, auth) = match field.node.value {
        Value::Map(_) => {
            let mut table = field.table(cx)?;
            let url = table.need("url", "http://proxy:3128", cx);
            let auth = table.get("basic").map_or(Some(Auth::None), |f| basic_auth(&f, cx));
            table.close(cx);
            (url?, auth?)
        }
        _ => (field.clone(), Auth::None),
    };
    let url = url(&at, cx)?;
    if url.scheme() != "http" {
        cx.problem(at.refuse("speaks https", "write `http://`: what is https to the server stays so through the proxy"));
        return None;
    }
    if url.path() != "/" || url.query().is_some() {
        cx.problem(at.refuse("has a path", "write `http://HOST:PORT`"));
        return None;
    }
    Some(Proxy { url: url.as_str().trim_end_matches('/').to_owned(), auth })
}
