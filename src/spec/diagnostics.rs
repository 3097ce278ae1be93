//! What is wrong with what the user wrote: all of it at once, each shown at its place.

use super::files::Files;
use crate::model::node::{At, Bad};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::{collections::BTreeSet, fmt, ops::Range, sync::Arc};

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written; the default place means "nowhere in a file".
    pub at: At,
    /// What is wrong, one line.
    pub title: String,
    /// What to do, shown under the place; may be empty.
    pub label: String,
    /// What else helps.
    pub help: Option<String>,
    /// Another place that belongs to it, with what it is.
    pub also: Option<(At, String)>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(at: At, title: impl Into<String>) -> Problem {
        Problem { at, title: title.into(), label: String::new(), help: None, also: None }
    }
    /// With what to do.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = label.into();
        self
    }
    /// With further help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
    /// With a second place.
    #[must_use]
    pub fn also(mut self, at: At, label: impl Into<String>) -> Problem {
        self.also = Some((at, label.into()));
        self
    }
    /// An unknown word among known ones: the nearest one is the label, or else all of them.
    pub fn unknown<'w>(at: At, what: &str, word: &str, known: impl IntoIterator<Item = &'w str>) -> Problem {
        let known: Vec<_> = known.into_iter().collect();
        let label = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => String::new(),
            None => format!("known: {}", some_of(&known)),
        };
        Problem::new(at, format!("unknown {what} `{}`", plain(word))).label(label)
    }
}

impl From<Bad> for Problem {
    /// The refusal of a typed parameter. serde's wording is turned into ours where it can be.
    fn from(bad: Bad) -> Problem {
        if let Some((before, rest)) = bad.why.split_once("unknown field `")
            && let Some((word, expected)) = rest.split_once('`')
        {
            let known: Vec<_> = expected.split('`').skip(1).step_by(2).collect();
            let mut problem = Problem::unknown(bad.at, "key", word, known);
            problem.title = format!("{before}{}", problem.title);
            return problem;
        }
        let (title, label) = bad.why.split_once("; ").unwrap_or((&bad.why, ""));
        Problem::new(bad.at, title).label(label)
    }
}

/// Errors or warnings, with the texts that they are about.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    /// The texts.
    pub files: Arc<Files>,
    /// In order of place.
    pub list: Vec<Problem>,
    /// Do they keep a run from starting?
    pub fatal: bool,
}

/// More would not be read.
const SHOWN: usize = 100;

