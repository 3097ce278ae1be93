//! Keys under which a secret or a prompt stands, whatever it looks like. Only the last part of a key counts, `-` is `_` and case
//! is none: `db.Password`, `http.request.header.x-api-key`.

use crate::model::payload::Secret;

/// What a key says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It is a header with credentials.
    Header,
    /// It is a secret.
    Named,
    /// It is a token, which may be a word of a language model as well.
    Token,
    /// It is LiteLLM's `user_api_key`, by default the SHA-256 of a key.
    MaybeHashed,
    /// It is what was asked or answered.
    Prompt,
}

/// All of them.
pub const RULES: [Rule; 5] = [Rule::Header, Rule::Named, Rule::Token, Rule::MaybeHashed, Rule::Prompt];

/// Headers of requests and responses that say who asks.
const HEADERS: [&str; 8] = ["authorization", "proxy_authorization", "cookie", "set_cookie", "x_api_key", "api_key", "x_goog_api_key", "x_auth_token"];
const NAMED: [&str; 10] =
    ["password", "passwd", "passphrase", "secret", "api_key", "apikey", "private_key", "secret_key", "access_token", "refresh_token"];
/// The same at the end of a longer word: `openai_api_key`.
const ENDINGS: [&str; 12] = [
    "_password",
    "_passwd",
    "_secret",
    "_api_key",
    "_apikey",
    "_private_key",
    "_secret_key",
    "_access_key",
    "_access_token",
    "_refresh_token",
    "_auth_token",
    "_session_token",
];

/// Where instrumentations of LLM clients put texts: OpenTelemetry, OpenLLMetry, OpenInference, LiteLLM.
const PROMPTS: [&str; 9] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.content.prompt",
    "gen_ai.content.completion",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "input.value",
    "output.value",
];
/// The same with numbered parts below them: `gen_ai.prompt.0.content`.
const PARTED: [&str; 6] = ["gen_ai.prompt", "gen_ai.completion", "llm.prompts", "llm.completions", "llm.input_messages", "llm.output_messages"];
/// Parts that are no text of anybody.
const QUIET: [&str; 8] = ["role", "finish_reason", "type", "id", "name", "index", "version", "mime_type"];

/// The rule of a key.
pub fn rule(key: &str) -> Option<Rule> {
    // How the words above end: nearly all other keys are told by one look.
    let may_be_named = key.as_bytes().last_chunk::<2>().is_some_and(|[a, b]| {
        let two = [a.to_ascii_lowercase(), b.to_ascii_lowercase()];
        matches!(&two, b"rd" | b"wd" | b"se" | b"et" | b"ey" | b"en" | b"on" | b"ie")
    });
    if may_be_named && let Some(rule) = named(key.rsplit('.').next().unwrap_or_default(), key) {
        return Some(rule);
    }
    let may_be_prompt = ["gen_ai.", "llm.", "traceloop.", "input.", "output."].iter().any(|begin| key.starts_with(begin));
    (may_be_prompt && is_prompt(key)).then_some(Rule::Prompt)
}

fn named(last: &str, key: &str) -> Option<Rule> {
    let among = |words: &[&str]| words.iter().any(|word| same(last, word));
    let ends = |end: &&str| last.len().checked_sub(end.len()).is_some_and(|at| at > 0 && last.get(at..).is_some_and(|tail| same(tail, end)));
    if among(&HEADERS) && key.contains("header") {
        Some(Rule::Header)
    } else if same(last, "token") {
        Some(Rule::Token)
    } else if same(last, "user_api_key") {
        Some(Rule::MaybeHashed)
    } else {
        (among(&NAMED) || ENDINGS.iter().any(ends)).then_some(Rule::Named)
    }
}

