use serde::{Deserialize, Serialize};

/// What `/etc/resolv.conf` says, as far as it explains how long a name takes (resolv.conf(5)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolvConf {
    /// Addresses of the nameservers, in order, three at most: glibc asks no more.
    pub nameservers: Vec<String>,
    /// Suffixes that are tried.
    pub search: Vec<String>,
    /// With fewer dots than these a name is tried with the suffixes first.
    pub ndots: u32,
    /// Seconds that a nameserver is waited for.
    pub timeout_s: u32,
    /// How often all of them are tried.
    pub attempts: u32,
    /// Are they asked in turn?
    pub rotate: bool,
}

impl Default for ResolvConf {
    /// What holds where the file says nothing.
    fn default() -> Self {
        ResolvConf { nameservers: vec![], search: vec![], ndots: 1, timeout_s: 5, attempts: 2, rotate: false }
    }
}

/// glibc's MAXNS.
const MOST_SERVERS: usize = 3;
/// Since glibc 2.26 there is no limit; a file with more is a mistake.
const MOST_SUFFIXES: usize = 32;

impl ResolvConf {
    /// Reads the file's text.
    pub fn parse(text: &str) -> ResolvConf {
        let mut conf = ResolvConf::default();
        for line in text.lines() {
            let line = line.trim_start();
            if line.starts_with(['#', ';']) {
                continue;
            }
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if conf.nameservers.len() < MOST_SERVERS => conf.nameservers.extend(words.next().map(Into::into)),
                Some("search") => conf.search = words.take(MOST_SUFFIXES).map(bare).collect(),
                Some("domain") => conf.search = words.take(1).map(bare).collect(),
                Some("options") => words.for_each(|word| conf.option(word)),
                _ => {}
            }
        }
        if conf.nameservers.is_empty() {
            // As resolv.conf(5) has it: the name server on the local machine.
            conf.nameservers.push("127.0.0.1".into());
        }
        conf
    }

    fn option(&mut self, word: &str) {
        let number = |value: &str, most: u32| value.parse::<u32>().ok().map(|n| n.min(most));
        match word.split_once(':') {
            // The caps are glibc's: RES_MAXNDOTS, RES_MAXRETRANS, RES_MAXRETRY.
            Some(("ndots", n)) => self.ndots = number(n, 15).unwrap_or(self.ndots),
            Some(("timeout", n)) => self.timeout_s = number(n, 30).unwrap_or(self.timeout_s).max(1),
            Some(("attempts", n)) => self.attempts = number(n, 5).unwrap_or(self.attempts).max(1),
            None if word == "rotate" => self.rotate = true,
            _ => {}
        }
    }

    /// The names that are asked for until one exists, in order: a name with few dots may be asked for several times in vain before
    /// it is asked for itself.
    pub fn tried(&self, name: &str) -> Vec<String> {
        if let Some(whole) = name.strip_suffix('.') {
            return vec![whole.into()];
        }
        let suffixed = self.search.iter().filter(|s| !s.is_empty()).map(|suffix| format!("{name}.{suffix}"));
        let dots = name.matches('.').count();
        if dots >= self.ndots as usize {
            std::iter::once(name.to_owned()).chain(suffixed).collect()
        } else {
            suffixed.chain(std::iter::once(name.to_owned())).collect()
        }
    }
    /// Which of them is the name itself: so many queries in vain come before it.
    pub fn in_vain(&self, name: &str) -> usize {
        self.tried(name).iter().position(|tried| tried == name.trim_end_matches('.')).unwrap_or(0)
    }
}

fn bare(suffix: &str) -> String {
    suffix.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_as_glibc_reads_it() {
        let conf = ResolvConf::parse(
            "# by the cluster\nnameserver 10.96.0.10\nnameserver ::1\n nameserver 10.0.0.2\nnameserver 10.0.0.3\n\
             search shop.svc.cluster.local svc.cluster.local. cluster.local\noptions ndots:5 timeout:99 attempts:1 rotate trust-ad\n",
        );
        assert_eq!(conf.nameservers, ["10.96.0.10", "::1", "10.0.0.2"]);
        assert_eq!((conf.ndots, conf.timeout_s, conf.attempts, conf.rotate), (5, 30, 1, true));
        assert_eq!(
            conf.tried("api.openai.com"),
            ["api.openai.com.shop.svc.cluster.local", "api.openai.com.svc.cluster.local", "api.openai.com.cluster.local", "api.openai.com"]
        );
        assert_eq!((conf.in_vain("api.openai.com"), conf.in_vain("api.openai.com."), conf.in_vain("a.b.c.d.e.f")), (3, 0, 0));
        assert_eq!(conf.tried("api.openai.com."), ["api.openai.com"]);
        assert_eq!(ResolvConf::parse("").nameservers, ["127.0.0.1"]);
        // The last of `domain` and `search` holds.
        assert_eq!(ResolvConf::parse("search a b\ndomain c.\n").search, ["c"]);
    }
}
