//! A comparison for a browser.

use super::{beside::Beside, words};
use crate::{
    model::{
        comparison::{Agreement, Class, Comparison, Dimension, Scale, Transfer, WaiverStands},
        fact_waiver::FactWaiverState,
    },
    report::clean,
};
use askama::Template;
use std::collections::BTreeMap;

/// Searches rows; without it all of them are there. It is the only one that the page lets run.
const SCRIPT: &str = include_str!("../../../templates/comparison.js");
/// Its SHA-256, for the page's policy: no other script runs, whatever a value smuggled in.
const SCRIPT_HASH: &str = "sha256-/g1rgtpeE4cIxj4oT2dCqrIEyO+1LgVyJnJeSctlY+g=";

#[derive(Template)]
#[template(path = "comparison.html", whitespace = "minimize")]
struct Page<'c> {
    of: &'c Comparison,
    tool: &'static str,
    script: &'static str,
    policy: &'static str,
    names: [String; 2],
    beside: Beside,
    counts: BTreeMap<Class, usize>,
    by_dimension: BTreeMap<Dimension, BTreeMap<Class, usize>>,
}

/// As one HTML file.
pub fn render(of: &Comparison) -> String {
    let page = Page {
        of,
        tool: concat!("rigcheck ", env!("CARGO_PKG_VERSION")),
        script: SCRIPT,
        policy: SCRIPT_HASH,
        names: words::names(of),
        beside: Beside::of(of, true),
        counts: words::counts(&of.rows),
        by_dimension: Dimension::ALL.into_iter().map(|d| (d, words::counts(of.rows.iter().filter(|r| r.dimension == d)))).collect(),
    };
    clean::document(&page.render().expect("writing to a string does not fail")) + "\n"
}

impl Page<'_> {
    fn verdict(&self) -> String {
        words::verdict(self.of)
    }
    fn glyph(&self) -> &'static str {
        words::glyph(self.of.verdict())
    }
    fn tally(&self) -> String {
        words::tally(&self.counts)
    }
    fn sides(&self) -> [(&String, String); 2] {
        [(&self.names[0], words::side(&self.of.here)), (&self.names[1], words::side(&self.of.there))]
    }
    fn transfers(&self) -> Vec<(&'static str, &'static str, &'static str, &Transfer)> {
        let told = |t: &Transfer| {
            let (glyph, says) = words::holds(t.holds);
            (glyph, says, t.holds.map_or("open", |holds| if holds { "good" } else { "bad" }))
        };
        self.of.transfers.iter().map(|t| (told(t).0, told(t).1, told(t).2, t)).collect()
    }
    fn of_dimension(&self, d: &Agreement) -> Vec<usize> {
        let counts = self.by_dimension.get(&d.dimension);
        self.classes().iter().map(|class| counts.and_then(|c| c.get(class)).copied().unwrap_or(0)).collect()
    }
    fn classes(&self) -> Vec<Class> {
        words::OPEN.into_iter().chain(words::CLOSED).filter(|c| self.counts.get(c).is_some_and(|n| *n > 0)).collect()
    }
    fn waivers(&self) -> Vec<(&'static str, &'static str, &WaiverStands)> {
        let bad = |w: &WaiverStands| matches!(w.state, FactWaiverState::Expired | FactWaiverState::Outgrown);
        let those = self.of.waivers.iter().filter(|w| words::needs_attention(w.state));
        those.map(|w| if bad(w) { ("✗", "bad", w) } else { ("!", "mind", w) }).collect()
    }
    fn scale(&self, scale: &Scale) -> String {
        words::scale(scale, &self.names[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_names_the_script_as_the_page_has_it() {
        let page = render(&Comparison::default());
        let at = page.find("<script>").unwrap() + "<script>".len();
        let script = &page[at..at + page[at..].find("</script>").unwrap()];
        // RFC 4648, by hand: the digest has 32 bytes, which leaves two behind the last group of three.
        let digest = Sha256::digest(script.as_bytes());
        let digit = |n: u32| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[(n & 63) as usize]);
        let group = |three: &[u8]| {
            let bits = three.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
            (0..=three.len()).map(|nth| digit(bits >> (18 - 6 * nth))).collect::<String>()
        };
        let text: String = digest.as_slice().chunks(3).map(group).collect();
        assert_eq!(SCRIPT_HASH, format!("sha256-{text}="));
        assert!(page.contains(&format!("script-src '{SCRIPT_HASH}'")));
    }
}
