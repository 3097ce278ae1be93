use serde::{Deserialize, Serialize};

/// An attribute of our own traces whose value looks like a secret or like what somebody wrote. The value itself is nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// Service that reported it.
    pub service: String,
    /// Name of the span, as it is kept; empty for an attribute of the whole resource.
    pub span: String,
    /// The attribute's key; of one that is no plain key only `*`.
    pub key: String,
    /// What its value looks like.
    pub what: Secret,
    /// Spans that had it.
    pub spans: u64,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// A header that says who asks: `Authorization`, `Cookie`, `X-Api-Key` and the like.
    Header,
    /// Credentials of the schemes Bearer (RFC 6750) and Basic (RFC 7617).
    Credentials,
    /// A key with a prefix that its issuer has published.
    ApiKey,
    /// A JSON web token (RFC 7519).
    WebToken,
    /// A private key in PEM (RFC 7468).
    PrivateKey,
    /// A URL with a password in it.
    UrlPassword,
    /// Something under the name of a password, a secret, a token or an API key.
    Named,
    /// What was asked of a model, or what it said.
    Prompt,
}

impl Secret {
    /// As a person would say it.
    pub fn words(self) -> &'static str {
        match self {
            Secret::Header => "a header with credentials",
            Secret::Credentials => "bearer or basic credentials",
            Secret::ApiKey => "an API key",
            Secret::WebToken => "a JSON web token",
            Secret::PrivateKey => "a private key",
            Secret::UrlPassword => "a password in a URL",
            Secret::Named => "a secret by its name",
            Secret::Prompt => "prompt text",
        }
    }
}
