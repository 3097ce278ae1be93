use crate::{
    audits::{
        latency_accuracy::{
            LatencyAccuracy, say, spoil,
            view::{Latencies, Pair},
        },
        shared::held_up,
    },
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::{Margin, Ms, Share},
    },
    stats::{clopper_pearson_hi, clopper_pearson_lo, episodes, median, quantile, share_at_most, theil_sen},
};
use serde::Deserialize;

/// What is left of client minus source once offset and slope are taken out holds no rare, large errors.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RareOutliers {
    /// No request may lie above its line by more than this (the client saw far more).
    above: Margin,
    /// No request may lie below its line by more than this (the source shows far more) ...
    below: Margin,
    /// ... and no two by more than this.
    twice_below: Margin,
    /// Requests beyond this either way are counted.
    beyond: Margin,
    /// Pass: their share is shown to be at most this.
    pass: Share,
    /// Fail: their share is shown to be above this.
    fail: Share,
    /// Exceedances that end within this of one another are one episode: a stall hits all requests in flight.
    merge: Ms,
    /// Share of requests that stalls of the load generator may set aside.
    set_aside: Share,
    /// Pairs of requests nearer than this in duration say nothing of the slope.
    apart: Ms,
}

impl Rule<LatencyAccuracy> for RareOutliers {
    const NAME: &'static str = "rare_outliers";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        super::request_times(rig)
    }

    fn judge(&self, view: &Latencies<'_>, subject: &Name) -> Judgement {
        let pairs = view.pairs(subject)?;
        let truth = view.truth().transpose()?;
        let at = |margin: &Margin| margin.at(Ms(pairs.level)).0;
        let (above, below, twice, beyond) = (at(&self.above), at(&self.below), at(&self.twice_below), at(&self.beyond));
        let expected = format!(
            "no request off by more than {} (or {} the other way), and at most {} by more than {}",
            Ms(below),
            Ms(above),
            self.pass,
            Ms(beyond)
        );
        let from = say::keys(pairs.from.iter().chain(truth.map(|t| t.keys.clone()).unwrap_or_default()));
        let level = |p: &Pair| if truth.is_some() { p.truth } else { Some(p.client) };
        let rows: Vec<(&Pair, f64)> = pairs.rows.iter().filter_map(|p| level(p).map(|x| (p, x))).collect();
        let n = rows.len() as u64;
        if let Some(why) = truth.and_then(|_| pairs.lacks_truth()) {
            return Ok(say::cannot_tell(why, expected, n, from));
        }
        if n < say::FEWEST_PAIRS {
            return Ok(say::few(subject.as_str(), n, expected, from));
        }
        // A line through requests that the load generator's own stalls lengthened would put all others below it.
        let unstalled: Vec<(&Pair, f64)> = rows.into_iter().filter(|(p, _)| !p.stalled).collect();
        let residuals = residuals(&unstalled, self.apart.0);
        let kept: Vec<(&Pair, f64)> = unstalled.iter().zip(&residuals).map(|((p, _), e)| (*p, *e)).collect();
        let ok = kept.len() as u64;
        let aside = n - ok;
        let too_many_aside = aside as f64 > self.set_aside.0 * n as f64;
        let far = |residuals: &[(&Pair, f64)]| -> Far {
            let hits: Vec<f64> = residuals.iter().filter(|(_, e)| e.abs() > beyond).map(|(p, _)| p.end_ms).collect();
            let under = residuals.iter().filter(|(_, e)| *e < -twice).count();
            let gross = |e: &f64| *e > above || *e < -below || (under >= 2 && *e < -twice);
            Far { episodes: episodes(&hits, ok, self.merge.0), hits: hits.len(), gross: residuals.iter().map(|(_, e)| *e).filter(gross).collect() }
        };
        let seen = far(&kept);
        let fails = |far: &Far| !far.gross.is_empty() || clopper_pearson_lo(far.episodes, ok, 0.001) > self.fail.0;
        // What the load generator's own hold-ups explain fails nobody.
        let left: Vec<(&Pair, f64)> = kept.iter().map(|(p, e)| (*p, held_up::unexplained(*e, p.held_up, pairs.claim.quantity))).collect();
        let left = far(&left);
        // Those that are left over by stalls are no sample of the load.
        let failed = fails(&left) && !too_many_aside;
        let excused = fails(&seen) && !fails(&left);
        // Episodes keep a clean rig with a stall from failing. They prove no telemetry right: requests that hold each
        // other up may all be missing the same wait.
        let too_many = left.hits as f64 > self.pass.0 * ok as f64;
        let lost = view.sent()?.lost();
        let Far { episodes: k, hits, gross } = seen;
        let status = if failed {
            Status::Fail
        } else if too_many_aside || excused || too_many || lost.is_some() {
            Status::Inconclusive
        } else if clopper_pearson_hi(k, ok, 0.05) <= self.pass.0 {
            Status::Pass
        } else {
            Status::Inconclusive
        };
        let answer = share_at_most(k, ok, self.pass.0);
        let worst = gross.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
        let share = if ok == 0 { 0.0 } else { k as f64 / ok as f64 };
        let mut because = vec![];
        if let Some(worst) = worst {
            let who =
                if worst < 0.0 { format!("{subject} shows more than the client saw") } else { format!("the client saw more than {subject} shows") };
            because.push(format!("the farthest: {who}, by {}", Ms(worst.abs())));
        }
        if aside > 0 {
            because.push(format!("{aside} of {n} requests are set aside: the load generator itself stalled then"));
        }
        if too_many && !failed {
            because.push(format!(
                "more than {} of the requests are off by so much, in a few bursts: a stall of the rig, or a wait that {subject} does not see",
                self.pass
            ));
        }
        because.extend(lost.clone());
        if excused {
            because.push(held_up::excuse(kept.iter().map(|(p, _)| p.held_up)));
        }
        if status != Status::Pass {
            because.extend(say::grid(pairs.resolution));
            because.extend(say::spread("client minus source, offset and slope taken out", &residuals));
        }
        let (figure, observed) = match worst {
            Some(worst) => (
                // Source minus client, as everywhere: positive where the source shows more.
                Figure::exact("farthest", -worst, ok, "ms"),
                format!("{} of {ok} requests are far off in {subject}, the farthest by {:+}", gross.len(), Ms(-worst)),
            ),
            None => (
                say::share("episodes", k, ok, answer),
                format!("{hits} of {ok} requests are off by more than {} in {subject}, in {k} episodes ({})", Ms(beyond), Share(share)),
            ),
        };
        Ok(Finding {
            margin: Some((self.pass.0 - share) / self.pass.0).filter(|_| worst.is_none()),
            because,
            settles_at: say::settles(answer).filter(|_| status == Status::Inconclusive && !(too_many_aside || excused || too_many || lost.is_some())),
            remedy: (status == Status::Inconclusive && (too_many_aside || excused)).then(|| held_up::ELSEWHERE.into()),
            from,
            ..say::finding(status, figure, observed, expected)
        })
    }

    fn spoil(&self, audit: &LatencyAccuracy, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        let Some(claim) = rig.claim(subject) else { return };
        spoil::values(audit, rig, claim, copy, |ms, i| if i % 20 == 7 { 1.5 * ms + 5_000.0 } else { ms });
    }
}

