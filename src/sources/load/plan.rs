//! What will be sent, and when: fixed before the first request.

use crate::{
    llm::directive::Directive,
    model::{
        act::{Act, Api, LoadAct, Traced},
        audit::Effort,
        evidence::Gap,
        source::Estimate,
        timeline::{Nanos, Planted},
        units::Ms,
    },
    traces::{marked_trace, our_span},
};
use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_pcg::Pcg64;
use serde_json::json;
use std::collections::BTreeSet;

/// The planted grid: wide enough (p95/p5 of the total well above 3) that a scale error shows as a slope.
const TTFT_MS: [f64; 6] = [40.0, 70.0, 120.0, 200.0, 330.0, 500.0];
const CHUNKS: [u32; 4] = [4, 8, 16, 32];
const GAP_MS: [f64; 3] = [10.0, 20.0, 30.0];
/// TTFT is multiplied by e^u, u uniform within this: no two requests share a value, so rounding faults cannot hide.
const JITTER: f64 = 0.2;
/// What the last answer takes where nothing is planned: a guess, for the plan's estimate only.
const UNPLANTED: Ms = Ms(2_000.0);
/// Designs are the same in every run, so that runs can be compared.
const SEED: u64 = 0x7269_6763_6865_636b;
/// Tokens that a chat template puts around one message; the widely used ones need 3 to 8.
const TEMPLATE_TOKENS: u64 = 8;

/// All requests of one act.
pub struct Plan {
    act: LoadAct,
    /// Requests before the measured ones.
    warmup: u64,
    /// All requests.
    total: u64,
    /// Prefix of every request id of this act.
    run: String,
    /// One entry per request, empty where nothing is planted.
    delays: Vec<Planted>,
    /// The requests that ask for no trace.
    untraced: BTreeSet<u64>,
}

/// One request, ready to be sent.
pub struct Request {
    /// `x-request-id`.
    pub id: String,
    /// 32 hex digits.
    pub trace_id: String,
    /// The W3C `traceparent` header.
    pub traceparent: String,
    /// Not measured.
    pub warmup: bool,
    /// What it asks.
    pub api: Api,
    /// Does it ask for a stream?
    pub stream: bool,
    /// Does it ask that its trace be not recorded?
    pub untraced: bool,
    /// When it is due.
    pub scheduled: Nanos,
    /// Asked delays.
    pub planted: Option<Planted>,
    /// The JSON body.
    pub body: Vec<u8>,
}

impl Plan {
    /// The plan of an act, or why it cannot be one.
    pub fn new(act: &LoadAct, effort: Effort) -> Result<Plan, Gap> {
        if act.per_kilosecond == 0 {
            return Err(Gap::NotConfigured(format!("load `{}` has a rate of 0; write for example `rate: 15/s`", act.name)));
        }
        if effort.requests == 0 {
            return Err(Gap::NotConfigured(format!("load `{}` was asked for 0 requests", act.name)));
        }
        let delays = if act.planted { design(effort, act) } else { vec![] };
        let untraced = if act.traced.all() { BTreeSet::new() } else { untraced(effort) };
        let (warmup, total) = (effort.warmup, effort.warmup + effort.requests);
        Ok(Plan { act: act.clone(), warmup, total, run: ulid::Ulid::new().to_string(), delays, untraced })
    }
    /// The act as the spec describes it.
    pub fn act(&self) -> &LoadAct {
        &self.act
    }
    /// Requests in all, warm-ups included.
    pub fn total(&self) -> u64 {
        self.total
    }
    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.act.per_kilosecond as f64 / 1e3
    }
    /// When the n-th request is due. Each is worked out from the start, so errors do not add up.
    pub fn due(&self, n: u64) -> Nanos {
        let nanos = u128::from(n) * 1_000_000_000_000 / u128::from(self.act.per_kilosecond);
        Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
    /// Tokens that `requests` of them may use at worst: the prompt and all of `max_tokens`.
    pub fn tokens(&self, requests: u64) -> u64 {
        requests.saturating_mul(u64::from(self.act.max_tokens) + prompt_tokens(&self.longest_prompt()))
    }
    /// What it will take: sending, and the longest planned answer after the last request.
    pub fn estimate(&self) -> Estimate {
        let sending = self.due(self.total).0 as f64 / 1e6;
        let last = self.delays.iter().map(Planted::total_ms).fold(UNPLANTED.0, f64::max);
        Estimate { lasting: Ms(sending + last), requests: self.total, tokens: self.tokens(self.total) }
    }
    /// The n-th request. Its trace id is random; everything else is the same in every run.
    pub fn request(&self, n: u64) -> Request {
        let id = format!("{}-{n:05}", self.run);
        let planted = usize::try_from(n).ok().and_then(|n| self.delays.get(n)).copied();
        let trace = marked_trace(rand::random());
        let trace_id = format!("{trace:032x}");
        let parent = our_span(trace);
        let untraced = self.untraced.contains(&n);
        Request {
            traceparent: format!("00-{trace_id}-{parent:016x}-{:02x}", u8::from(!untraced)),
            warmup: n < self.warmup,
            api: self.act.api.clone(),
            stream: self.act.stream,
            untraced,
            scheduled: self.due(n),
            planted,
            body: self.body(&prompt(&id, planted)),
            id,
            trace_id,
        }
    }
    fn body(&self, prompt: &str) -> Vec<u8> {
        if self.act.api == Api::Embeddings {
            return json!({"model": self.act.model, "input": prompt}).to_string().into_bytes();
        }
        let mut body = json!({
            "model": self.act.model,
            "messages": [{"role": "user", "content": prompt}],
            "max_tokens": self.act.max_tokens,
            "stream": self.act.stream,
        });
        if self.act.stream {
            body["stream_options"] = json!({"include_usage": true});
        }
        body.to_string().into_bytes()
    }
    fn longest_prompt(&self) -> String {
        let planted = self.act.planted.then_some(Planted { ttft_ms: 610.7, chunks: 32, gap_ms: 30.0 });
        prompt(&format!("{}-{:05}", self.run, self.total), planted)
    }
    /// How reports name it.
    pub fn title(&self) -> String {
        Act::Load(self.act.clone()).title()
    }
}

