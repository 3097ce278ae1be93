use super::settings::MockSettings;
use crate::{
    llm::directive::Directive,
    model::{timeline::Planted, units::Ms},
    reference::faults::Misbehaviour,
};
use std::time::Duration;

/// The longest a request may ask to be kept waiting, ms.
const LONGEST_MS: f64 = 600_000.0;

/// What will be emitted, and when, counted from the request read.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The request's id: the directive's, else `x-request-id`, else empty.
    pub id: String,
    /// The delays, if the request asked for any.
    pub asked: Option<Planted>,
    /// To the first content.
    pub ttft: Duration,
    /// Between two content chunks.
    pub gap: Duration,
    /// Tokens of each content chunk, in order.
    pub tokens: Vec<u32>,
    /// Did `max_tokens` cut it short?
    pub cut: bool,
}

impl Plan {
    /// The plan of a completion. Errors say why the delays cannot be kept.
    pub fn new(settings: &MockSettings, directive: Option<Directive>, request_id: Option<&str>, max_tokens: Option<u32>) -> Result<Plan, String> {
        let asked = directive.as_ref().and_then(|d| d.delays);
        let delays = asked.unwrap_or(Planted { ttft_ms: settings.ttft.0, chunks: settings.chunks, gap_ms: settings.gap.0 });
        let total = delays.total_ms();
        if !(0.0..=LONGEST_MS).contains(&total) {
            return Err(format!("the delays add up to {}; at most {} are kept", Ms(total), Ms(LONGEST_MS)));
        }
        let per_chunk = match settings.fault {
            Some(Misbehaviour::BatchedTokens) => 2 * settings.tokens_per_chunk.max(1),
            _ => settings.tokens_per_chunk.max(1),
        };
        let wanted = u64::from(delays.chunks) * u64::from(per_chunk);
        let given = max_tokens.map_or(wanted, |most| wanted.min(u64::from(most)));
        let whole = given / u64::from(per_chunk);
        let rest = (given % u64::from(per_chunk)) as u32;
        let tokens = (0..whole).map(|_| per_chunk).chain((rest > 0).then_some(rest)).collect();
        Ok(Plan {
            id: directive.map(|d| d.id).or(request_id.map(str::to_owned)).unwrap_or_default(),
            asked,
            ttft: milliseconds(delays.ttft_ms),
            gap: milliseconds(delays.gap_ms),
            tokens,
            cut: given < wanted,
        })
    }
    /// Deadline of the n-th content chunk, nanoseconds after the request was read. Without chunks, of the end.
    pub fn due(&self, n: usize) -> u64 {
        u64::try_from((self.ttft + self.gap * u32::try_from(n).unwrap_or(u32::MAX)).as_nanos()).unwrap_or(u64::MAX)
    }
    /// Everything so much later.
    pub fn delay(&mut self, ns: u64) {
        self.ttft += Duration::from_nanos(ns);
    }
    /// Deadline of the last content.
    pub fn due_last(&self) -> u64 {
        self.due(self.tokens.len().saturating_sub(1))
    }
    /// Tokens of the whole completion.
    pub fn total_tokens(&self) -> u64 {
        self.tokens.iter().map(|t| u64::from(*t)).sum()
    }
    /// OpenAI's word for why it ended.
    pub fn finish_reason(&self) -> &'static str {
        if self.cut { "length" } else { "stop" }
    }
}

fn milliseconds(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.clamp(0.0, LONGEST_MS) / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(directive: &str, per_chunk: u32, max_tokens: Option<u32>) -> Result<Plan, String> {
        let settings = MockSettings { tokens_per_chunk: per_chunk, ..MockSettings::default() };
        Plan::new(&settings, Directive::find(directive), Some("header"), max_tokens)
    }

    #[test]
    fn caps_chunks_by_tokens() {
        let p = plan("[[rigcheck id=a ttft=100ms chunks=4 gap=10ms]]", 3, Some(8)).unwrap();
        assert_eq!((p.id.as_str(), p.tokens.as_slice(), p.cut), ("a", &[3, 3, 2][..], true));
        assert_eq!((p.due(0), p.due(2), p.due_last(), p.total_tokens()), (100_000_000, 120_000_000, 120_000_000, 8));
        let p = plan("", 1, None).unwrap();
        assert_eq!((p.id.as_str(), p.tokens.len(), p.finish_reason()), ("header", 16, "stop"));
        let p = plan("[[rigcheck id=a ttft=100ms chunks=0 gap=10ms]]", 1, None).unwrap();
        assert_eq!((p.tokens.len(), p.due_last()), (0, 100_000_000));
    }

    #[test]
    fn refuses_what_cannot_be_kept() {
        for much in ["ttft=1e300ms chunks=1 gap=0ms", "ttft=0ms chunks=4000000000 gap=1000ms"] {
            assert!(plan(&format!("[[rigcheck id=a {much}]]"), 1, Some(64)).is_err(), "{much}");
        }
    }
}
