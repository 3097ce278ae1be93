use super::{Tree, unmatched::Unmatched};
use crate::model::{glob::Glob, name::Name, payload::SpanRow};
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;

/// What a gateway does with a request, stage by stage, and how its spans are told: the first stage with a pattern that fits.
///
/// Written as a mapping, so that a spec can replace or add one stage and leave the others; which comes first is told by each
/// stage's `order`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<Name, Stage>")]
pub struct Stages(Vec<(Name, Stage)>);

/// One stage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// As people call it.
    pub title: String,
    /// Lower ones are tried first, and shown first. Without it a stage comes before all that have one, as a user's own should.
    #[serde(default)]
    pub order: u32,
    /// Must each trace have it?
    #[serde(default)]
    pub required: bool,
    /// Kinds of calls that have it: `chat`, `embeddings`; empty for all.
    #[serde(default)]
    pub of: Vec<Name>,
    /// Does it go to another program? Then what lies below a span of it is that program's, and no stage of the request.
    #[serde(default)]
    pub leaves: bool,
    /// How its spans are told; any of these.
    pub spans: Vec<Pattern>,
}

/// Where a span belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// To the stage at this place in [`Stages::iter`].
    Stage(usize),
    /// No stage fits it.
    Untold,
    /// Another program did it ([`Stage::leaves`]).
    Elsewhere,
}

/// What a span must be like: everything that is written must fit. `*` stands for anything, and case does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    written: Written,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    name: Option<Glob>,
    kind: Option<Glob>,
    service: Option<Glob>,
    /// The instrumentation that made the span.
    scope: Option<Glob>,
    attributes: BTreeMap<String, Glob>,
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Pattern, D::Error> {
        let written = Written::deserialize(d)?;
        if written == Written::default() {
            return Err(D::Error::custom(
                "a pattern without anything would fit every span; write at least one of name, kind, service, scope, attributes",
            ));
        }
        Ok(Pattern { written })
    }
}

impl Pattern {
    /// Does the span fit?
    pub fn fits(&self, span: &SpanRow) -> bool {
        let Written { name, kind, service, scope, attributes } = &self.written;
        let fits = |glob: &Option<Glob>, text: &str| glob.as_ref().is_none_or(|glob| glob.matches(text));
        let attribute = |key: &str| span.attributes.get(key).map(String::as_str);
        fits(kind, &span.kind)
            && fits(name, &span.name)
            && fits(service, &span.service)
            && scope.as_ref().is_none_or(|glob| attribute(SpanRow::SCOPE).is_some_and(|text| glob.matches(text)))
            && attributes.iter().all(|(key, glob)| attribute(key).is_some_and(|text| glob.matches(text)))
    }
}

impl From<BTreeMap<Name, Stage>> for Stages {
    fn from(stages: BTreeMap<Name, Stage>) -> Stages {
        let mut stages: Vec<_> = stages.into_iter().collect();
        stages.sort_by_key(|(_, stage)| stage.order);
        Stages(stages)
    }
}

impl Stage {
    /// Do calls of this kind have it?
    pub fn is_of(&self, call: &str) -> bool {
        self.of.is_empty() || self.of.iter().any(|kind| kind.as_str() == call)
    }
}