impl Problems {
    /// Sorted by place, each once.
    pub fn new(files: Arc<Files>, mut list: Vec<Problem>, fatal: bool) -> Problems {
        list.sort_by_key(|p| p.at);
        let mut seen = BTreeSet::new();
        list.retain(|p| seen.insert((p.at, p.title.clone())));
        Problems { files, list, fatal }
    }
    /// A single one that is about no text.
    pub fn one(title: impl Into<String>) -> Problems {
        Problems::new(Arc::default(), vec![Problem::new(At::default(), title)], true)
    }
    /// None?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    /// All of them as text, with a closing line that counts them; empty if there are none.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut parts: Vec<_> = self.list.iter().take(SHOWN).map(|p| renderer.render(&[self.group(p)])).collect();
        if let Some(more) = self.list.len().checked_sub(SHOWN).filter(|n| *n > 0) {
            parts.push(format!("and {more} more"));
        }
        parts.extend(self.closing());
        parts.join("\n\n")
    }
    /// Each one as text, without the closing line.
    pub fn iter(&self) -> std::vec::IntoIter<String> {
        let renderer = Renderer::plain();
        self.list.iter().map(|p| renderer.render(&[self.group(p)])).collect::<Vec<_>>().into_iter()
    }
    fn group<'s>(&'s self, problem: &'s Problem) -> Group<'s> {
        let level = if self.fatal { Level::ERROR } else { Level::WARNING };
        let mut group = Group::with_title(level.primary_title(plain(&problem.title)));
        if let (Some(name), Some(range)) = (self.files.name(problem.at), self.range(problem.at)) {
            let same_file = problem.also.as_ref().filter(|(at, _)| at.file == problem.at.file);
            let also = same_file.and_then(|(at, text)| Some((self.range(*at)?, text)));
            // Only the lines that are shown: the renderer looks at all that it is given, for each problem again.
            let text = self.files.text(problem.at.file);
            let (first, last) = also.iter().fold((range.start, range.end), |(a, b), (other, _)| (a.min(other.start), b.max(other.end)));
            let from = text[..first].rfind('\n').map_or(0, |end| end + 1);
            let to = text[last..].find('\n').map_or(text.len(), |end| last + end);
            let moved = |range: Range<usize>| range.start - from..range.end - from;
            let mut here = AnnotationKind::Primary.span(moved(range));
            if !problem.label.is_empty() {
                here = here.label(plain(&problem.label));
            }
            let line = text[..from].matches('\n').count() + 1;
            let mut snippet = Snippet::source(&text[from..to]).line_start(line).path(plain(name)).annotation(here);
            if let Some((range, text)) = also {
                snippet = snippet.annotation(AnnotationKind::Context.span(moved(range)).label(plain(text)));
            }
            group = group.element(snippet);
            if let (None, Some((at, text))) = (same_file, &problem.also) {
                group = group.element(Level::NOTE.message(format!("{}: {}", self.place(*at), plain(text))));
            }
        } else if !problem.label.is_empty() {
            group = group.element(Level::HELP.message(plain(&problem.label)));
        }
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(plain(help)));
        }
        group
    }
    /// The bytes of a place on its first line, at least one where there is one: carets under whole blocks say nothing.
    fn range(&self, at: At) -> Option<Range<usize>> {
        let range = self.files.bytes(at)?;
        let text = &self.files.text(at.file)[range.clone()];
        let line = text.split('\n').next().unwrap_or_default().trim_end();
        Some(range.start..range.start + line.len())
    }
    /// `rigcheck.yaml:13:3`.
    pub fn place(&self, at: At) -> String {
        self.files.name(at).map_or_else(String::new, |name| format!("{}:{}:{}", plain(name), at.line, at.col))
    }
    fn closing(&self) -> Option<String> {
        let mut names = vec![];
        for name in self.list.iter().filter_map(|p| self.files.name(p.at)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let word = if self.fatal { "problem" } else { "warning" };
        let plural = if self.list.len() == 1 { "" } else { "s" };
        (!names.is_empty()).then(|| format!("{} {word}{plural} in {}", self.list.len(), plain(&names.join(" and "))))
    }
}

/// Each one as text, without the closing line.
impl IntoIterator for &Problems {
    type Item = String;
    type IntoIter = std::vec::IntoIter<String>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// Words that a word is compared with: each problem of a huge text is compared again.
const COMPARED: usize = 100;
/// Words that a problem lists.
const LISTED: usize = 30;

/// Words as a list that can be read.
pub(super) fn some_of(words: &[&str]) -> String {
    let more = if words.len() > LISTED { ", …" } else { "" };
    format!("{}{more}", words[..words.len().min(LISTED)].join(", "))
}

/// The known word that was probably meant.
pub fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let lower = word.to_lowercase();
    let distance = |k: &str| strsim::damerau_levenshtein(&lower, &k.to_lowercase());
    // A third of the letters wrong is a typing error, more is another word.
    let limit = (word.chars().count() / 3).max(1);
    let best = known.into_iter().take(COMPARED).map(|k| (distance(k), k)).min_by_key(|(d, _)| *d)?;
    (best.0 <= limit).then_some(best.1)
}

/// What the user wrote, safe to print: no control characters.
pub(super) fn plain(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        let known = ["jaeger", "prometheus", "scrape"];
        assert_eq!(nearest("jager", known), Some("jaeger"));
        assert_eq!(nearest("Prometeus", known), Some("prometheus"));
        assert_eq!(nearest("docker", known), None);
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let problems = Problems::one("bad \u{1b}[31m\nname");
        assert_eq!(problems.to_string(), "error: bad \\u{1b}[31m\\nname");
    }
}
