//! What was seen of the way to one endpoint, joined.

use super::Noisy;
use crate::{
    model::{
        evidence::Got,
        payload::network::{Certificate, Connect, Ended, Probed, Seeing, Session, Stage, SystemLookup, SystemOutcome, Via},
    },
    stats::{median, quantile, quantile_sorted},
};

/// One endpoint in one world. Times are ms.
#[derive(Debug)]
pub struct Way<'e> {
    /// The answer, with its question; it may not be whole.
    pub got: Got<'e, Box<Probed>>,
    /// The kernel's round trips of handshakes in which nothing was sent again, by round; rounds without one are left out.
    pub rounds: Vec<Vec<f64>>,
    /// All of them, ascending.
    pub sorted: Vec<f64>,
    /// Differences of neighbouring round trips to one address in one round, without sign (IPDV, RFC 3393), ascending.
    pub ipdv: Vec<f64>,
    /// RFC 3550's smoothed jitter at the end, for who compares with tools that show it.
    pub rfc3550: Option<f64>,
    /// Handshakes in which something was sent again, or that nobody answered at an address that others reached.
    pub lost: u64,
    /// Handshakes of which that is known.
    pub tried: u64,
    /// Addresses, by their place in the list, at which no connection ever stood, though it was tried.
    pub dead: Vec<usize>,
}

