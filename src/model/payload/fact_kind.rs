//! What kind of fact a text is meant to be, and how it is read as one.

use super::{
    fact_value::{FactValue, Scheme},
    pg_setting, quantity,
};
use crate::model::units::BadUnit;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// The kind of a fact, as a catalogue of facts names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FactKind {
    /// A word or a sentence.
    Text,
    /// Yes or no.
    Flag,
    /// How many.
    Count,
    /// A number that need not be whole.
    Number,
    /// An amount of memory or storage: `8GiB`, `8Gi`, `512M`.
    Bytes,
    /// A share of processors: `500m`, `0.5`, `2 cores`.
    Millicores,
    /// A duration: `15s`, `1m30s`.
    Micros,
    /// A version.
    Version(Scheme),
    /// The digest of an image or of a file.
    Digest,
    /// Members without an order, separated by commas.
    Set,
    /// A path or the name of a host.
    Place,
    /// A setting of PostgreSQL, by its own rules: `8GB` is 8 x 1024^3 bytes.
    PgSetting,
}

/// The words of the kinds, as YAML has them.
const WORDS: [(&str, FactKind); 15] = [
    ("text", FactKind::Text),
    ("flag", FactKind::Flag),
    ("count", FactKind::Count),
    ("number", FactKind::Number),
    ("bytes", FactKind::Bytes),
    ("cores", FactKind::Millicores),
    ("duration", FactKind::Micros),
    ("pep440", FactKind::Version(Scheme::Pep440)),
    ("semver", FactKind::Version(Scheme::Semver)),
    ("deb", FactKind::Version(Scheme::Deb)),
    ("kernel", FactKind::Version(Scheme::Kernel)),
    ("digest", FactKind::Digest),
    ("set", FactKind::Set),
    ("place", FactKind::Place),
    ("pg_setting", FactKind::PgSetting),
];

/// Longer texts are no version.
const LONGEST_VERSION: usize = 200;

impl FactKind {
    /// Its word.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(_, kind)| *kind == self).map_or("text", |(word, _)| word)
    }
    /// All words, for whoever has to choose one.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }
    /// Reads what people, Kubernetes and PostgreSQL write. Nothing is rounded: what is no whole byte, thousandth of a core or
    /// microsecond is refused.
    pub fn read(self, text: &str) -> Result<FactValue, BadUnit> {
        let trimmed = text.trim();
        match self {
            FactKind::Text => Ok(FactValue::Text(text.to_owned())),
            FactKind::Place => Ok(FactValue::Place(text.to_owned())),
            FactKind::Set => {
                Ok(FactValue::Set(trimmed.split(',').map(|member| member.trim().to_owned()).filter(|member| !member.is_empty()).collect()))
            }
            FactKind::Flag => quantity::flag(trimmed).map(FactValue::Flag),
            FactKind::Count => quantity::count(trimmed).map(FactValue::Count),
            FactKind::Number => quantity::number(trimmed).map(FactValue::Number),
            FactKind::Bytes => quantity::bytes(trimmed).map(FactValue::Bytes),
            FactKind::Millicores => quantity::millicores(trimmed).map(FactValue::Millicores),
            FactKind::Micros => quantity::micros(trimmed).map(FactValue::Micros),
            FactKind::Digest => digest(trimmed).map(FactValue::Digest),
            FactKind::Version(scheme) => version(scheme, trimmed),
            FactKind::PgSetting => pg_setting::read(trimmed),
        }
    }
}

impl FromStr for FactKind {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<FactKind, BadUnit> {
        let found = WORDS.iter().find(|(word, _)| *word == text).map(|(_, kind)| *kind);
        found.ok_or_else(|| quantity::bad(text, "a kind of fact", "`text`, `count`, `bytes`, `cores`, `duration` or `semver`"))
    }
}

impl TryFrom<String> for FactKind {
    type Error = BadUnit;
    fn try_from(text: String) -> Result<FactKind, BadUnit> {
        text.parse()
    }
}

impl From<FactKind> for String {
    fn from(kind: FactKind) -> String {
        kind.word().to_owned()
    }
}

/// Whether it is one by its scheme is asked where two are compared: texts that are none are compared as texts.
fn version(scheme: Scheme, text: &str) -> Result<FactValue, BadUnit> {
    let plain =
        text.len() <= LONGEST_VERSION && text.bytes().any(|b| b.is_ascii_digit()) && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if plain { Ok(FactValue::version(scheme, text)) } else { Err(quantity::bad(text, "a version", "`3.11.4`")) }
}

/// `sha256:` and hexadecimal digits; the name of the hash may be missing.
fn digest(text: &str) -> Result<String, BadUnit> {
    let (hash, hex) = text.split_once(':').unwrap_or(("sha256", text));
    let named = !hash.is_empty() && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b"+._-".contains(&b));
    // The shortest that git shows; none that is known has more than 512 bits.
    let fits = named && (7..=128).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_hexdigit());
    if fits { Ok(text.to_owned()) } else { Err(quantity::bad(text, "a digest", "`sha256:` and 64 hexadecimal digits")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_kept_as_its_word() {
        for word in FactKind::words() {
            let kind: FactKind = word.parse().unwrap();
            assert_eq!(kind.word(), word);
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("{word:?}"));
            assert_eq!(serde_json::from_str::<FactKind>(&format!("{word:?}")).unwrap(), kind);
        }
        assert_eq!(
            "byte".parse::<FactKind>().unwrap_err().to_string(),
            "`byte` is not a kind of fact; write `text`, `count`, `bytes`, `cores`, `duration` or `semver`"
        );
    }

    #[test]
    fn versions_and_digests_are_kept_as_they_are_written() {
        assert_eq!(FactKind::Version(Scheme::Pep440).read(" 3.10 "), Ok(FactValue::version(Scheme::Pep440, "3.10")));
        for bad in ["", "latest", "3.11 or later", "1\n2", &"1".repeat(201)] {
            assert!(FactKind::Version(Scheme::Semver).read(bad).is_err(), "{bad}");
        }
        let digest = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(FactKind::Digest.read(&digest), Ok(FactValue::Digest(digest.clone())));
        for bad in ["latest", "sha256:", "sha256:xyz1234", ":abcdef0", "sha256:abcdef0:1"] {
            assert!(FactKind::Digest.read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_set_has_no_order_and_no_member_twice() {
        assert_eq!(FactKind::Set.read("b, a,b,"), Ok(FactValue::Set(["a", "b"].map(str::to_owned).into())));
        assert_eq!(FactKind::Set.read(""), Ok(FactValue::Set([].into())));
    }

    #[test]
    fn a_megabyte_of_text_is_not_told_back() {
        let long = "x".repeat(1 << 20);
        for word in FactKind::words() {
            if let Err(bad) = word.parse::<FactKind>().unwrap().read(&long) {
                assert!(bad.to_string().len() < 300, "{word}");
            }
        }
    }
}
