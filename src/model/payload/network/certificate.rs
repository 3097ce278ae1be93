use crate::model::units::Wall;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A certificate that was shown, and whether it is trusted here. An intercepting proxy shows by its issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// SHA-256 of the leaf, 64 hex digits.
    pub sha256: String,
    /// Common name of its subject.
    pub subject: Option<String>,
    /// Distinguished name of its issuer, `C=US, O=…, CN=…`.
    pub issuer: String,
    /// Host names and addresses for which it stands, 32 at most.
    pub names: Vec<String>,
    /// How many these are in all.
    pub names_in_all: usize,
    /// Does it stand for the name that was shown in the handshake?
    pub matched: bool,
    /// Valid from.
    pub not_before: Wall,
    /// Valid to.
    pub not_after: Wall,
    /// How many certificates were shown, the leaf included.
    pub chain: usize,
    /// SHA-256 of the whole chain as it was shown.
    pub chain_sha256: String,
    /// Is it trusted?
    pub trust: Trust,
    /// At which targets it was shown, by their places in the list.
    pub shown_by: Vec<usize>,
}

/// Who vouches for a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// An authority of this machine's store.
    System,
    /// An authority of the public list that is built in, since this machine has no store.
    Bundled,
    /// An authority of the configured file.
    Configured,
    /// Nobody: no request is sent to who shows it.
    Not(Distrust),
}

/// Why a certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// It was valid once.
    Expired,
    /// It will be valid; or the clock of this machine is wrong.
    NotYetValid,
    /// Signed by an authority that is not known here.
    UnknownIssuer,
    /// It stands for other hosts.
    OtherName,
    /// It is not for servers.
    OtherPurpose,
    /// It does not hold.
    Invalid,
}

impl Trust {
    /// May anything be sent to who shows it?
    pub fn trusted(&self) -> bool {
        !matches!(self, Trust::Not(_))
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Distrust::Expired => "expired",
            Distrust::NotYetValid => "not valid yet",
            Distrust::UnknownIssuer => "signed by an authority that is not known here",
            Distrust::OtherName => "of another host",
            Distrust::OtherPurpose => "not for a server",
            Distrust::Invalid => "does not hold",
        })
    }
}