/// What lies far from the line.
struct Far {
    /// Requests that are counted ...
    hits: usize,
    /// ... and episodes of them.
    episodes: u64,
    /// Residuals, ms, of which one is too many.
    gross: Vec<f64>,
}

/// Client minus source less a robust line in the duration. Where durations differ too little for a slope, or the slope is
/// absurd (rounding can tilt it), only the offset is taken out.
fn residuals(rows: &[(&Pair, f64)], apart: f64) -> Vec<f64> {
    const LEAST_SPREAD: f64 = 2.0;
    const ABSURD: f64 = 0.5;
    let x: Vec<f64> = rows.iter().map(|(_, x)| *x).collect();
    let d: Vec<f64> = rows.iter().map(|(p, _)| p.client - p.source).collect();
    let varied = quantile(&x, 0.05).zip(quantile(&x, 0.95)).is_some_and(|(low, high)| high >= LEAST_SPREAD * low);
    let slope = if varied { theil_sen(&x, &d, apart).map(|s| s.value).filter(|b| b.abs() < ABSURD) } else { None }.unwrap_or(0.0);
    let tilted: Vec<f64> = d.iter().zip(&x).map(|(d, x)| d - slope * x).collect();
    let offset = median(&tilted).unwrap_or(0.0);
    tilted.iter().map(|e| e - offset).collect()
}
