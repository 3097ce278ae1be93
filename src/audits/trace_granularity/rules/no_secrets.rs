use crate::{
    audits::trace_granularity::{TraceGranularity, say, spoil, view::Calls},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::{Leak, Secret},
        rig::Rig,
    },
};
use serde::Deserialize;

/// No attribute holds credentials, nor what was asked of the model: whoever may look at traces could read them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoSecrets {}

impl Rule<TraceGranularity> for NoSecrets {
    const NAME: &'static str = "no_secrets";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::subjects(rig)
    }

    fn judge(&self, view: &Calls<'_>, subject: &Name) -> Judgement {
        let both = view.of(subject)?;
        let expected = "no attribute that looks like a secret, nor prompt text";
        if both.traces.there() == 0 {
            return Ok(say::no_traces(&both, expected));
        }
        let (prompts, secrets): (Vec<&Leak>, Vec<&Leak>) = both.traces.spans.secrets.iter().partition(|leak| leak.what == Secret::Prompt);
        let (status, told) = match (secrets.is_empty(), prompts.is_empty()) {
            (false, _) => (Status::Fail, secrets),
            (true, false) => (Status::Warn, prompts),
            (true, true) => (Status::Pass, vec![]),
        };
        let spans: u64 = told.iter().map(|leak| leak.spans).sum();
        let looked_at = both.traces.spans.spans.len();
        let observed = match status {
            Status::Pass => format!("no attribute of {looked_at} spans looks like a secret"),
            _ => format!(
                "{} attributes of {spans} spans look like {}",
                told.len(),
                if status == Status::Fail { "secrets" } else { "prompts or answers" }
            ),
        };
        let because = told.iter().take(5).map(|l| where_it_is(l)).collect();
        let figure = Figure::exact("spans with such attributes", spans as f64, looked_at, "spans");
        Ok(Finding { because, from: both.from(), ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &TraceGranularity, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::answer(rig, subject, copy, |spans| {
            spans.secrets.push(Leak {
                service: "gateway".into(),
                span: "auth".into(),
                key: "http.request.header.authorization".into(),
                what: Secret::Header,
                spans: 1,
            });
        });
    }
}

/// `gateway: attribute `http.request.header.authorization` of `POST /v1/chat`, 240 spans: a header with credentials`.
fn where_it_is(leak: &Leak) -> String {
    let of = if leak.span.is_empty() { "its resource or spans".to_owned() } else { format!("`{}`", leak.span) };
    format!("{}: attribute `{}` of {of}, {} spans: {}", leak.service, leak.key, leak.spans, leak.what.words())
}