fn prompt(id: &str, planted: Option<Planted>) -> String {
    format!("Hello. {}", Directive { id: id.to_owned(), delays: planted }.to_text())
}

/// Tokens of a prompt of ours: half of its bytes. Ids and digits cost about 1.7 bytes a token, words 4 and more; with the
/// published vocabularies the prompts of this file stay below this figure.
fn prompt_tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(2) + TEMPLATE_TOKENS
}

/// Delays for warm-ups and measured requests: the whole grid, shuffled, again and again, so that every cell occurs equally
/// often. Warm-ups come from a stream of their own: their number does not change the measured design. Where traced and untraced
/// requests are compared, both of a pair have the same delays.
fn design(effort: Effort, act: &LoadAct) -> Vec<Planted> {
    let mut delays = blocks(effort.warmup, act.max_tokens, SEED ^ 1);
    match act.traced {
        Traced::All => delays.extend(blocks(effort.requests, act.max_tokens, SEED)),
        Traced::Half => {
            let pairs = blocks(effort.requests.div_ceil(2), act.max_tokens, SEED);
            delays.extend(pairs.into_iter().flat_map(|d| [d, d]).take(usize::try_from(effort.requests).unwrap_or(usize::MAX)));
        }
    }
    delays
}

/// One of each pair of measured requests, the first or the second as a coin falls, so that whatever comes every second request
/// on the rig is no effect of tracing.
fn untraced(effort: Effort) -> BTreeSet<u64> {
    let mut rng = Pcg64::seed_from_u64(SEED ^ 2);
    (0..effort.requests / 2).map(|pair| effort.warmup + 2 * pair + u64::from(rng.random_bool(0.5))).collect()
}

fn blocks(n: u64, max_tokens: u32, seed: u64) -> Vec<Planted> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let mut delays = vec![];
    while delays.len() < n {
        let mut block = grid(max_tokens);
        block.shuffle(&mut rng);
        block.truncate(n - delays.len());
        for cell in &mut block {
            let jittered = cell.ttft_ms * rng.random_range(-JITTER..JITTER).exp();
            cell.ttft_ms = (jittered * 10.0).round() / 10.0;
        }
        delays.append(&mut block);
    }
    delays
}

