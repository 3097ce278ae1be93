//! The catalogue of providers' endpoints: `checks/_endpoints.yaml`, embedded. Patterns of host names with their regions, and what a
//! connection to one proves. A key that is not known is refused.

use super::{
    catalogue::read_each,
    diagnostics::Problems,
    files::Files,
    table::{Field, Reading},
};
use std::sync::Arc;

const EMBEDDED: &str = include_str!("../../checks/_endpoints.yaml");
const FILE: &str = "checks/_endpoints.yaml";
/// What stands for the region in a host name.
const REGION: &str = "{region}";

/// The patterns that are known, and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// Its version: year and month.
    pub version: String,
    /// The day on which it was compared with the sources.
    pub as_of: String,
    /// In the order of the file.
    pub patterns: Vec<Pattern>,
}

/// Endpoints of one kind, which differ by the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The spec's word: `from: bedrock-runtime`.
    pub name: String,
    /// Whose it is, and for what.
    pub of: String,
    /// Host name, with `{region}` where there are regions.
    pub host: String,
    /// The regions that are known; empty where the name has none.
    pub regions: Vec<String>,
    /// Words of which one stands in the issuer of its certificates.
    pub issuers: Vec<String>,
    /// What a connection proves.
    pub proves: String,
    /// The documents that name it.
    pub source: String,
}

impl Pattern {
    /// The host name in a region; `None` where the region is needed and not told, or told and not known.
    pub fn host_in(&self, region: Option<&str>) -> Option<String> {
        match region {
            None => self.regions.is_empty().then(|| self.host.clone()),
            Some(region) => self.regions.iter().any(|known| known == region).then(|| self.host.replace(REGION, region)),
        }
    }
}

impl Endpoints {
    /// The catalogue of this release.
    pub fn embedded() -> Result<Endpoints, Problems> {
        Endpoints::read(EMBEDDED, FILE)
    }
    /// Reads a catalogue, with all problems at once.
    pub fn read(text: &str, name: &str) -> Result<Endpoints, Problems> {
        let mut files = Files::default();
        let (mut all, problems) = read_each(vec![(name.into(), text.into())], &mut files, |root, cx| catalogue(&Field::document(root), cx));
        match all.pop() {
            Some(found) if problems.is_empty() => Ok(found),
            _ => Err(Problems::new(Arc::new(files), problems, true)),
        }
    }
    /// A pattern by its name.
    pub fn named(&self, name: &str) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| pattern.name == name)
    }
}

fn catalogue(field: &Field<'_>, cx: &Reading) -> Option<Endpoints> {
    let mut table = field.table(cx)?;
    let version = table.need("version", "\"2026-11\"", cx).and_then(|f| f.text(cx));
    let as_of = table.need("as_of", "2026-11-20", cx).and_then(|f| f.text(cx));
    let patterns = table.need("patterns", "[{name: …}]", cx).map(|f| f.list(cx)).unwrap_or_default();
    table.close(cx);
    let patterns: Vec<Pattern> = patterns.iter().filter_map(|item| pattern(item, cx)).collect();
    Some(Endpoints { version: version?, as_of: as_of?, patterns })
}

fn pattern(field: &Field<'_>, cx: &Reading) -> Option<Pattern> {
    let mut table = field.table(cx)?;
    let [name, of, host, proves, source] = [("name", "bedrock-runtime"), ("of", "WHOSE"), ("host", "HOST"), ("proves", "…"), ("source", "…")]
        .map(|(key, example)| table.need(key, example, cx));
    let [regions, issuers] = [("regions", "[us-east-1]"), ("issuers", "[Amazon]")]
        .map(|(key, example)| table.need(key, example, cx).map(|f| f.list(cx).iter().filter_map(|item| item.text(cx)).collect::<Vec<_>>()));
    table.close(cx);
    let regions = regions?;
    let host_field = host?;
    let [name, of, host, proves, source] = [name?, of?, host_field.clone(), proves?, source?].map(|f| f.text(cx));
    let host = host?;
    if host.contains(REGION) == regions.is_empty() {
        cx.problem(host_field.refuse("and `regions` do not fit", "write `{region}` where there are regions, and nowhere else"));
        return None;
    }
    Some(Pattern { name: name?, of: of?, host, regions, issuers: issuers?, proves: proves?, source: source? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_is_whole() {
        let all = Endpoints::embedded().unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(all.patterns.len(), 8);
        let host = |name: &str, region| all.named(name).and_then(|p| p.host_in(region));
        assert_eq!(host("bedrock-runtime", Some("us-east-1")).as_deref(), Some("bedrock-runtime.us-east-1.amazonaws.com"));
        assert_eq!(host("vertex-regional", Some("europe-west4")).as_deref(), Some("europe-west4-aiplatform.googleapis.com"));
        assert_eq!(host("vertex-global", None).as_deref(), Some("aiplatform.googleapis.com"));
        assert_eq!(host("vertex-multi-region", Some("eu")).as_deref(), Some("aiplatform.eu.rep.googleapis.com"));
        assert_eq!((host("bedrock-runtime", None), host("bedrock-runtime", Some("mars-1")), host("vertex-global", Some("eu"))), (None, None, None));
        let names: std::collections::BTreeSet<_> = all.patterns.iter().map(|p| &p.name).collect();
        assert!(names.len() == 8 && all.patterns.iter().all(|p| !p.issuers.is_empty() && !p.source.is_empty()));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (from, to, says) in [
            ("issuers:", "isuers:", "did you mean `issuers`?"),
            ("version: \"2026-11\"", "version: \"2026-11\"\nnotes: x", "unknown key `notes`"),
            ("bedrock-mantle.{region}.api.aws", "bedrock-mantle.api.aws", "do not fit"),
            ("    host: bedrock.{region}.amazonaws.com\n", "", "needs `host`"),
        ] {
            let text = EMBEDDED.replacen(from, to, 1);
            let said = Endpoints::read(&text, FILE).map(|_| ()).unwrap_err().to_string();
            assert!(said.contains(says) && said.contains(FILE), "{says}: {said}");
        }
    }
}
