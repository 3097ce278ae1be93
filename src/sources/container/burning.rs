//! A burn in a container: this program's own command, whose JSON is the truth, beside what its control group says from outside.

use super::{Contained, ContainerError, Ended, run};
use crate::model::payload::{BurnAsked, BurnPattern, Burned};
use tokio_util::sync::CancellationToken;

/// Why there is nothing to tell.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unburned {
    /// It was not run, or not to its end.
    #[error(transparent)]
    Container(#[from] ContainerError),
    /// Nobody but the kernel, for want of memory, or somebody else kills it.
    #[error("the container was killed, by somebody else or for want of memory")]
    Killed,
    /// It ended by itself and said nothing.
    #[error("the burn in the container ended without a result (exit code {0:?})")]
    Silent(Option<i64>),
}

/// Burns there, and waits until the container is gone; the arguments are those of the load. `None`: cancelled before there was
/// anything to tell.
pub async fn burn(
    asked: &BurnAsked,
    what: Contained,
    cancel: &CancellationToken,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Option<(Burned, Ended)>, Unburned> {
    let what = Contained { arguments: arguments(asked), ..what };
    let Some(mut ended) = run(&what, cancel, say).await? else { return Ok(None) };
    let Some(mut burned) = read(&ended.out) else {
        return match ended.code {
            _ if cancel.is_cancelled() => Ok(None),
            // 128 + SIGKILL.
            Some(137) => Err(Unburned::Killed),
            code => Err(Unburned::Silent(code)),
        };
    };
    if let Ok(readings) = &mut ended.cgroup {
        burned.cgroup = std::mem::take(readings);
    }
    Ok(Some((burned, ended)))
}

/// The burn that the command's JSON tells; `None` for any other text.
pub fn read(json: &str) -> Option<Burned> {
    let mut told: serde_json::Value = serde_json::from_str(json).ok()?;
    serde_json::from_value(told.get_mut("burned")?.take()).ok()
}

/// A load, as arguments of this program.
pub fn arguments(asked: &BurnAsked) -> Vec<String> {
    let ms = |ms: f64| format!("{ms}ms");
    let mut arguments: Vec<String> = ["burn", "--output", "json", "--for"].map(str::to_owned).into();
    arguments.push(ms(asked.for_ms));
    let mut add = |name: &str, value: String| arguments.extend([name.to_owned(), value]);
    add("--period", ms(asked.period_ms));
    if asked.cpu_cores > 0.0 {
        add("--cpu", asked.cpu_cores.to_string());
    }
    if let Some(quota) = asked.quota_cores {
        add("--under-quota", quota.to_string());
    }
    if asked.memory_bytes > 0 {
        add("--memory", format!("{}B", asked.memory_bytes));
    }
    if asked.network_bytes_per_s > 0.0 {
        add("--network", format!("{}B/s", asked.network_bytes_per_s));
    }
    match asked.pattern {
        BurnPattern::Steady => {}
        BurnPattern::Bursts { burst_ms, every_ms } => {
            add("--pattern", "bursts".into());
            add("--burst", ms(burst_ms));
            add("--every", ms(every_ms));
        }
        BurnPattern::Irregular { seed } => {
            add("--pattern", "irregular".into());
            add("--seed", seed.to_string());
        }
    }
    arguments
}
