//! The block that the target and every HTTP source share: URL, headers, credentials, an additional trust root.
#![allow(clippy::disallowed_methods, reason = "looks whether the CA file is there")]

use super::{
    diagnostics::Problem,
    secrets::looks_secret,
    settings::{Auth, Connection},
    table::{Field, Reading, Table},
};
use crate::model::secret::Secret;
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
    let ca_file = table.get("ca_file").map(|f| ca_file(&f, cx));
    let url = url?;
    let text = url.as_str().trim_end_matches('/').to_owned();
    Some((Connection { url: text, headers, auth: auth?, ca_file: ca_file.flatten() }, url))
}

/// Is it on this machine's loopback interface?
pub(super) fn is_loopback(url: &Url) -> bool {
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
    let text = text.trim();
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

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
            out.push(if place <= group.len() { digit } else { '=' });
        }
    }
    out
}

fn ca_file(field: &Field<'_>, cx: &Reading) -> Option<std::path::PathBuf> {
    let path = field.file(cx)?;
    match std::fs::File::open(&path) {
        Ok(_) => Some(path),
        Err(why) => {
            cx.problem(field.refuse(format!("cannot be read: {why}"), "a PEM file; relative paths start at the spec's folder"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_as_in_rfc_4648() {
        for (text, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==")]
        {
            assert_eq!(base64(text.as_bytes()), coded);
        }
    }
}
