//! Pings from the client of a world.

use crate::support::netns::{Namespace, World};
use std::net::IpAddr;

/// Sends so many echo requests, one each `interval` seconds, and returns the round trips that `ping` shows, ms.
pub fn ping(from: &Namespace, to: IpAddr, count: u32, interval: f64) -> Vec<f64> {
    let args = ["-n", "-W", "1", "-c", &count.to_string(), "-i", &interval.to_string(), &to.to_string()];
    let out = from.run("ping", &args).expect("ping starts");
    let text = String::from_utf8_lossy(&out.stdout);
    text.lines().filter_map(|line| line.split_once("time=")?.1.split_whitespace().next()?.parse().ok()).collect()
}

/// The same to the server, and how long each took by the relay's log, ms.
pub fn ping_server(world: &World, count: u32, interval: f64) -> (Vec<f64>, Vec<f64>) {
    let seen = ping(world.client(), world.server_v4(), count, interval);
    let truth = world.relay().settled_log(1.0).echoes();
    (seen, truth.into_iter().filter_map(|echo| Some(echo.round_trip_ns? as f64 / 1e6)).collect())
}

/// The median; 0 of nothing.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
