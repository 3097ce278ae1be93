//! How far from the truth each way of measuring a round trip is, all in one run.

use super::{baseline, connection, endpoint, plain, probed, quantile, settings, world};
use crate::{stack::too_busy, support::netns::Plan};

/// Of values of the client less what the relay's log says of the same packets, µs: at p50, at p95 and the least.
fn errors(of: &str, errors: &[f64]) -> [f64; 3] {
    let all = [quantile(errors, 0.5), quantile(errors, 0.95), quantile(errors, 0.0)];
    eprintln!("{of}: {} samples, {:.0} µs off at p50, {:.0} µs at p95, {:.0} µs at the least", errors.len(), all[0], all[1], all[2]);
    all
}

#[test]
fn the_kernel_is_nearer_to_the_truth_than_a_stopwatch() {
    let Some(world) = world("the_kernel_is_nearer_to_the_truth_than_a_stopwatch", Plan::delay_ms(20.0)) else { return };
    world.client().sysctl(&[("net/ipv4/ping_group_range", "0 2147483647")]).expect("a permission to ping");
    let _server = plain(&world);
    let seen = baseline(&world, settings(), endpoint(&world.server_v4().to_string()), 100, 4);
    let told = probed(&seen);
    assert!(seen.partial.is_none() && told.connects.len() == 100, "{:?}", seen.partial);
    let log = world.relay().settled_log(1.0);
    let (mut kernel, mut stopwatch, mut truths) = (vec![], vec![], vec![]);
    for row in &told.connects {
        let truth = connection(&log, row).handshake_relay_ns().expect("a handshake") as f64 / 1e3;
        truths.push(truth);
        kernel.push(f64::from(row.tcp.expect("a state").rtt_us.expect("a round trip")) - truth);
        stopwatch.push(row.connect_us.expect("it stood") as f64 - truth);
    }
    let echoes: Vec<f64> = log.echoes().iter().filter_map(|e| Some(e.round_trip_ns? as f64 / 1e3)).collect();
    let ping = told.ping.known().unwrap_or_else(|| panic!("{:?}", told.ping));
    let replies: Vec<_> = ping.echoes.iter().zip(&echoes).skip(1).filter_map(|(e, truth)| Some((e.reply?, truth))).collect();
    eprintln!("planted 40000 µs; by the log {:.0} µs at p50, {:.0} µs at p95", quantile(&truths, 0.5), quantile(&truths, 0.95));
    let [kernel_p50, kernel_p95, kernel_least] = errors("kernel (tcpi_rtt)", &kernel);
    let [stopwatch_p50, ..] = errors("stopwatch around connect", &stopwatch);
    let [at_most, ..] = errors("ping, at most by the kernel's stamp", &replies.iter().map(|(r, t)| r.at_most_us as f64 - **t).collect::<Vec<_>>());
    errors("ping, at least by the kernel's stamp", &replies.iter().map(|(r, t)| r.at_least_us as f64 - **t).collect::<Vec<_>>());
    errors("ping, by reading", &replies.iter().map(|(r, t)| r.read_us as f64 - **t).collect::<Vec<_>>());
    others(&world);

    assert!(kernel_least >= -1.0, "no round trip is shorter than the relay's part of it: {kernel_least} µs");
    assert!(kernel_p50 <= stopwatch_p50 && at_most > -1.0, "kernel {kernel_p50} µs, stopwatch {stopwatch_p50} µs, ping {at_most} µs");
    // Whoever is late where it only waits is as late elsewhere.
    let late = crate::support::netns::quantile(&log.overheads_ns(), 0.95).expect("packets") as f64 / 1e6;
    if late > 1.0 {
        return too_busy("the_kernel_is_nearer_to_the_truth_than_a_stopwatch", &format!("the relay passed packets on up to {late:.1} ms late"));
    }
    assert!(kernel_p50 < 1_000.0 && kernel_p95 < 5_000.0, "{kernel_p50} µs, {kernel_p95} µs");
    let rtt: Vec<f64> = told.connects.iter().filter_map(rigcheck::model::payload::network::Connect::clean_rtt_ms).collect();
    assert!((40.0..42.0).contains(&quantile(&rtt, 0.5)), "{} ms", quantile(&rtt, 0.5));
    // The first byte of HTTP is one more round trip.
    let http: Vec<f64> = told.connects.iter().filter_map(|c| Some(c.http?.first_byte_us as f64 / 1e3)).collect();
    assert!((40.0..45.0).contains(&quantile(&http, 0.5)), "{} ms", quantile(&http, 0.5));
}

/// What other programs say of the same way, if they are installed.
fn others(world: &crate::support::netns::World) {
    let at = world.server_v4().to_string();
    let Ok(out) = world.client().run("ping", &["-n", "-c", "100", "-i", "0.02", &at]) else { return };
    let log = world.relay().settled_log(1.0);
    let truth: Vec<f64> = log.echoes().iter().rev().take(100).filter_map(|e| Some(e.round_trip_ns? as f64 / 1e3)).collect();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let seen: Vec<f64> = text.lines().filter_map(|l| l.split_once("time=")?.1.split(' ').next()?.parse::<f64>().ok()).map(|ms| ms * 1e3).collect();
    if !seen.is_empty() {
        errors("ping of iputils", &seen.iter().zip(truth.iter().rev()).map(|(s, t)| s - t).collect::<Vec<_>>());
    }
    for program in ["mtr", "traceroute"] {
        let args: &[&str] =
            if program == "mtr" { &["-n", "-T", "-P", "80", "-c", "20", "-i", "0.1", "-r"] } else { &["-n", "-T", "-p", "80", "-q", "10"] };
        match world.client().run(program, &[args, &[&at]].concat()) {
            Ok(out) if out.status.success() => {
                let last = String::from_utf8_lossy(&out.stdout).lines().last().unwrap_or_default().to_owned();
                eprintln!("{program}, by TCP: {}", last.trim());
            }
            _ => eprintln!("{program}: not there, or it may not"),
        }
    }
}
