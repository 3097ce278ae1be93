use crate::{
    audits::{
        latency_accuracy::{
            LatencyAccuracy, say, spoil,
            tolerance::Tolerance,
            view::{Latencies, Pairs},
        },
        shared::{
            Request,
            held_up::{ELSEWHERE, excuse, unexplained},
            nearly_all,
        },
    },
    llm::definitions,
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        key::Key,
        name::Name,
        outcome::{Finding, Status},
        rig::{By, Claim, Quantity, Rig},
        units::Ms,
    },
    stats::{Answer, location, location_within},
};
use serde::Deserialize;

/// What really happened <= what the source says <= what the client saw, each within D, by location; a gap between chunks
/// is compared with the truth alone. The load generator itself is compared with the truth directly: on a load straight to the reference endpoint, where that is not the target.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownTruth {
    margin: Tolerance,
}

impl Rule<LatencyAccuracy> for KnownTruth {
    const NAME: &'static str = "known_truth";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::claims(rig, |c| c.per_request() || matches!(c.by, By::Client { .. }))
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let claim = view.claim(subject)?;
        if let By::Client { definition } = &claim.by {
            return self.of_client(view, claim, definition);
        }
        let (truth, pairs) = (view.known_truth()?, view.pairs(subject)?);
        let d = self.margin.at(claim.quantity, pairs.level, pairs.resolution);
        let within = self.margin.words(claim.quantity, pairs.level, pairs.resolution);
        let from = say::keys(pairs.from.iter().chain(truth.keys.iter().copied()));
        let above: Vec<f64> = pairs.rows.iter().filter_map(|p| p.truth.map(|t| p.source - t)).collect();
        // A gap may shrink on its way to the client, so the client bounds whole requests only.
        let gaps = claim.quantity == Quantity::InterChunk;
        let expected = if gaps {
            format!("{subject} says what was emitted, within ±{within}")
        } else {
            format!("{subject} lies between what was emitted and what the client saw, within {within}")
        };
        if let Some(why) = pairs.lacks_truth() {
            return Ok(say::cannot_tell(why, expected, above.len() as u64, from));
        }
        let (Some(above), Some(below)) = (location(&above), location(&pairs.differences(0.0))) else {
            return Ok(few_of_truth(&pairs, above.len() as u64, expected, from));
        };
        let over_truth = location_within(&above, -d, if gaps { d } else { f64::INFINITY });
        let under_client = if gaps { Answer::Pass } else { location_within(&below, -d, f64::INFINITY) };
        let answer = say::worse(over_truth, under_client);
        // The side that decides: the one with the worse answer, else the nearer one.
        let by_truth = gaps || over_truth == answer && (under_client != answer || above.value < below.value);
        let (name, against, bias) =
            if by_truth { ("bias to truth", "what was emitted", above) } else { ("bias to client", "what the client saw", say::turned(&below)) };
        let distance = if gaps { -above.value.abs() } else { above.value.min(below.value).min(0.0) };
        let mut because = vec![format!("against what was emitted {:+}, against what the client saw {:+}", Ms(above.value), Ms(-below.value))];
        if truth.retried() > 0 {
            because.push(format!("{} requests reached the reference endpoint more than once: something between retries them", truth.retried()));
        }
        because.extend(say::grid(pairs.resolution).filter(|_| answer != Answer::Pass));
        Ok(Finding {
            margin: Some((d + distance) / d),
            because,
            settles_at: say::settles(answer),
            from,
            ..say::finding(
                say::status(answer),
                say::location(name, &bias, answer),
                format!("{subject} is off by {} against {against}, over {} requests", say::with_bounds(&bias, answer), bias.n),
                expected,
            )
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        match rig.claim(subject) {
            // Far below what was really emitted.
            Some(claim) if claim.per_request() => spoil::values(audit, rig, claim, copy, |ms, _| 0.2 * ms),
            // A load generator that sees everything much later.
            Some(_) => spoil::client(audit, rig, copy),
            None => {}
        }
    }
}

impl KnownTruth {
    fn of_client(&self, view: &Latencies<'_>, claim: &Claim, definition: &Name) -> Judgement {
        // Past the target, where there is such a load; else the target is the reference endpoint and its hop is known.
        let (sent, truth, hop, mut from) = if let Some(direct) = view.direct() {
            let (sent, truth) = direct?;
            (sent, truth, 0.0, vec![])
        } else {
            let (hop, key) = view.round_trip()?;
            // The hop lengthens whole requests, not the gaps inside them.
            let hop = if claim.quantity == Quantity::InterChunk { 0.0 } else { hop };
            (view.sent()?, view.known_truth()?, hop, vec![key])
        };
        from.push(sent.key);
        from.extend(truth.keys.iter().copied());
        let from = say::keys(from);
        let definition = definitions::named(definition.as_str()).unwrap_or_else(|| definitions::default_of(claim.quantity));
        let timed = sent.measured().filter(|(_, r)| r.by(definition).is_some()).count();
        let known = |(_, r): (usize, &Request)| Some((r.by(definition)?, truth.of(&r.id)?.figures.get(claim.quantity)?, r.held_up_ms));
        let rows: Vec<(f64, f64, f64)> = sent.measured().filter_map(known).collect();
        let (client, gaps): (Vec<f64>, Vec<f64>) = rows.iter().map(|(client, emitted, _)| (*client, client - emitted - hop)).unzip();
        let level = crate::stats::median(&client).unwrap_or(0.0);
        let d = self.margin.at(claim.quantity, level, 0.0);
        let expected = format!("the load generator sees what was emitted, within ±{}", self.margin.words(claim.quantity, level, 0.0));
        if !nearly_all(gaps.len(), timed) {
            let why = format!("the emission log knows {} of the {timed} requests that the load generator timed", gaps.len());
            return Ok(say::cannot_tell(why, expected, gaps.len() as u64, from));
        }
        let Some(bias) = location(&gaps) else {
            return Ok(say::few("the emission log", gaps.len() as u64, expected, from));
        };
        let answer = location_within(&bias, -d, d);
        let left: Vec<f64> = gaps.iter().zip(&rows).map(|(gap, row)| unexplained(*gap, row.2, claim.quantity)).collect();
        let held_up = answer == Answer::Fail && location(&left).is_some_and(|l| location_within(&l, -d, d) != Answer::Fail);
        let mut because: Vec<String> = held_up.then(|| excuse(rows.iter().map(|row| row.2))).into_iter().collect();
        because.push(format!("{} is timed from {}", definition.name, definition.from_to));
        because.extend(say::spread("client minus emitted", &gaps).filter(|_| answer != Answer::Pass));
        Ok(Finding {
            margin: Some((d - bias.value.abs()) / d),
            because,
            settles_at: say::settles(answer),
            remedy: held_up.then(|| ELSEWHERE.into()),
            from,
            ..say::finding(
                if held_up { Status::Inconclusive } else { say::status(answer) },
                say::location("bias", &bias, answer),
                format!(
                    "the load generator's {} is off by {} against what was emitted, over {} requests{}",
                    claim.quantity.title(),
                    say::with_bounds(&bias, answer),
                    bias.n,
                    if view.direct().is_some() { " sent straight to the reference endpoint" } else { "" }
                ),
                expected,
            )
        })
    }
}

fn few_of_truth(pairs: &Pairs<'_>, with_truth: u64, expected: String, from: Vec<Key>) -> Finding {
    let timed = pairs.rows.len() as u64;
    if timed < say::FEWEST_PAIRS {
        return say::few(pairs.claim.subject().as_str(), timed, expected, from);
    }
    let why = format!("the emission log knows {with_truth} of the {timed} requests that {} timed", pairs.claim.subject());
    say::cannot_tell(why, expected, with_truth, from)
}
