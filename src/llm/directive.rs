//! The text inside a prompt that asks `rigcheck mock` for exact delays and names the request.
//! It travels in the prompt because any gateway must pass the prompt on, whatever it does to headers.
//!
//! `[[rigcheck id=01JD…-17 ttft=120ms chunks=8 gap=20ms]]`

use crate::model::timeline::Planted;

/// What a prompt asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Directive {
    /// The request's id in the load generator's terms.
    pub id: String,
    /// The delays; `None` leaves them to the endpoint's defaults.
    pub delays: Option<Planted>,
}

const OPEN: &str = "[[rigcheck ";
const CLOSE: &str = "]]";

impl Directive {
    /// As text for a prompt.
    pub fn to_text(&self) -> String {
        let delays = self.delays.map(|d| format!(" ttft={}ms chunks={} gap={}ms", d.ttft_ms, d.chunks, d.gap_ms)).unwrap_or_default();
        format!("{OPEN}id={}{delays}{CLOSE}", self.id)
    }

    /// Finds a directive in a text; anything malformed is no directive.
    pub fn find(text: &str) -> Option<Directive> {
        let start = text.find(OPEN)? + OPEN.len();
        let inner = &text[start..start + text[start..].find(CLOSE)?];
        let field = |name: &str| inner.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let ms = |name: &str| field(name)?.strip_suffix("ms")?.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
        let id = field("id").filter(|id| !id.is_empty() && id.len() <= 128)?.to_owned();
        let delays = match (ms("ttft"), field("chunks").and_then(|c| c.parse().ok()), ms("gap")) {
            (Some(ttft_ms), Some(chunks), Some(gap_ms)) => Some(Planted { ttft_ms, chunks, gap_ms }),
            _ => None,
        };
        Some(Directive { id, delays })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_prompt() {
        let asked = Directive { id: "01JD-17".into(), delays: Some(Planted { ttft_ms: 120.5, chunks: 8, gap_ms: 20.0 }) };
        assert_eq!(Directive::find(&format!("Say this: {} please", asked.to_text())), Some(asked));
        let bare = Directive { id: "x".into(), delays: None };
        assert_eq!(Directive::find(&bare.to_text()), Some(bare));
        for none in ["", "[[rigcheck ]]", "[[rigcheck id=", "[[rigcheck id= ttft=1ms]]", "hello"] {
            assert_eq!(Directive::find(none), None, "{none}");
        }
        assert_eq!(Directive::find("[[rigcheck id=a ttft=NaNms chunks=1 gap=1ms]]").unwrap().delays, None);
    }
}
