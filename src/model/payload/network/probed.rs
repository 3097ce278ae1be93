use super::{Bandwidth, Certificate, Connect, Hops, LargeBody, Measured, Ping, Prober, Proves, Resolution, Seeing, Target};
use crate::model::{evidence::Gap, rows::Attach, units::Wall};
use serde::{Deserialize, Serialize};

/// The network baseline of one endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// When it began.
    pub started: Wall,
    /// Directly or through a proxy: what the kernel measures then is the way to the proxy.
    pub via: Via,
    /// How the name became addresses.
    pub resolution: Measured<Resolution>,
    /// The addresses that were connected to, four at most.
    pub targets: Vec<Target>,
    /// Addresses that the name has beside these.
    pub left_out: usize,
    /// How many connects were asked for, of all targets together.
    pub asked: u64,
    /// ... in so many rounds.
    pub rounds: u32,
    /// One row per connect, in order of time.
    pub connects: Vec<Connect>,
    /// Certificates that were shown, each once.
    pub certificates: Vec<Certificate>,
    /// Echoes of ICMP.
    pub ping: Measured<Ping>,
    /// Routers on the way.
    pub hops: Measured<Hops>,
    /// What becomes of large packets.
    pub large_body: Measured<LargeBody>,
    /// The rate of a download.
    pub bandwidth: Measured<Bandwidth>,
    /// What this machine did meanwhile.
    pub prober: Prober,
    /// Why the connects ended before all were made, if they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// Targets that were given up after so many failures in a row, by their places in the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<usize>,
}

/// How an endpoint is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// By itself.
    Direct,
    /// Through a tunnel (`CONNECT`) of a proxy.
    Proxy {
        /// Its URL, without credentials.
        url: String,
    },
}

/// Why connects ended early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The endpoint asked to be left alone: 429, or 503 with `Retry-After`.
    Asked {
        /// The status.
        status: u16,
        /// After how many seconds it may be asked again, if it said so.
        retry_after_s: Option<u64>,
    },
    /// Each target failed several times in a row.
    Failures,
    /// The deadline.
    Deadline,
    /// The run was interrupted.
    Interrupted,
}

impl Probed {
    /// What a part proves here.
    pub fn proves(&self, part: Seeing) -> Proves {
        Proves::by(part, &self.via)
    }
    /// The rows of one target.
    pub fn of(&self, target: usize) -> impl Iterator<Item = &Connect> {
        self.connects.iter().filter(move |c| c.target == target)
    }
    /// The parts that could not be measured, with why.
    pub fn gaps(&self) -> Vec<(Seeing, &Gap)> {
        let all = [
            (Seeing::Resolution, self.resolution.gap()),
            (Seeing::Ping, self.ping.gap()),
            (Seeing::Hops, self.hops.gap()),
            (Seeing::LargeBody, self.large_body.gap()),
            (Seeing::Bandwidth, self.bandwidth.gap()),
        ];
        all.into_iter().filter_map(|(part, gap)| Some((part, gap?))).collect()
    }
}

impl Attach for Box<Probed> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_a_proxy_the_kernels_round_trip_is_the_proxys() {
        let proxy = Via::Proxy { url: "http://proxy:3128".into() };
        for (part, direct, proxied) in [
            (Seeing::Connects, Proves::FirstTerminator, Proves::Proxy),
            (Seeing::LargeBody, Proves::WholePath, Proves::Proxy),
            (Seeing::Tls, Proves::TlsTerminator, Proves::TlsTerminator),
            (Seeing::Http, Proves::EdgeFrontend, Proves::EdgeFrontend),
        ] {
            assert_eq!((Proves::by(part, &Via::Direct), Proves::by(part, &proxy)), (direct, proxied));
            assert!(!direct.sentence().is_empty());
        }
    }
}
