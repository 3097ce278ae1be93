use crate::{
    audits::{
        latency_accuracy::{LatencyAccuracy, say, view::Latencies},
        shared::nearly_all,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        key::Perform,
        name::Name,
        outcome::{Finding, Status},
        rig::Rig,
        units::Share,
    },
    stats::{median, share_at_most},
};
use serde::Deserialize;

/// One content event per token: only then is inter-chunk latency inter-token latency. Events are counted, never reads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunksPerToken {
    /// Least content events per completion token.
    low: f64,
    /// Most content events per completion token.
    high: f64,
    /// Share of streams that may lie outside.
    share: Share,
}

/// What brings the tokens.
const USAGE: &str = "let the target honour `stream_options.include_usage` on each request";

impl Rule<LatencyAccuracy> for ChunksPerToken {
    const NAME: &'static str = "chunks_per_token";

    fn subjects(&self, _rig: &Rig) -> Vec<Name> {
        vec!["load".into()]
    }

    fn judge(&self, view: &Latencies<'_>, _subject: &Name) -> Judgement {
        let sent = view.sent()?;
        let from = say::keys([sent.key]);
        let expected = format!("{} … {} content events per completion token in all but {} of streams", self.low, self.high, self.share);
        let streams = || sent.measured().filter(|(_, r)| r.stream);
        let ratios: Vec<f64> = streams().filter_map(|(_, r)| r.tokens.filter(|t| *t > 0).map(|t| r.shape.content as f64 / t as f64)).collect();
        let n = ratios.len() as u64;
        let Some(middle) = median(&ratios) else {
            return Ok(match streams().count() {
                0 => say::cannot_tell("no stream was measured", expected, 0, from),
                all => say::cannot_tell(format!("none of {all} streams reported its completion tokens"), expected, 0, from).settled_by(USAGE),
            });
        };
        let all = streams().count();
        if !nearly_all(ratios.len(), all) {
            let why = format!("only {n} of {all} streams reported their completion tokens");
            return Ok(say::cannot_tell(why, expected, n, from).settled_by(USAGE));
        }
        let k = ratios.iter().filter(|r| !(self.low..=self.high).contains(*r)).count() as u64;
        let answer = share_at_most(k, n, self.share.0);
        let status = say::status(answer);
        let share = k as f64 / n as f64;
        let because = match status {
            Status::Pass => vec![],
            _ if middle < self.low => {
                vec![format!("an event carries {:.1} tokens on average: report inter-chunk latency, not inter-token latency", 1.0 / middle.max(1e-9))]
            }
            _ if middle > self.high => vec!["several events make one token: report inter-chunk latency, not inter-token latency".into()],
            _ => vec![],
        };
        Ok(Finding {
            margin: Some((self.share.0 - share) / self.share.0),
            because,
            settles_at: say::settles(answer),
            from,
            ..say::finding(
                status,
                say::share("streams outside", k, n, answer),
                format!("{k} of {n} streams ({}) lie outside; the median is {middle:.2} content events per token", Share(share)),
                expected,
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, _subject: &Name, copy: &mut Evidence) {
        let Some(act) = audit.act(rig) else { return };
        copy.alter(&act.actor(), &Perform { act: act.clone() }, |p| {
            p.requests.alter(|t| {
                if let Some(usage) = &mut t.usage {
                    usage.completion = 3 * usage.completion.max(1);
                }
            });
        });
    }
}
