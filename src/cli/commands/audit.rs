//! `rigcheck audit`: the rig that the spec describes.

use super::{Outlook, folder_of, load};
use crate::{
    cli::{
        against::{Against, same_rig},
        args::{OutputArgs, SpecArgs},
        hold::WaitArgs,
        outputs::Outputs,
        run,
    },
    spec::Exec,
    store::Shelf,
};
use anyhow::bail;
use std::process::ExitCode;

/// `rigcheck audit`.
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Run the programs that the spec names in ${exec:PROGRAM ARG ...}, for secrets
    #[arg(long)]
    pub allow_exec: bool,
    /// Seed each rule's own fault into a copy of the evidence: what does not fail there counts less
    #[arg(long)]
    pub prove: bool,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
    /// What to do while another run goes on.
    #[command(flatten)]
    pub wait: WaitArgs,
}

pub async fn run(args: Audit, color: bool) -> anyhow::Result<ExitCode> {
    let outputs = Outputs::new(&args.out, color, &[])?;
    let (path, loaded) = load(&args.spec, if args.allow_exec { Exec::Allowed } else { Exec::Refused })?;
    if let Some(over) = Outlook::of(&loaded).over(&loaded) {
        bail!("{over}; nothing was sent");
    }
    if let Some(never) = loaded.never_ready() {
        eprintln!("! {never}.");
    }
    let folder = folder_of(&path);
    let mut against = Against::open(&args.out, &Shelf::of(folder), None)?;
    same_rig(&mut against, &loaded.profile.rig)?;
    let how = run::How {
        folder,
        command: "rigcheck audit",
        wait: args.wait.into(),
        remark: None,
        outputs,
        ending: args.out.ending(),
        against,
        prove: args.prove,
    };
    run::run(loaded, how).await
}