fn is_prompt(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or_default();
    let parted = |of: &&str| key.strip_prefix(*of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    // LiteLLM's copy of what it sends: `llm.openai.messages`.
    PROMPTS.contains(&key) || PARTED.iter().any(parted) && !QUIET.contains(&last) || last == "messages" && key.starts_with("llm.")
}

/// The same word, whatever the case and the stroke between its parts.
fn same(text: &str, word: &str) -> bool {
    let of = |b: u8| if b == b'-' { b'_' } else { b.to_ascii_lowercase() };
    text.len() == word.len() && text.bytes().zip(word.bytes()).all(|(a, b)| of(a) == b)
}

/// A token that is meant is at least so long: a word of a language model is shorter, or has no digit.
const TOKEN: usize = 12;
/// Digits of a SHA-256 in hex.
const HASH: usize = 64;

impl Rule {
    /// Does a value count?
    pub fn admits(self, text: &str) -> bool {
        match self {
            Rule::Header | Rule::Named => is_real(text),
            Rule::Token => {
                text.len() >= TOKEN && text.bytes().any(|b| b.is_ascii_digit()) && !text.bytes().any(|b| b.is_ascii_whitespace()) && is_real(text)
            }
            Rule::MaybeHashed => !(text.len() == HASH && text.bytes().all(|b| b.is_ascii_hexdigit())) && is_real(text),
            Rule::Prompt => text.chars().any(char::is_alphabetic) && !contains(text, "redacted") && !is_nothing(text),
        }
    }
    /// Its kind.
    pub fn secret(self) -> Secret {
        match self {
            Rule::Header => Secret::Header,
            Rule::Named | Rule::Token | Rule::MaybeHashed => Secret::Named,
            Rule::Prompt => Secret::Prompt,
        }
    }
}

/// Words by which tools say that they left a value out: OpenTelemetry, OpenInference and LiteLLM (`redacted`), Sentry
/// (`filtered`), Datadog (`masked`, `obfuscated`) and what people write by hand.
const MASKS: [&str; 15] =
    ["redacted", "filtered", "masked", "hidden", "obfuscated", "scrubbed", "removed", "***", "...", "…", "•••", "xxxx", "<", "${", "os.environ"];
/// A longer text is no mask, whatever words are in it.
const LONGEST_MASK: usize = 80;

/// Is it something, and not a mask, a number or a switch?
pub fn is_real(text: &str) -> bool {
    let text = text.trim();
    let masked = || text.len() <= LONGEST_MASK && MASKS.iter().any(|mask| contains(text, mask));
    text.bytes().any(|b| b.is_ascii_alphanumeric()) && !is_nothing(text) && text.parse::<f64>().is_err() && !masked()
}

fn is_nothing(text: &str) -> bool {
    const NOTHING: [&str; 8] = ["none", "null", "nil", "undefined", "true", "false", "[]", "{}"];
    NOTHING.iter().any(|word| text.trim().eq_ignore_ascii_case(word))
}

fn contains(text: &str, word: &str) -> bool {
    /// A mask stands near the beginning, bytes.
    const NEAR: usize = 4 << 10;
    text.as_bytes()[..text.len().min(NEAR)].windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_by_how_it_ends() {
        for word in HEADERS.iter().chain(&NAMED).chain(&ENDINGS).chain(&["token", "user_api_key"]) {
            assert!(rule(&format!("request.header.{word}")).is_some() || rule(&format!("x{word}")).is_some(), "{word}");
        }
    }

    fn what(key: &str, value: &str) -> Option<Secret> {
        rule(key).filter(|rule| rule.admits(value)).map(Rule::secret)
    }

    #[test]
    fn what_a_key_says() {
        for (key, value, secret) in [
            ("http.request.header.authorization", "Negotiate abc", Secret::Header),
            ("http.request.header.X-API-Key", "k1", Secret::Header),
            ("http.request.header.x_api_key", "[\"k1\"]", Secret::Header),
            ("http.request.header.cookie", "session=1", Secret::Header),
            ("http.response.header.set-cookie", "session=1", Secret::Header),
            ("http.request.header.proxy-authorization", "Basic eDp5", Secret::Header),
            ("db.password", "hunter2", Secret::Named),
            ("Secret", "s", Secret::Named),
            ("openai.api_key", "abc", Secret::Named),
            ("config.OPENAI_API_KEY", "abc", Secret::Named),
            ("aws.secret_access_key", "abc", Secret::Named),
            ("session.token", "9f8e7d6c5b4a", Secret::Named),
            ("metadata.user_api_key", "sk-1234", Secret::Named),
            ("gen_ai.prompt", "hello", Secret::Prompt),
            ("gen_ai.prompt.0.content", "hello", Secret::Prompt),
            ("gen_ai.completion.0.content", "hi", Secret::Prompt),
            ("gen_ai.input.messages", "[{\"role\":\"user\"}]", Secret::Prompt),
            ("llm.input_messages.0.message.content", "hello", Secret::Prompt),
            ("llm.openai.messages", "[{'role': 'user', 'content': 'hello'}]", Secret::Prompt),
            ("traceloop.entity.input", "{\"inputs\": {}}", Secret::Prompt),
            ("input.value", "hello...", Secret::Prompt),
        ] {
            assert_eq!(what(key, value), Some(secret), "{key}");
        }
    }

    #[test]
    fn masks_numbers_and_words_of_the_trade_are_no_secrets() {
        for (key, value) in [
            ("http.request.header.authorization", ""),
            ("http.request.header.authorization", "[REDACTED]"),
            ("http.request.header.authorization", "Bearer ***"),
            ("http.request.header.authorization", "['[REDACTED]']"),
            ("http.request.header.cookie", "*****"),
            ("http.request.header.content-type", "application/json"),
            ("security.authorization", "granted"),
            ("db.password", "***"),
            ("db.password", "<hidden>"),
            ("api_key", "None"),
            ("api_key", "sk-...abcd"),
            ("openai.api_key", "os.environ/OPENAI_API_KEY"),
            ("auth.secret", "true"),
            ("secret", "42"),
            ("token", "</s>"),
            ("token", "hello"),
            ("gen_ai.token", "1234567890123"),
            ("gen_ai.token.type", "input"),
            ("gen_ai.usage.prompt_tokens", "12"),
            ("gen_ai.usage.input_tokens", "12"),
            ("llm.token_count.prompt", "12"),
            ("gen_ai.server.time_to_first_token", "0.25"),
            ("metadata.user_api_key", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            ("metadata.user_api_key_hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            ("metadata.user_api_key_alias", "team-a"),
            ("aws.secretsmanager.secret.arn", "arn:aws:secretsmanager:eu-central-1:1:secret:x"),
            ("gen_ai.prompt.0.role", "user"),
            ("gen_ai.prompt.name", "summary"),
            ("gen_ai.completion.0.finish_reason", "stop"),
            ("gen_ai.prompt.0.content", "redacted-by-litellm"),
            ("input.value", "__REDACTED__"),
            ("input.mime_type", "application/json"),
            ("output.value", "{}"),
            ("messaging.kafka.message.key", "abc"),
            ("", "x"),
        ] {
            assert_eq!(what(key, value), None, "{key}={value}");
        }
    }
}