impl<'e> Way<'e> {
    /// Joins an answer.
    pub fn of(got: Got<'e, Box<Probed>>) -> Way<'e> {
        let probed: &'e Probed = got.value;
        let stood = |target: usize| probed.of(target).any(|c| c.ended.stood());
        let dead: Vec<usize> = (0..probed.targets.len()).filter(|t| probed.of(*t).any(|c| !c.ended.cut()) && !stood(*t)).collect();
        let lost_of = |c: &Connect| match c.lost() {
            Some(lost) => Some(lost),
            None => (c.ended == Ended::TimedOut(Stage::Tcp) && !dead.contains(&c.target)).then_some(true),
        };
        let told: Vec<bool> = probed.connects.iter().filter_map(lost_of).collect();
        let mut rounds: Vec<(u32, Vec<f64>)> = vec![];
        let (mut ipdv, mut rfc3550): (Vec<f64>, Option<f64>) = (vec![], None);
        let mut before: Vec<(usize, u32, f64)> = vec![];
        for connect in &probed.connects {
            let Some(rtt) = connect.clean_rtt_ms().filter(|rtt| rtt.is_finite()) else { continue };
            match rounds.iter_mut().find(|(round, _)| *round == connect.round) {
                Some((_, all)) => all.push(rtt),
                None => rounds.push((connect.round, vec![rtt])),
            }
            match before.iter_mut().find(|(target, ..)| *target == connect.target) {
                Some((_, round, last)) if *round == connect.round => {
                    let apart = (rtt - *last).abs();
                    ipdv.push(apart);
                    let jitter = rfc3550.unwrap_or(0.0);
                    rfc3550 = Some(jitter + (apart - jitter) / 16.0);
                    *last = rtt;
                }
                Some(slot) => (slot.1, slot.2) = (connect.round, rtt),
                None => before.push((connect.target, connect.round, rtt)),
            }
        }
        let rounds: Vec<Vec<f64>> = rounds.into_iter().map(|(_, all)| all).collect();
        let mut sorted = rounds.concat();
        sorted.sort_by(f64::total_cmp);
        ipdv.sort_by(f64::total_cmp);
        Way { got, rounds, sorted, ipdv, rfc3550, lost: told.iter().filter(|lost| **lost).count() as u64, tried: told.len() as u64, dead }
    }

    /// What was seen.
    pub fn probed(&self) -> &'e Probed {
        self.got.value
    }
    /// Clean handshakes.
    pub fn n(&self) -> u64 {
        self.sorted.len() as u64
    }
    /// A percentile of the round trips, ms.
    pub fn rtt(&self, q: f64) -> Option<f64> {
        quantile_sorted(&self.sorted, q)
    }
    /// The addresses of a family at which connections stand, and those at which none does.
    pub fn family(&self, v6: bool) -> (usize, Vec<usize>) {
        let tried = |t: &usize| self.probed().of(*t).any(|c| !c.ended.cut());
        let all: Vec<usize> = self.probed().targets.iter().enumerate().filter(|(_, t)| t.is_v6() == v6).map(|(n, _)| n).filter(tried).collect();
        let dead: Vec<usize> = all.iter().copied().filter(|t| self.dead.contains(t)).collect();
        (all.len() - dead.len(), dead)
    }
    /// Addresses of a family that is dead while the other one lives: a matter of its own.
    pub fn dead_family(&self) -> Vec<usize> {
        let ((v4, dead4), (v6, dead6)) = (self.family(false), self.family(true));
        match (v4, v6) {
            (1.., 0) => dead6,
            (0, 1..) => dead4,
            _ => vec![],
        }
    }
    /// Full TLS handshakes, ms.
    pub fn handshakes(&self) -> Vec<f64> {
        self.probed().connects.iter().filter_map(|c| c.tls.as_ref()).filter(|tls| !tls.resumed).map(|tls| tls.took_us as f64 / 1e3).collect()
    }
    /// Of the sessions that were offered: how many were resumed, and how many there were; and did the server give any?
    pub fn resumed(&self) -> (usize, usize, bool) {
        let tls = || self.probed().connects.iter().filter_map(|c| c.tls.as_ref());
        let offered = tls().filter(|tls| tls.session == Session::Offered { had: true });
        let (mut resumed, mut all) = (0, 0);
        offered.for_each(|tls| (resumed, all) = (resumed + usize::from(tls.resumed), all + 1));
        (resumed, all, tls().any(|tls| matches!(tls.session, Session::Offered { .. })))
    }
    /// Times to the first byte, ms.
    pub fn first_bytes(&self) -> Vec<f64> {
        self.probed().connects.iter().filter_map(|c| c.http.as_ref()).map(|http| http.first_byte_us as f64 / 1e3).collect()
    }
    /// Times of tunnels, ms.
    pub fn tunnels(&self) -> Vec<f64> {
        self.probed().connects.iter().filter_map(|c| c.tunnel_us).map(|us| us as f64 / 1e3).collect()
    }
    /// Lookups that gave addresses, ms: the first one, and the others.
    pub fn lookups(&self) -> (Option<f64>, Vec<f64>) {
        let found = |lookup: &&SystemLookup| matches!(lookup.outcome, SystemOutcome::Found(_));
        let all = || self.probed().resolution.known().into_iter().flat_map(|r| &r.system).filter(found);
        let ms = |lookup: &SystemLookup| lookup.took_us as f64 / 1e3;
        (all().find(|l| l.first).map(ms), all().filter(|l| !l.first).map(ms).collect())
    }
    /// The certificates that were shown.
    pub fn certificates(&self) -> &'e [Certificate] {
        &self.probed().certificates
    }
    /// The proxy's URL, if there is one.
    pub fn proxy(&self) -> Option<&'e str> {
        match &self.probed().via {
            Via::Direct => None,
            Via::Proxy { url } => Some(url),
        }
    }
    /// The connects that times can be of: nobody's patience ended them.
    pub fn ended(&self) -> impl Iterator<Item = &'e Connect> {
        self.probed().connects.iter().filter(|c| !matches!(c.ended, Ended::TimedOut(_) | Ended::Cut(_)))
    }
    /// For how long threads of ours waited for a CPU in 95 % of those connects, ms; `None`: the kernel does not tell.
    pub fn waited(&self) -> Option<f64> {
        let all: Option<Vec<f64>> = self.ended().map(|c| c.waited_us.map(|us| us as f64 / 1e3)).collect();
        all.and_then(|all| quantile(&all, 0.95))
    }
    /// The share of the connects' time in which somebody waited for a CPU: the worst round's.
    pub fn pressure(&self) -> Option<f64> {
        let rounds = self.probed().prober.at.iter().filter(|at| at.during == Seeing::Connects);
        rounds.map(crate::model::payload::network::ProberAt::pressure).collect::<Option<Vec<_>>>()?.into_iter().reduce(f64::max)
    }
    /// Why the stopwatch of this machine is not to be believed, if it is not.
    pub fn noisy(&self, limits: &Noisy) -> Option<String> {
        let waited = self.waited().filter(|waited| *waited > limits.waited.0);
        let pressure = self.pressure().filter(|share| *share > limits.pressure.0);
        match (waited, pressure) {
            (Some(waited), _) => Some(format!("threads of ours waited up to {} for a CPU in 95 % of the connects", crate::model::units::Ms(waited))),
            (_, Some(share)) => Some(format!("somebody waited for a CPU in {} of the time", crate::model::units::Share(share))),
            _ => None,
        }
    }
    /// What a new connection costs before the answer, and what one that stands already costs: (cold, warm, in words), ms.
    pub fn round_trips(&self) -> Option<(f64, f64, Vec<(&'static str, f64)>)> {
        let rtt = self.rtt(0.5)?;
        let lookups = self.lookups();
        let dns = if lookups.1.is_empty() { lookups.0 } else { median(&lookups.1) };
        let parts =
            [("DNS", dns), ("TCP", Some(rtt)), ("tunnel", median(&self.tunnels())), ("TLS", median(&self.handshakes())), ("request", Some(rtt))];
        let parts: Vec<(&'static str, f64)> = parts.into_iter().filter_map(|(what, ms)| Some((what, ms?))).collect();
        Some((parts.iter().map(|(_, ms)| ms).sum(), rtt, parts))
    }
}