impl Stages {
    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Stage)> {
        self.0.iter().map(|(name, stage)| (name, stage))
    }
    /// A stage by its name.
    pub fn get(&self, name: &str) -> Option<&Stage> {
        self.0.iter().find(|(n, _)| n.as_str() == name).map(|(_, stage)| stage)
    }
    /// Those that every trace of such a call must have.
    pub fn required(&self, call: &str) -> impl Iterator<Item = (&Name, &Stage)> {
        self.iter().filter(move |(_, stage)| stage.required && stage.is_of(call))
    }
    /// The stage of a span.
    pub fn of(&self, span: &SpanRow) -> Option<&Name> {
        self.place(span).map(|at| &self.0[at].0)
    }
    /// The place of a span's stage in [`Stages::iter`].
    pub fn place(&self, span: &SpanRow) -> Option<usize> {
        self.0.iter().position(|(_, stage)| stage.spans.iter().any(|pattern| pattern.fits(span)))
    }
    /// Where each span belongs, in the order of the tree.
    pub fn places(&self, tree: &Tree<'_>) -> Vec<Place> {
        let mut places = vec![Place::Untold; tree.len()];
        // Whatever lies below comes later in the walk.
        for at in tree.walk() {
            let left = tree.parent(at).is_some_and(|above| match places[above] {
                Place::Elsewhere => true,
                Place::Stage(stage) => self.0[stage].1.leaves,
                Place::Untold => false,
            });
            places[at] = if left { Place::Elsewhere } else { self.place(tree.span(at)).map_or(Place::Untold, Place::Stage) };
        }
        places
    }
    /// Spans that no stage fits, alike ones together, those that took most first. Each comes with the time that it counts for,
    /// ns: its length, or what it held up.
    pub fn unmatched<'s>(&self, spans: impl IntoIterator<Item = (&'s SpanRow, u64)>) -> Vec<Unmatched> {
        let (mut all, mut found) = (0.0, BTreeMap::<_, Unmatched>::new());
        for (span, ns) in spans {
            all += ns as f64;
            if self.place(span).is_none() {
                let key = (&span.name, &span.kind, &span.service, span.attributes.get(SpanRow::SCOPE));
                found.entry(key).or_insert_with(|| Unmatched::of(span)).add(ns as f64);
            }
        }
        let mut found: Vec<_> = found.into_values().map(|unmatched| unmatched.out_of(all)).collect();
        found.sort_by(|a, b| b.share.0.total_cmp(&a.share.0));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{node::Node, units::Share},
        traces::sample::span,
    };
    use serde_json::json;

    fn stages(json: serde_json::Value) -> Result<Stages, String> {
        Node::from(json).read().map_err(|bad| bad.why)
    }
    fn named(name: &str, kind: &str) -> SpanRow {
        SpanRow { name: name.into(), ..span("a", None, kind, "gateway", 0, 10) }
    }

    #[test]
    fn the_first_that_fits_is_the_stage() {
        let stages = stages(json!({
            "other": {"title": "other", "order": 20, "spans": [{"kind": "client"}, {"name": "auth*"}]},
            "auth": {"title": "authentication", "order": 10, "required": true, "of": ["chat"], "spans": [{"name": "auth"}]},
            "own": {"title": "own", "spans": [{"scope": "my.*", "attributes": {"db.system": "redis"}}]},
        }))
        .unwrap();
        let of = |span: &SpanRow| stages.of(span).map(ToString::to_string);
        assert_eq!(of(&named("Auth", "internal")).as_deref(), Some("auth"));
        assert_eq!(of(&named("authorize", "internal")).as_deref(), Some("other"));
        assert_eq!(of(&named("GET", "client")).as_deref(), Some("other"));
        let mut redis = named("GET", "client");
        redis.attributes.insert("db.system".into(), "redis".into());
        assert_eq!(of(&redis).as_deref(), Some("other"), "without its scope");
        redis.attributes.insert(SpanRow::SCOPE.into(), "my.cache".into());
        assert_eq!(of(&redis).as_deref(), Some("own"), "no order comes before any");
        assert_eq!(of(&named("x", "internal")), None);
        let required = |call| stages.required(call).map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        assert_eq!((required("chat"), required("embeddings")), (vec!["auth".to_owned()], vec![]));
        assert_eq!(stages.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["own", "auth", "other"]);
    }

    #[test]
    fn what_another_program_does_is_no_stage_of_the_request() {
        let stages = stages(json!({
            "auth": {"title": "authentication", "spans": [{"name": "auth"}]},
            "provider": {"title": "provider call", "leaves": true, "spans": [{"kind": "client"}]},
        }))
        .unwrap();
        let of = |id: &str, parent: Option<&str>, name: &str, kind: &str, start| SpanRow {
            name: name.into(),
            ..span(id, parent, kind, "gateway", start, 100)
        };
        let trace = [
            of("a", None, "POST", "server", 0),
            of("b", Some("a"), "auth", "internal", 1),
            of("c", Some("a"), "POST", "client", 10),
            of("d", Some("c"), "POST", "server", 11),
            of("e", Some("d"), "auth", "internal", 12),
        ];
        let auth = Place::Stage(stages.iter().position(|(name, _)| name.as_str() == "auth").unwrap());
        let provider = Place::Stage(stages.iter().position(|(name, _)| name.as_str() == "provider").unwrap());
        assert_eq!(stages.places(&Tree::of(&trace)), [Place::Untold, auth, provider, Place::Elsewhere, Place::Elsewhere]);
    }

    #[test]
    fn a_pattern_that_says_nothing_or_too_much_is_refused() {
        let of = |pattern: serde_json::Value| stages(json!({"a": {"title": "a", "spans": [pattern]}})).unwrap_err();
        assert!(of(json!({})).contains("would fit every span"));
        assert!(of(json!({"attributes": {}})).contains("would fit every span"));
        assert!(of(json!({"nam": "x"})).contains("nam"));
    }

    #[test]
    fn what_fits_nowhere_is_proposed() {
        let stages = stages(json!({"auth": {"title": "auth", "spans": [{"name": "auth"}]}})).unwrap();
        let mut spans = vec![(named("auth", "internal"), 10), (named("", "internal"), 2)];
        spans.extend((0..3).map(|_| (named("POST", "client"), 30)));
        let mut odd = named("a, b: *", "");
        odd.attributes.insert(SpanRow::SCOPE.into(), "lib".into());
        spans.push((odd, 1));
        let found = stages.unmatched(spans.iter().map(|(span, ns)| (span, *ns)));
        assert_eq!((found.len(), found[0].spans, found[0].share), (3, 3, Share(90.0 / 103.0)));
        assert_eq!(
            found.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "`POST` client of service gateway, 3 spans, 87.4 % of the time: add `{name: POST, kind: client}` to a stage",
                "a span without a name, internal of service gateway, 1 span, 1.94 % of the time: add `{kind: internal, service: gateway}` to a stage",
                "`a, b: *` of service gateway, 1 span, 0.97 % of the time: add `{name: \"a, b: *\", scope: lib}` to a stage",
            ]
        );
    }
}
