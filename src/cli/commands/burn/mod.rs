//! `rigcheck burn`: a known load, and what it really was.

mod contained;
mod told;

use crate::{
    cli::{
        exit,
        outputs::{Output, Pages},
        run::listen_for_the_end,
    },
    model::{
        bytes::{Bytes, BytesPerSecond},
        payload::{BurnAsked, BurnPattern, BurnSample},
        units::Ms,
    },
    reference::burner::Burn,
    report::Format,
    sources::burn,
};
use anyhow::{Context as _, bail};
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;

/// What to burn.
#[derive(Debug, clap::Args)]
#[command(after_help = "The truth is what was achieved, not what was asked for: the threads' own CPU clocks, the process' CPU clock, /proc and the \
    sockets say it, and --output json has it as a curve of one sample each 100 ms.\n\nExit codes: 0 done, also where the machine could not give what was asked for (a WARNING says why) · 2 usage, or not possible \
    here · 70 our bug · 130 interrupted, with what was achieved so far")]
pub struct BurnArgs {
    /// How long, at most 1h; the load ends then whatever happens
    #[arg(long = "for", value_name = "DURATION")]
    pub lasting: Ms,
    /// CPU time to use, in cores: 0.5 is half of one, 1.5 is two threads at 0.75
    #[arg(long, value_name = "CORES")]
    pub cpu: Option<f64>,
    /// Memory to keep resident, such as 256MiB; at most 80 % of what is available
    #[arg(long, value_name = "BYTES")]
    pub memory: Option<Bytes>,
    /// Bytes to send over loopback TCP, within this process, such as 5MB/s
    #[arg(long, value_name = "RATE")]
    pub network: Option<BytesPerSecond>,
    /// When CPU and network are loaded; memory always is
    #[arg(long, value_enum, default_value_t)]
    pub pattern: Pattern,
    /// Length of one duty cycle of the CPU
    #[arg(long, value_name = "DURATION", default_value = "100ms")]
    pub period: Ms,
    /// With --pattern bursts: how long a burst is [default: 1s]
    #[arg(long, value_name = "DURATION")]
    pub burst: Option<Ms>,
    /// With --pattern bursts: from the beginning of one burst to that of the next [default: 10s]
    #[arg(long, value_name = "DURATION")]
    pub every: Option<Ms>,
    /// With --pattern irregular: what the lengths of on and off (0.5 to 3.5 s) are drawn from [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Burn in a container that is started and removed; its image holds this program and nothing else
    #[arg(long)]
    pub container: bool,
    /// With --container: CPU quota in cores, which then holds the load down; without --cpu it burns all that it is given
    #[arg(long, value_name = "CORES", requires = "container")]
    pub cpus: Option<f64>,
    /// Inside that container: the quota that holds the load down
    #[arg(long, value_name = "CORES", hide = true, conflicts_with = "container")]
    pub under_quota: Option<f64>,
    /// With --container: memory limit, swap included; --memory may take 80 % of it
    #[arg(long, value_name = "BYTES", requires = "container")]
    pub memory_limit: Option<Bytes>,
    /// With --container: its name
    #[arg(long, value_name = "NAME", requires = "container")]
    pub name: Option<String>,
    /// With --container: remove the image, too; else it is kept for the next burn, and replaced when this program changes
    #[arg(long, requires = "container")]
    pub remove_image: bool,
    /// Show it as human or json, to standard output or to FORMAT:PATH; repeatable
    #[arg(long, short, value_name = "FORMAT[:PATH]")]
    pub output: Vec<Output>,
}

/// When the load is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, clap::ValueEnum)]
pub enum Pattern {
    /// All the time.
    #[default]
    Steady,
    /// For --burst, every --every.
    Bursts,
    /// On and off for lengths drawn from --seed: shows a lag between two clocks.
    Irregular,
}

impl BurnArgs {
    fn asked(&self) -> BurnAsked {
        BurnAsked {
            // A quota alone is to be used up.
            cpu_cores: self.cpu.or(self.cpus.map(f64::ceil)).unwrap_or(0.0),
            quota_cores: self.cpus.or(self.under_quota),
            memory_bytes: self.memory.unwrap_or_default().0,
            network_bytes_per_s: self.network.unwrap_or_default().0,
            pattern: match self.pattern {
                Pattern::Steady => BurnPattern::Steady,
                Pattern::Bursts => BurnPattern::Bursts { burst_ms: self.burst.map_or(1e3, |ms| ms.0), every_ms: self.every.map_or(10e3, |ms| ms.0) },
                Pattern::Irregular => BurnPattern::Irregular { seed: self.seed.unwrap_or(1) },
            },
            period_ms: self.period.0,
            for_ms: self.lasting.0,
        }
    }
}

pub async fn run(args: BurnArgs) -> anyhow::Result<ExitCode> {
    if args.cpu.is_some_and(|cores| cores <= 0.0) {
        bail!("--cpu {}: write the cores to burn as a number above 0, such as 0.5 or 1.5", args.cpu.unwrap_or_default());
    }
    if args.pattern != Pattern::Bursts && (args.burst.is_some() || args.every.is_some()) {
        bail!("--burst and --every go with --pattern bursts");
    }
    if args.pattern != Pattern::Irregular && args.seed.is_some() {
        bail!("--seed goes with --pattern irregular");
    }
    let pages = Pages::new(&args.output, &[Format::Human, Format::Json])?;
    let cancel = CancellationToken::new();
    let listening = listen_for_the_end(cancel.clone());
    let room = burn::room();
    let burn = Burn::new(args.asked(), &room)?;
    let (burned, container) = if args.container {
        match contained::burn(&args, burn.asked(), &room, &cancel).await? {
            Some((burned, container)) => (burned, Some(container)),
            None => return Ok(exit::interrupted()),
        }
    } else {
        let told = &mut |asked: &BurnAsked, elapsed, so_far: &BurnSample| eprintln!("{}", told::progress(asked, elapsed, so_far));
        (burn::here(burn, room, &cancel, told).await.context("starting the burn")?, None)
    };
    listening.abort();
    let json = told::json(&burned, container.as_ref())?;
    pages.write(|format, _| if format == Format::Json { json.clone() } else { told::human(&burned, container.as_ref()) })?;
    Ok(if burned.interrupted { exit::interrupted() } else { ExitCode::SUCCESS })
}
