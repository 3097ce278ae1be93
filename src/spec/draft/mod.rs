//! From what `rigcheck init` found to a commented `rigcheck.yaml`. Pure: the same findings make the same text.

pub mod found;
mod generic;
mod known;
mod labels;
mod logs;
mod mapping;
pub mod options;
mod sections;
mod snippets;
mod text;
mod unit;

pub use labels::like_chat;
pub use mapping::{Mapping, Proposal, propose, worth};
pub use snippets::route;
pub use unit::word as unit_word;

pub use super::loads::TRUTH_MODEL;

use super::{
    load::{Loaded, Options, load_text},
    target::LOOPBACK_ALLOW,
};
use crate::model::{
    capability::Capability,
    case::RuleSpec,
    rig::Allow,
    units::{Count, PerSecond},
};
use found::Found;
use std::{collections::BTreeSet, path::Path};

/// Prefixes of families that only servers of language models have.
const LLM: [&str; 8] = ["vllm:", "sglang:", "litellm_", "tgi_", "dynamo_frontend_", "trtllm_", "gen_ai_", "ray_vllm"];

/// Are these the metrics of a gateway or server of language models?
pub fn speaks_llm(families: &[found::Family]) -> bool {
    let first_token = |f: &found::Family| generic::read(&f.name, "").is_some_and(|r| r.quantity == crate::model::rig::Quantity::Ttft);
    families.iter().any(|f| LLM.iter().any(|p| f.name.starts_with(p)) || first_token(f))
}

/// Allowed off loopback where the need of an audit cannot be told.
const ALLOW: Allow = Allow { requests: Count(700), tokens: Count(60_000), rate: PerSecond(20.0) };

/// A draft of a spec.
#[derive(Debug)]
pub struct Draft {
    /// The file.
    pub text: String,
    /// Rules in scope, and all rules.
    pub scope: (usize, usize),
    /// What is not there, and the rules that it would bring into scope.
    pub missing: Vec<(Capability, Vec<String>)>,
    /// Lines that are to be looked at.
    pub to_confirm: Vec<String>,
    /// Lines to paste elsewhere, each with what they are for.
    pub snippets: Vec<(String, String)>,
    /// Why the file does not load as it is, if it does not.
    pub problems: Option<String>,
}

/// What is put into the file when it is known what the file means.
struct Judged<'j> {
    allow: Allow,
    missing: &'j [(Capability, Vec<String>)],
}

/// Writes a spec. `cost` says which requests and tokens an audit by a spec would need; `base` is the folder of the file.
pub fn draft(found: &Found, base: &Path, options: &Options<'_>, cost: &dyn Fn(&Loaded) -> (u64, u64)) -> Draft {
    // Once to see what it means, with room for any load; once more with what was seen.
    let first = sections::write(found, &Judged { allow: LOOPBACK_ALLOW, missing: &[] });
    let loaded = load_text(&first.text, "rigcheck.yaml", base, options);
    let allow = loaded.as_ref().map_or(ALLOW, |loaded| enough(cost(loaded)));
    let missing = loaded.as_ref().map(missing).unwrap_or_default();
    let written = sections::write(found, &Judged { allow, missing: &missing });
    let loaded = load_text(&written.text, "rigcheck.yaml", base, options);
    let scope = loaded.as_ref().map_or((0, 0), |l| (l.rules_in_scope(), l.profile.cases.iter().map(|c| c.rules.len()).sum()));
    Draft {
        text: written.text,
        scope,
        missing,
        to_confirm: written.to_confirm,
        snippets: written.snippets,
        problems: loaded.err().map(|p| p.to_string()),
    }
}

/// What an audit needs and a tenth more, in round numbers.
fn enough((requests, tokens): (u64, u64)) -> Allow {
    if requests == 0 {
        return ALLOW;
    }
    let round = |n: u64, to: u64| (n + n / 10).div_ceil(to) * to;
    Allow { requests: Count(round(requests, 100)), tokens: Count(round(tokens, 1_000)), rate: ALLOW.rate }
}

fn missing(loaded: &Loaded) -> Vec<(Capability, Vec<String>)> {
    let has: &BTreeSet<Capability> = &loaded.profile.rig.capabilities;
    let rules: Vec<&RuleSpec> = loaded.profile.cases.iter().flat_map(|c| &c.rules).filter(|r| !r.deselected).collect();
    let lacking = |capability: Capability| {
        let ids: Vec<_> = rules.iter().filter(|r| r.missing(has).contains(&capability)).map(|r| r.id.to_string()).collect();
        (!ids.is_empty()).then_some((capability, ids))
    };
    Capability::ALL.into_iter().filter_map(lacking).collect()
}
