//! Event-level model of client, gateway with two workers, and reference endpoint. Stalls of a process hit every request
//! that it serves at that time. Times in ms.

use super::random::Pcg;

/// How noisy the machine is.
#[derive(Clone, Copy)]
pub struct Regime {
    /// Stalls per second of a worker, of the client, of the endpoint: (rate, median ms, sigma, cap).
    worker: (f64, f64, f64, f64),
    client: (f64, f64, f64, f64),
    endpoint: (f64, f64, f64, f64),
    /// Scale of hops.
    hop: f64,
    /// Factor during busy phases.
    busy: f64,
    /// Share of requests whose server stamp is late.
    late: f64,
}

/// Matched to a real rig: 1.1 % of client-log differences exceed 5 ms.
pub const CALM: Regime =
    Regime { worker: (0.5, 22.0, 0.5, 80.0), client: (0.02, 20.0, 0.6, 100.0), endpoint: (0.02, 20.0, 0.6, 100.0), hop: 1.0, busy: 1.5, late: 0.004 };
/// The same with neighbours on the machine.
pub const NOISY: Regime =
    Regime { worker: (1.0, 25.0, 0.6, 150.0), client: (0.2, 30.0, 0.6, 100.0), endpoint: (0.2, 30.0, 0.6, 100.0), hop: 1.5, busy: 2.0, late: 0.008 };

/// What each party saw of one request, ms from its own start.
#[derive(Clone, Debug)]
pub struct Request {
    pub id: String,
    pub trace_id: String,
    pub warmup: bool,
    pub sent: f64,
    /// When the server began, ms from `sent`.
    pub arrived: f64,
    pub planted: (f64, u32, f64),
    pub truth: Seen,
    pub client: Seen,
    pub log: Seen,
    pub span: Seen,
    pub metric: Seen,
    pub stalled: bool,
    pub held_up: f64,
    pub tokens: u64,
}

/// Content chunks and the end.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub chunks: Vec<f64>,
    pub total: f64,
}

impl Seen {
    pub fn ttft(&self) -> f64 {
        self.chunks[0]
    }
    pub fn gap(&self) -> f64 {
        (self.chunks[self.chunks.len() - 1] - self.chunks[0]) / (self.chunks.len() - 1) as f64
    }
    pub fn map(&mut self, change: impl Fn(f64) -> f64) {
        self.chunks.iter_mut().for_each(|c| *c = change(*c));
        self.total = change(self.total);
    }
    /// Moves the first chunk only.
    pub fn set_ttft(&mut self, ms: f64) {
        let by = ms - self.chunks[0];
        self.chunks.iter_mut().for_each(|c| *c += by);
    }
}

type Stalls = Vec<(f64, f64)>;

