//! `rigcheck audit`: the rig that the spec describes.

use super::{folder_of, load};
use crate::cli::{
    args::{OutputArgs, SpecArgs},
    hold::WaitArgs,
    outputs::Outputs,
    run,
};
use std::process::ExitCode;

/// `rigcheck audit`.
#[derive(Debug, clap::Args)]
pub struct Audit {
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// What to write.
    #[command(flatten)]
    pub out: OutputArgs,
    /// What to do while another run goes on.
    #[command(flatten)]
    pub wait: WaitArgs,
}

pub async fn run(args: Audit, color: bool) -> anyhow::Result<ExitCode> {
    let outputs = Outputs::new(&args.out, color, &[])?;
    let (path, loaded) = load(&args.spec)?;
    let how = run::How {
        folder: folder_of(&path),
        command: "rigcheck audit",
        wait: args.wait.into(),
        remark: None,
        outputs,
        exit_zero: args.out.exit_zero,
    };
    run::run(loaded, how).await
}