fn grid(max_tokens: u32) -> Vec<Planted> {
    let mut cells = vec![];
    for ttft_ms in TTFT_MS {
        for chunks in CHUNKS {
            for gap_ms in GAP_MS {
                cells.push(Planted { ttft_ms, chunks: chunks.min(max_tokens.max(1)), gap_ms });
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{act::Destination, name::name};
    use std::collections::BTreeMap;

    fn act() -> LoadAct {
        LoadAct {
            name: name("controlled"),
            to: Destination::Target,
            api: Api::Chat,
            model: "m".into(),
            path: "/v1/chat/completions".into(),
            stream: true,
            per_kilosecond: 15_000,
            max_tokens: 64,
            planted: true,
            traced: Traced::All,
        }
    }

    fn plan(requests: u64, warmup: u64) -> Plan {
        Plan::new(&act(), Effort { requests, warmup, ..Effort::default() }).unwrap()
    }

    #[test]
    fn the_design_is_the_same_in_every_run_whatever_the_warm_up() {
        let (a, b) = (plan(144, 0), plan(144, 7));
        assert_eq!(a.delays[..], b.delays[7..]);
        assert_ne!(a.run, b.run);
        assert_ne!(a.request(0).trace_id, a.request(0).trace_id);
    }

    #[test]
    fn every_cell_occurs_equally_often_and_is_shuffled() {
        let p = plan(144, 0);
        let mut cells = BTreeMap::new();
        for d in &p.delays {
            // Levels are further apart (factor 1.5) than the jitter reaches (factor e^0.2 each way).
            let level = TTFT_MS.into_iter().min_by(|a, b| (a / d.ttft_ms).ln().abs().total_cmp(&(b / d.ttft_ms).ln().abs())).unwrap();
            assert!((d.ttft_ms / level).ln().abs() <= JITTER + 0.01, "{d:?}");
            *cells.entry((level as u64, d.chunks, d.gap_ms as u64)).or_insert(0) += 1;
        }
        assert_eq!(cells.len(), 72);
        assert!(cells.values().all(|n| *n == 2), "{cells:?}");
        assert!(p.delays.windows(2).any(|w| w[0].ttft_ms > w[1].ttft_ms + 100.0));
    }

    #[test]
    fn the_planted_totals_are_wide_enough_for_a_slope() {
        let mut totals: Vec<f64> = plan(480, 0).delays.iter().map(Planted::total_ms).collect();
        totals.sort_by(f64::total_cmp);
        let (p5, p95) = (totals[24], totals[456]);
        assert!(p95 / p5 >= 3.0 && totals[479] - totals[0] >= 200.0, "{p5} {p95}");
        let mean = totals.iter().sum::<f64>() / 480.0;
        assert!((430.0..580.0).contains(&mean), "{mean}");
    }

    #[test]
    fn of_each_pair_with_the_same_delays_one_is_traced() {
        let half = LoadAct { traced: Traced::Half, ..act() };
        let p = Plan::new(&half, Effort { requests: 240, warmup: 5, ..Effort::default() }).unwrap();
        let mut first = 0;
        for pair in 0..120 {
            let (a, b) = (p.request(5 + 2 * pair), p.request(6 + 2 * pair));
            assert_eq!(a.planted, b.planted);
            assert!(a.untraced != b.untraced);
            assert!(a.traceparent.ends_with(if a.untraced { "-00" } else { "-01" }), "{}", a.traceparent);
            first += u32::from(a.untraced);
        }
        assert!((40..=80).contains(&first), "no order is the rule: {first}");
        assert!((0..5).all(|n| !p.request(n).untraced));
        let odd = Plan::new(&half, Effort { requests: 7, ..Effort::default() }).unwrap();
        assert_eq!((odd.delays.len(), odd.request(6).untraced), (7, false));
    }

    #[test]
    fn embeddings_carry_the_directive_in_their_input() {
        let embeddings = LoadAct { api: Api::Embeddings, stream: false, max_tokens: 0, ..act() };
        let p = Plan::new(&embeddings, Effort { requests: 3, ..Effort::default() }).unwrap();
        let request = p.request(2);
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["input", "model"]);
        assert_eq!(Directive::find(body["input"].as_str().unwrap()), Some(Directive { id: request.id, delays: request.planted }));
        assert!(p.delays.iter().all(|d| d.chunks == 1), "an embedding comes at once");
    }

    #[test]
    fn chunks_never_exceed_max_tokens() {
        let small = LoadAct { max_tokens: 10, ..act() };
        let p = Plan::new(&small, Effort { requests: 100, ..Effort::default() }).unwrap();
        let chunks: BTreeSet<u32> = p.delays.iter().map(|d| d.chunks).collect();
        assert_eq!(chunks, BTreeSet::from([4, 8, 10]));
    }

    #[test]
    fn due_times_do_not_drift() {
        let p = plan(1, 0);
        assert_eq!(p.due(15), Nanos(1_000_000_000));
        assert_eq!(p.due(15_000_000), Nanos(1_000_000_000_000_000));
        let slow = Plan::new(&LoadAct { per_kilosecond: 3, ..act() }, Effort { requests: 2, ..Effort::default() }).unwrap();
        assert_eq!(slow.due(3), Nanos(1_000_000_000_000));
    }

    #[test]
    fn no_prompt_is_longer_than_what_was_reckoned() {
        let p = plan(480, 20);
        let each = p.tokens(1) - 64;
        for n in 0..500 {
            let request = p.request(n);
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let text = body["messages"][0]["content"].as_str().unwrap().to_owned();
            assert!(prompt_tokens(&text) <= each);
            assert_eq!(Directive::find(&text), Some(Directive { id: request.id, delays: request.planted }));
        }
        assert_eq!(p.tokens(500), 500 * p.tokens(1));
    }

    #[test]
    fn a_rate_or_number_of_nought_is_no_plan() {
        let effort = Effort { requests: 1, ..Effort::default() };
        assert!(matches!(Plan::new(&LoadAct { per_kilosecond: 0, ..act() }, effort), Err(Gap::NotConfigured(_))));
        assert!(matches!(Plan::new(&act(), Effort::default()), Err(Gap::NotConfigured(_))));
    }
}
