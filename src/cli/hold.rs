//! One run at a time on one rig: takes the locks of a run, or waits for them.

use super::run::{hostname, told_to_end};
use crate::{
    engine,
    model::{
        rig::Rig,
        units::{BadUnit, Ms},
    },
    spec::connection::is_loopback,
    store::{Alone, Holder, Shelf, StoreError},
};
use anyhow::bail;
use reqwest::Url;
use std::{path::Path, time::Duration};

/// For how long another run is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Wait {
    /// Not at all.
    #[default]
    No,
    /// So long.
    AtMost(Ms),
    /// Until it ends.
    Forever,
}

/// How long a run waits for another one.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct WaitArgs {
    /// Wait for another run on the same rig to end, for at most DURATION if one is given, instead of refusing
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = FOREVER, value_parser = wait)]
    wait: Option<Wait>,
}

impl From<WaitArgs> for Wait {
    fn from(args: WaitArgs) -> Wait {
        args.wait.unwrap_or_default()
    }
}

/// `--wait` without a duration.
const FOREVER: &str = "forever";

fn wait(text: &str) -> Result<Wait, String> {
    if text == FOREVER { Ok(Wait::Forever) } else { text.parse().map(Wait::AtMost).map_err(|e: BadUnit| e.to_string()) }
}

/// How often it is tried again, and after how many tries it is said again.
const EVERY: Duration = Duration::from_millis(250);
const SAY: usize = 120;

/// Takes the project's lock, if something is to be recorded, and the target's. `None`: interrupted while waiting.
pub async fn hold(shelf: Option<&Shelf>, command: &str, folder: &Path, rig: &Rig, wait: Wait) -> anyhow::Result<Option<Alone>> {
    let who = || Holder::us(command, &hostname(), folder, engine::wall_now());
    let origin = rig.target.as_ref().map(|t| origin(&t.url));
    let shared = std::env::temp_dir();
    let hold = || {
        let target = origin.as_deref().map(|o| (shared.as_path(), o));
        let held = shelf.map_or_else(|| Alone::of(&who(), target), |shelf| shelf.hold(&who(), target));
        let held = held.inspect(|held| {
            if let Some(why) = held.unlocked() {
                eprintln!("note: {why}");
            }
        });
        held.map_err(|busy| as_written(busy, rig))
    };
    let busy = match hold() {
        Err(busy @ StoreError::Busy { .. }) if wait != Wait::No => busy,
        held => return Ok(Some(held?)),
    };
    let holder = |busy: &StoreError| if let StoreError::Busy { what, holder } = busy { format!("{what}: {holder}") } else { busy.to_string() };
    eprintln!("waiting for another run {} (Ctrl-C to give up)", holder(&busy));
    let turn = async {
        for tries in 1_usize.. {
            tokio::time::sleep(EVERY).await;
            match hold() {
                Err(busy @ StoreError::Busy { .. }) if tries.is_multiple_of(SAY) => eprintln!("still waiting for {}", holder(&busy)),
                Err(StoreError::Busy { .. }) => {}
                held => return held,
            }
        }
        Err(busy)
    };
    let limit = match wait {
        Wait::AtMost(most) => Duration::from_secs_f64((most.0 / 1e3).clamp(0.0, 1e9)),
        _ => Duration::MAX,
    };
    tokio::select! {
        held = tokio::time::timeout(limit, turn) => match held {
            Ok(held) => Ok(Some(held?)),
            Err(_) => {
                // Who holds it may have changed meanwhile, or nobody does any more.
                match hold() {
                    Err(busy @ StoreError::Busy { .. }) => bail!("waited for {}, and still {busy}", Ms(limit.as_secs_f64() * 1e3)),
                    held => Ok(Some(held?)),
                }
            }
        },
        ended = told_to_end() => {
            ended?;
            Ok(None)
        }
    }
}

/// A target is named as the spec names it, not by what its lock goes by.
fn as_written(busy: StoreError, rig: &Rig) -> StoreError {
    match (busy, &rig.target) {
        (StoreError::Busy { what, holder }, Some(target)) if what.starts_with("at ") => {
            StoreError::Busy { what: format!("at {}", target.url), holder }
        }
        (other, _) => other,
    }
}

/// What one rig is known by on this host: scheme, host and port; the names of this host itself are one.
fn origin(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return url.to_owned() };
    let host = if is_loopback(&url) { "this host" } else { url.host_str().unwrap_or_default() };
    format!("{}://{host}:{}", url.scheme(), url.port_or_known_default().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_target_has_one_origin() {
        assert_eq!(origin("http://localhost:8000/v1"), origin("http://127.0.0.1:8000"));
        assert_eq!(origin("http://[::1]:8000"), "http://this host:8000");
        assert_eq!(origin("http://gateway.localhost:8000"), "http://this host:8000");
        assert_eq!(origin("https://GW.staging/a"), origin("https://gw.staging:443/b"));
        assert_ne!(origin("http://gw:1"), origin("http://gw:2"));
    }

    #[test]
    fn a_busy_target_is_named_as_the_spec_names_it() {
        let target = crate::model::rig::Target {
            url: "http://localhost:8000".into(),
            loopback: true,
            allow: crate::model::rig::Allow {
                requests: crate::model::units::Count(1),
                tokens: crate::model::units::Count(1),
                rate: crate::model::units::PerSecond(1.0),
            },
        };
        let rig = Rig { target: Some(target), ..Rig::default() };
        let busy = |what: &str| as_written(StoreError::Busy { what: what.into(), holder: Box::default() }, &rig).to_string();
        assert!(busy("at http://this host:8000").contains("at http://localhost:8000:"), "{}", busy("at x"));
        assert!(busy("here (.rigcheck)").contains("here (.rigcheck)"));
    }
}
