//! Values that look like a secret wherever they stand: by the prefixes that issuers publish, so that scanners may find their keys,
//! and by the forms of standards.

use super::by_key::is_real;
use crate::{model::payload::Secret, traces::base64};

/// So much of a value is looked at, bytes: what is longer is a text, and a key in a text stands at its beginning or is one of many.
const LOOKED_AT: usize = 64 << 10;

/// What a text looks like, or what stands in it. One pass; only where two bytes may begin something it is looked at twice.
pub fn looks_like(text: &str) -> Option<Secret> {
    let all = &text.as_bytes()[..text.len().min(LOOKED_AT)];
    for (i, pair) in all.windows(2).enumerate() {
        let looks: fn(&[u8]) -> Option<Secret> = match pair {
            b":/" => {
                if url_password(&all[..i], &all[i..]) {
                    return Some(Secret::UrlPassword);
                }
                continue;
            }
            b"sk" | b"AK" | b"AS" | b"AI" | b"gh" | b"gi" | b"xo" => |rest| api_key(rest).then_some(Secret::ApiKey),
            b"ey" => |rest| web_token(rest).then_some(Secret::WebToken),
            b"Be" | b"be" | b"BE" | b"Ba" | b"ba" | b"BA" => |rest| credentials(rest).then_some(Secret::Credentials),
            b"--" => |rest| private_key(rest).then_some(Secret::PrivateKey),
            _ => continue,
        };
        // Inside a longer word nothing begins.
        let inside = i > 0 && (all[i - 1].is_ascii_alphanumeric() || b"_-".contains(&all[i - 1]));
        if !inside && let Some(found) = looks(&all[i..]) {
            return Some(found);
        }
    }
    None
}

/// The bytes of one alphabet at the beginning.
fn run(bytes: &[u8], of: impl Fn(u8) -> bool) -> &[u8] {
    let length = bytes.iter().position(|b| !of(*b)).unwrap_or(bytes.len());
    &bytes[..length]
}

fn url_safe(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}

fn has(bytes: &[u8], of: impl Fn(&u8) -> bool) -> bool {
    bytes.iter().any(of)
}

/// Keys of OpenAI, Anthropic and those who do as they do (`sk-`), AWS (`AKIA`, `ASIA`: IAM identifiers), Google (`AIza`), GitHub
/// (<https://github.blog/engineering/behind-githubs-new-authentication-token-formats/>), Slack.
fn api_key(bytes: &[u8]) -> bool {
    if let Some(rest) = bytes.strip_prefix(b"sk-") {
        const LEAST: usize = 20;
        const UNBROKEN: usize = 16;
        let key = run(rest, url_safe);
        // Words with strokes between them are a name (`sk-learn-random-forest-2`), not random.
        let random =
            has(key, u8::is_ascii_uppercase) || key.split(|b| *b == b'-').any(|part| part.len() >= UNBROKEN && has(part, u8::is_ascii_digit));
        return key.len() >= LEAST && has(key, u8::is_ascii_digit) && has(key, u8::is_ascii_alphabetic) && random;
    }
    if bytes.starts_with(b"AKIA") || bytes.starts_with(b"ASIA") {
        let key = run(&bytes[4..], |b| b.is_ascii_alphanumeric());
        return key.len() == 16 && key.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    }
    if let Some(rest) = bytes.strip_prefix(b"AIza") {
        return run(rest, url_safe).len() == 35;
    }
    if let Some(rest) = bytes.strip_prefix(b"github_pat_") {
        return run(rest, |b| b.is_ascii_alphanumeric() || b == b'_').len() >= 40;
    }
    if [&b"ghp_"[..], b"gho_", b"ghu_", b"ghs_", b"ghr_"].iter().any(|prefix| bytes.starts_with(prefix)) {
        return run(&bytes[4..], |b| b.is_ascii_alphanumeric()).len() >= 36;
    }
    if [&b"xoxb-"[..], b"xoxp-", b"xoxa-", b"xoxr-", b"xoxs-"].iter().any(|prefix| bytes.starts_with(prefix)) {
        let key = run(&bytes[5..], |b| b.is_ascii_alphanumeric() || b == b'-');
        return key.len() >= 10 && has(key, u8::is_ascii_digit);
    }
    false
}

/// Three parts in base64 with full stops between them, of which the first is a JSON object that names an algorithm.
fn web_token(bytes: &[u8]) -> bool {
    const LONGEST_HEADER: usize = 4 << 10;
    if !bytes.starts_with(b"eyJ") {
        return false;
    }
    let head = run(bytes, url_safe);
    let Some(rest) = bytes[head.len()..].strip_prefix(b".") else { return false };
    let body = run(rest, url_safe);
    let signed = rest[body.len()..].starts_with(b".");
    let header = std::str::from_utf8(head).ok().filter(|head| head.len() <= LONGEST_HEADER).and_then(base64);
    let header = header.and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
    !body.is_empty() && signed && header.is_some_and(|header| header["alg"].is_string())
}

