use super::{Ways, way::Way};
use crate::{
    model::{
        name::Name,
        payload::network::{PingSocket, Seeing},
        units::{Ms, Share},
    },
    stats::{median, order::quantile_interval95, quantile_sorted, wilson::Z95, wilson::wilson},
};

/// One sentence per endpoint, and what was not measured.
pub fn notes(view: &Ways<'_>) -> Vec<String> {
    let mut notes = vec![];
    for (name, way) in view.seen() {
        notes.push(sentence(view, name, way));
        notes.extend(ping(name, way));
        notes.extend(bandwidth(name, way));
        for (part, gap) in way.probed().gaps() {
            notes.push(format!("{name}: {} not measured ({gap})", word(part)));
        }
        if way.probed().left_out > 0 {
            notes.push(format!("{name}: the name has {} addresses more than were connected to", way.probed().left_out));
        }
    }
    notes
}

/// `bedrock: round trip 11.8 ms (p10), 12.1 ms (p50), 14.0 ms (p95) of 398 handshakes; …`.
fn sentence(view: &Ways<'_>, name: &Name, way: &Way<'_>) -> String {
    let least = view.audit.least;
    let mut figures = vec![];
    for (word, q, least) in [("p10", 0.1, least.p50.0), ("p50", 0.5, least.p50.0), ("p95", 0.95, least.p95.0)] {
        figures.push(match way.rtt(q).filter(|_| way.n() >= least) {
            Some(ms) => {
                let bounds = quantile_interval95(&way.sorted, q).map_or_else(String::new, |(lo, hi)| format!(" ({} … {})", Ms(lo), Ms(hi)));
                format!("{word} {}{bounds}", Ms(ms))
            }
            None => format!("{word} takes {least} clean handshakes"),
        });
    }
    let loss = if way.tried == 0 {
        "loss is not known".to_owned()
    } else {
        let (lo, hi) = wilson(way.lost, way.tried, Z95);
        format!("{} of {} handshakes lost ({} … {})", way.lost, way.tried, Share(lo), Share(hi))
    };
    let jitter = quantile_sorted(&way.ipdv, 0.95).map_or_else(String::new, |p95| format!("; neighbours at most {} apart in 95 %", Ms(p95)));
    let proves = way.probed().proves(Seeing::Connects).sentence();
    format!("{name}: round trip {} of {} handshakes; {loss}{jitter}. It proves {proves}", figures.join(", "), way.n())
}

fn ping(name: &Name, way: &Way<'_>) -> Option<String> {
    let ping = way.probed().ping.known()?;
    let times: Vec<f64> = ping.counted().map(|reply| f64::midpoint(reply.at_least_us as f64, reply.at_most_us as f64) / 1e3).collect();
    let socket = if ping.socket == PingSocket::Raw { "a raw socket" } else { "a ping socket" };
    let (answered, all) = (ping.answered(), ping.echoes.len());
    let told = median(&times).map_or_else(|| "none counts".to_owned(), |ms| format!("half within {}", Ms(ms)));
    Some(format!("{name}: {answered} of {all} echoes answered, {told} (ICMP, by {socket}; many hosts drop them, so silence proves nothing)"))
}

fn bandwidth(name: &Name, way: &Way<'_>) -> Option<String> {
    let rate = way.probed().bandwidth.known()?.bits_per_s()?;
    Some(format!("{name}: {:.1} Mbit/s of a download, after its first fifth", rate / 1e6))
}

fn word(part: Seeing) -> &'static str {
    match part {
        Seeing::Resolution => "names were",
        Seeing::Connects => "connects were",
        Seeing::Tls => "TLS was",
        Seeing::Http => "HTTP was",
        Seeing::Ping => "echoes were",
        Seeing::Hops => "routers were",
        Seeing::LargeBody => "large packets were",
        Seeing::Bandwidth => "the bandwidth was",
    }
}