fn stalls(rng: &mut Pcg, length: f64, (rate, median, sigma, cap): (f64, f64, f64, f64)) -> Stalls {
    let mut all: Stalls = (0..rng.poisson(rate * length / 1e3))
        .map(|_| {
            let start = rng.between(0.0, length);
            (start, start + rng.lognormal(median, sigma).min(cap).max(2.0))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut last = 0.0_f64;
    for stall in &mut all {
        last = last.max(stall.1);
        stall.1 = last;
    }
    all
}

/// When a process gets to work that arrives at `t`.
fn after(rng: &mut Pcg, stalls: &Stalls, t: f64) -> f64 {
    let at = stalls.partition_point(|s| s.0 <= t);
    match at.checked_sub(1).map(|i| stalls[i]) {
        Some((_, end)) if t < end => end + 0.3 * rng.unit(),
        _ => t,
    }
}

/// The shuffled grid of delays: (time to first token, chunks, gap).
fn design(rng: &mut Pcg, n: usize) -> Vec<(f64, u32, f64)> {
    const TTFT: [f64; 6] = [40.0, 70.0, 120.0, 200.0, 330.0, 500.0];
    const CHUNKS: [u32; 4] = [4, 8, 16, 32];
    const GAP: [f64; 3] = [10.0, 20.0, 30.0];
    let mut grid: Vec<_> = (0..n).map(|i| (TTFT[i % 6] * rng.between(-0.2, 0.2).exp(), CHUNKS[(i / 6) % 4], GAP[(i / 24) % 3])).collect();
    rng.shuffle(&mut grid);
    grid
}

/// Through the gateway.
pub fn run(seed: u64, n: usize, warmup: usize, regime: Regime) -> Vec<Request> {
    simulate(seed, n, warmup, regime, "g", true)
}

/// Straight to the reference endpoint.
pub fn direct(seed: u64, n: usize, regime: Regime) -> Vec<Request> {
    simulate(seed ^ 0xd1ec, n, 0, regime, "d", false)
}

fn simulate(seed: u64, measured: usize, warmup: usize, regime: Regime, prefix: &str, gateway: bool) -> Vec<Request> {
    const PER_SECOND: f64 = 15.0;
    let rng = &mut Pcg::new(seed);
    let all = measured + warmup;
    let length = 200.0 + 1e3 * all as f64 / PER_SECOND + 4e3;
    let client_stalls = stalls(rng, length, regime.client);
    let endpoint = stalls(rng, length, regime.endpoint);
    let workers = [stalls(rng, length, regime.worker), stalls(rng, length, regime.worker)];
    let busy: Vec<bool> = (0..=(length / 1e3) as usize + 60).map(|_| rng.chance(0.3)).collect();
    let grid = design(rng, all);
    (0..all)
        .map(|i| {
            let (ttft, chunks, gap) = grid[i];
            let hop = |t: f64| regime.hop * if busy[(t / 1e3) as usize] { regime.busy } else { 1.0 };
            let worker = &workers[usize::from(!rng.chance(0.65))];
            let due = 200.0 + 1e3 * i as f64 / PER_SECOND + 0.5 * rng.unit();
            let sent = after(rng, &client_stalls, due);
            let up_hop = hop(sent);
            let arrived = if gateway {
                let wire = up_hop * (0.2 + rng.lognormal(0.12, 0.6));
                after(rng, worker, sent + wire)
            } else {
                sent
            };
            let up = if gateway { up_hop * (1.2 + rng.lognormal(0.8, 0.7)) } else { 0.2 * up_hop };
            let left = if gateway { after(rng, worker, arrived + up) } else { arrived + up };
            let received = after(rng, &endpoint, left + 0.1);
            let (mut emitted, mut passed, mut seen): (Vec<f64>, Vec<f64>, Vec<f64>) = (vec![], vec![], vec![]);
            for j in 0..=chunks {
                // The last round is the end of the body.
                let due = received + ttft + gap * f64::from(j.min(chunks - 1)) + 1.05 * rng.unit();
                let e = after(rng, &endpoint, due).max(emitted.last().copied().unwrap_or(0.0));
                let h = hop(e);
                let through = h * (0.4 + rng.lognormal(0.4, 0.6));
                let g = if gateway { after(rng, worker, e + through) } else { e }.max(passed.last().copied().unwrap_or(0.0));
                let wire = h * (0.08 + rng.lognormal(0.1, 0.5));
                let c = after(rng, &client_stalls, g + wire).max(seen.last().copied().unwrap_or(0.0));
                emitted.push(e);
                passed.push(g);
                seen.push(c);
            }
            let late = if rng.chance(regime.late) { rng.lognormal(8.0, 0.8) } else { 0.0 };
            let tail = hop(sent) * (0.25 + rng.lognormal(0.12, 0.7)) + late;
            let end = passed[chunks as usize];
            let since = |times: &[f64], start: f64, end: f64| Seen {
                chunks: times[..chunks as usize].iter().map(|t| t - start).collect(),
                total: end - start,
            };
            let logged = after(rng, worker, end + tail);
            let spanned = after(rng, worker, end + 0.5 * tail);
            let log = since(&passed, arrived, logged);
            let mut metric = log.clone();
            metric.total += 0.02;
            Request {
                id: format!("{prefix}{i:05}"),
                trace_id: format!("{:032x}", (u128::from(seed) << 64) + i as u128 * 7919 + u128::from(gateway)),
                warmup: i < warmup,
                sent,
                arrived: arrived - sent,
                planted: grid[i],
                truth: since(&emitted, received, emitted[chunks as usize]),
                client: since(&seen, sent, seen[chunks as usize]),
                span: since(&passed, arrived + 0.1, spanned),
                log,
                metric,
                stalled: false,
                held_up: 0.0,
                tokens: u64::from(chunks),
            }
        })
        .collect()
}