/// `Bearer` with a token, `Basic` with a name and a password in base64.
fn credentials(bytes: &[u8]) -> bool {
    const LEAST: usize = 16;
    const LONGEST_BASIC: usize = 1 << 10;
    let after = |scheme: &[u8]| {
        let (word, rest) = bytes.split_at_checked(scheme.len())?;
        (word.eq_ignore_ascii_case(scheme) && rest.starts_with(b" ")).then(|| rest.trim_ascii_start())
    };
    // The alphabet of RFC 6750's b64token.
    let token = |rest: &'_ [u8]| run(rest, |b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b)).len();
    if let Some(rest) = after(b"bearer") {
        let token = &rest[..token(rest)];
        return token.len() >= LEAST && has(token, u8::is_ascii_digit) && std::str::from_utf8(token).is_ok_and(is_real);
    }
    let Some(rest) = after(b"basic") else { return false };
    let pair = std::str::from_utf8(&rest[..token(rest)]).ok().filter(|text| (8..=LONGEST_BASIC).contains(&text.len())).and_then(base64);
    pair.and_then(|pair| String::from_utf8(pair).ok()).is_some_and(|pair| pair.contains(':') && !pair.chars().any(char::is_control))
}

fn private_key(bytes: &[u8]) -> bool {
    /// Longer than any label before `PRIVATE KEY`.
    const LABEL: usize = 40;
    let Some(rest) = bytes.strip_prefix(b"-----BEGIN ") else { return false };
    let label = run(&rest[..rest.len().min(LABEL)], |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ');
    label.ends_with(b"PRIVATE KEY")
}

/// `scheme://name:password@host`, where the colon of the scheme is what `rest` begins with.
fn url_password(before: &[u8], rest: &[u8]) -> bool {
    let Some(authority) = rest.strip_prefix(b"://") else { return false };
    if !before.last().is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    let authority = run(authority, |b| b.is_ascii_graphic() && !b"/?#\"'<>`\\".contains(&b));
    let Some(at) = authority.iter().rposition(|b| *b == b'@') else { return false };
    let Some(colon) = authority[..at].iter().position(|b| *b == b':') else { return false };
    // A password may be a number.
    std::str::from_utf8(&authority[colon + 1..at])
        .is_ok_and(|password| !password.is_empty() && (is_real(password) || password.parse::<f64>().is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys are put together here, so that nobody's scanner finds one in this file.
    fn join(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn finds_each_form() {
        let long = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";
        for (text, what) in [
            (join(&["sk-", "proj-", &long[..30], "_-", long]), Secret::ApiKey),
            (join(&["sk-", "ant-", "api03-", long, "-AA"]), Secret::ApiKey),
            (join(&["sk-", "0123456789abcdef0123456789abcdef"]), Secret::ApiKey),
            (join(&["sk-", "Zk3nT_w-8Qm1xVbY2pLr4g"]), Secret::ApiKey),
            (join(&["Incorrect API key provided: sk-", long, "."]), Secret::ApiKey),
            (join(&["{\"api_key\": \"sk-", long, "\"}"]), Secret::ApiKey),
            (join(&["AKIA", "IOSFODNN7EXAMPLE"]), Secret::ApiKey),
            (join(&["key=ASIA", "IOSFODNN7EXAMPLE&x"]), Secret::ApiKey),
            (join(&["https://h/v1?key=AIza", &long[..35]]), Secret::ApiKey),
            (join(&["ghp_", &long[..36]]), Secret::ApiKey),
            (join(&["github_pat_", &long[..22], "_", long]), Secret::ApiKey),
            (join(&["xoxb-", "123456789012-abcdef"]), Secret::ApiKey),
            // The example of RFC 7519, section 3.1, cut at the signature.
            (join(&["eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", ".eyJpc3MiOiJqb2UifQ.", "dBjftJeZ4CVP"]), Secret::WebToken),
            (join(&["-----BEGIN ", "PRIVATE KEY-----\nMIIE"]), Secret::PrivateKey),
            (join(&["-----BEGIN RSA ", "PRIVATE KEY-----"]), Secret::PrivateKey),
            ("Bearer tok-9f8e7d6c5b4a".into(), Secret::Credentials),
            ("authorization: bearer  0123456789abcdef".into(), Secret::Credentials),
            // The examples of RFC 7617.
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==".into(), Secret::Credentials),
            ("Basic dGVzdDoxMjPCow==".into(), Secret::Credentials),
            ("postgresql://app:hunter2@db:5432/app?x=1".into(), Secret::UrlPassword),
            ("redis://:0123@cache".into(), Secret::UrlPassword),
            ("connecting to http://a:b@c@proxy:3128".into(), Secret::UrlPassword),
        ] {
            assert_eq!(looks_like(&text), Some(what), "{text}");
        }
    }

    #[test]
    fn takes_nothing_else_for_one() {
        for text in [
            "",
            "sk-",
            "sk-1234",
            "sk-learn-random-forest-classifier-2",
            "ask-0123456789abcdef0123456789abcdef",
            "task_sk-0123456789abcdef0123456789abcdef",
            "AKIAIOSFODNN7EXAMPLES",
            "AIzaShort",
            "ghp_short",
            "xoxb-word-word-word",
            "eyJub3QiOiJhIHRva2VuIn0.eyJhIjoxfQ.c2ln",
            "eyJhbGciOiJIUzI1NiJ9",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN PUBLIC KEY-----",
            "Bearer",
            "Bearer ***",
            "Bearer [REDACTED]",
            "Bearer realm=\"api\", error=\"invalid_token\"",
            "bearer authentication-required",
            "Basic authentication of the service",
            "Basic dGVzdA==",
            "http://127.0.0.1:8080/v1/chat/completions",
            "http://user@host:8080/path",
            "http://host/a:b@c",
            "https://REDACTED:REDACTED@www.example.com/",
            "postgresql://app:***@db/app",
            "postgresql://app:<password>@db/app",
            "://a:b@c",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        ] {
            assert_eq!(looks_like(text), None, "{text}");
        }
    }
}
