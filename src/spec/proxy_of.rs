//! Which proxy the environment names for a host, as curl and most HTTP libraries read it: `HTTPS_PROXY` or `HTTP_PROXY`, `ALL_PROXY`,
//! and the exceptions of `NO_PROXY`; lower case first.

use super::references::Env;
use reqwest::Url;

/// The proxy for a host and port, `http://HOST:PORT`; none where the environment names none, or one that speaks something else.
pub(super) fn environment(host: &str, port: u16, tls: bool, env: &Env<'_>) -> Option<String> {
    let told = |names: &[&str]| names.iter().find_map(|name| env(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()));
    if told(&["no_proxy", "NO_PROXY"]).is_some_and(|list| excepted(host, port, &list)) {
        return None;
    }
    // `HTTP_PROXY` in capitals may come from a request's header in CGI; curl heeds the lower case one only, and so do we.
    let of_scheme: &[&str] = if tls { &["https_proxy", "HTTPS_PROXY"] } else { &["http_proxy"] };
    let text = told(of_scheme).or_else(|| told(&["all_proxy", "ALL_PROXY"]))?;
    let text = if text.contains("://") { text } else { format!("http://{text}") };
    let url = Url::parse(&text).ok().filter(|url| url.scheme() == "http")?;
    Some(format!("http://{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// Does the list except a host: by its name, a name above it, its address, or everything?
fn excepted(host: &str, port: u16, list: &str) -> bool {
    let host = host.to_ascii_lowercase();
    list.split([',', ' ']).map(|entry| entry.trim().to_ascii_lowercase()).filter(|entry| !entry.is_empty()).any(|entry| {
        if entry == "*" {
            return true;
        }
        let (name, at) = match entry.rsplit_once(':') {
            Some((name, digits)) if !name.contains(':') && digits.bytes().all(|b| b.is_ascii_digit()) => {
                (name.to_owned(), digits.parse::<u16>().ok())
            }
            _ => (entry.clone(), None),
        };
        let name = name.trim_start_matches("*.").trim_start_matches('.').trim_start_matches('[').trim_end_matches(']');
        at.is_none_or(|at| at == port) && (host == name || host.strip_suffix(name).is_some_and(|above| above.ends_with('.')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        let of = |host: &str, port: u16, tls: bool, vars: &[(&str, &str)]| {
            environment(host, port, tls, &|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        let proxied = Some("http://proxy:3128".to_owned());
        let https = ("HTTPS_PROXY", "http://proxy:3128");
        assert_eq!(of("api.example.com", 443, true, &[https]), proxied);
        assert_eq!(of("api.example.com", 443, true, &[("https_proxy", "proxy:3128")]), proxied);
        assert_eq!(of("api.example.com", 80, false, &[https, ("HTTP_PROXY", "http://proxy:3128")]), None);
        assert_eq!(of("api.example.com", 443, true, &[("ALL_PROXY", "http://user:secret@proxy:3128/")]), proxied);
        for (list, direct) in [
            ("*", true),
            ("example.com", true),
            (".example.com", true),
            ("*.example.com", true),
            ("ample.com", false),
            ("other, API.example.com", true),
            ("example.com:443", true),
            ("example.com:8443", false),
            ("", false),
        ] {
            assert_eq!(of("api.example.com", 443, true, &[https, ("NO_PROXY", list)]).is_none(), direct, "{list}");
        }
        assert_eq!(of("::1", 443, true, &[https, ("no_proxy", "::1")]), None);
        assert_eq!(of("a", 443, true, &[("HTTPS_PROXY", "socks5://proxy:1080")]), None);
    }
}
