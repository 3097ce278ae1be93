//! Pings from the client of a world.

use crate::support::netns::{Namespace, World};
use std::{net::IpAddr, thread};

/// So many pings run side by side where many packets are asked for: one alone sends no more often than its kernel's timer ticks.
pub const SIDE_BY_SIDE: u32 = 10;

/// Sends so many echo requests, one each `interval` seconds, and returns the round trips that `ping` shows, ms. It waits for the last replies
/// no longer than two round trips: what was answered in truth, the log says.
pub fn ping(from: &Namespace, to: IpAddr, count: u32, interval: f64) -> Vec<f64> {
    let args = ["-n", "-W", "1", "-c", &count.to_string(), "-i", &interval.to_string(), &to.to_string()];
    let out = from.run("ping", &args).expect("ping starts");
    let text = String::from_utf8_lossy(&out.stdout);
    text.lines().filter_map(|line| line.split_once("time=")?.1.split_whitespace().next()?.parse().ok()).collect()
}

/// Is the address reached?
pub fn answers(world: &World, to: IpAddr) -> bool {
    !ping(world.client(), to, 3, 0.01).is_empty()
}

/// So many echo requests to the server, a multiple of ten, as fast as ten pings send them; how many replies these saw.
pub fn burst(world: &World, count: u32) -> u32 {
    let to = world.server_v4();
    thread::scope(|scope| {
        let pings: Vec<_> = (0..SIDE_BY_SIDE).map(|_| scope.spawn(|| ping(world.client(), to, count / SIDE_BY_SIDE, 0.002).len())).collect();
        pings.into_iter().map(|pings| pings.join().expect("it pings") as u32).sum()
    })
}

/// The least, which a busy machine does not change: it only adds. Infinite of nothing.
pub fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}
