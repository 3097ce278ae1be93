//! `getaddrinfo`, as an application calls it.

use super::super::{clock::us_since, leash::Leash};
use crate::model::payload::network::{SystemLookup, SystemOutcome};
use std::{
    io,
    time::{Duration, Instant},
};
use tokio::net::lookup_host;

/// It ends by itself after the time-outs and attempts of resolv.conf; no run waits longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// A name has no more addresses that anybody connects to.
const MOST: usize = 64;

/// Asks once.
pub async fn lookup(host: &str, first: bool, leash: &Leash) -> SystemLookup {
    let began = Instant::now();
    let found = leash.hold(PATIENCE, lookup_host((host, 0))).await;
    let took_us = us_since(began);
    let outcome = match found {
        Err(_) => SystemOutcome::TimedOut,
        Ok(Err(error)) => failed(&error),
        Ok(Ok(all)) => {
            let mut addresses = vec![];
            for ip in all.map(|at| at.ip()).take(4 * MOST) {
                if !addresses.contains(&ip) && addresses.len() < MOST {
                    addresses.push(ip);
                }
            }
            SystemOutcome::Found(addresses)
        }
    };
    SystemLookup { first, took_us, outcome }
}

/// The standard library keeps of the code only glibc's text (`gai_strerror`), which is English as long as nobody sets a locale.
fn failed(error: &io::Error) -> SystemOutcome {
    let text = error.to_string();
    if text.contains("Name or service not known") || text.contains("No address associated with hostname") || text.contains("Name does not resolve") {
        SystemOutcome::NoSuchName
    } else if text.contains("Temporary failure") || text.contains("Try again") {
        SystemOutcome::TryAgain
    } else {
        SystemOutcome::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{rows::InMemory, source::Slot};
    use std::{net::IpAddr, sync::Arc};

    #[test]
    fn the_texts_of_glibc_and_musl_are_told_apart() {
        let of = |text: &str| failed(&io::Error::other(format!("failed to lookup address information: {text}")));
        assert_eq!(of("Name or service not known"), SystemOutcome::NoSuchName);
        assert_eq!(of("Name does not resolve"), SystemOutcome::NoSuchName);
        assert_eq!(of("Temporary failure in name resolution"), SystemOutcome::TryAgain);
        assert_eq!(of("System error"), SystemOutcome::Failed);
    }

    #[tokio::test]
    async fn localhost_is_found() {
        let leash = Leash::of(&Slot::detached(Instant::now() + Duration::from_secs(5), Arc::new(InMemory::default())));
        let told = lookup("localhost", true, &leash).await;
        assert!(matches!(&told.outcome, SystemOutcome::Found(all) if all.iter().all(IpAddr::is_loopback) && !all.is_empty()), "{told:?}");
    }
}
