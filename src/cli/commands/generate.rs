//! `rigcheck generate`: what editors, shells and manuals need, all from the one definition of arguments and spec.

use crate::{
    cli::{args::Args, outputs::print},
    spec::schema::schema_text,
};
use anyhow::Context;
use clap::{Command, CommandFactory, Subcommand};
use clap_complete::Shell;
use clap_mangen::{Man, roff::Roff};
use std::{path::PathBuf, process::ExitCode};

/// `rigcheck generate`.
#[derive(Debug, clap::Args)]
pub struct Generate {
    /// What to write.
    #[command(subcommand)]
    pub what: What,
}

/// What can be generated.
#[derive(Debug, Subcommand)]
pub enum What {
    /// The JSON Schema of rigcheck.yaml, for completion and hints in editors
    #[command(after_help = "Editors with a YAML language server take it by a comment at the top of rigcheck.yaml:\n\n  \
                            rigcheck generate schema > rigcheck.schema.json\n  \
                            # yaml-language-server: $schema=rigcheck.schema.json")]
    Schema,
    /// The manual: one page with all commands, or one page a command
    #[command(after_help = "Read it at once: rigcheck generate man | man -l -\nInstall: rigcheck generate man --dir ~/.local/share/man/man1")]
    Man {
        /// Write one page per command into this folder
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Completions for a shell
    #[command(after_help = "bash: rigcheck generate completion bash > ~/.local/share/bash-completion/completions/rigcheck\n\
                            zsh:  rigcheck generate completion zsh > a folder of $fpath, as _rigcheck\n\
                            fish: rigcheck generate completion fish > ~/.config/fish/completions/rigcheck.fish")]
    Completion {
        /// For which shell
        shell: Shell,
    },
}

pub fn run(args: &Generate) -> anyhow::Result<ExitCode> {
    match &args.what {
        What::Schema => print(&schema_text())?,
        What::Man { dir: None } => print(&page().context("writing the manual")?)?,
        What::Man { dir: Some(dir) } => {
            clap_mangen::generate_to(Args::command(), dir).with_context(|| format!("writing the manual into {}", dir.display()))?;
        }
        What::Completion { shell } => {
            let mut text = vec![];
            clap_complete::generate(*shell, &mut Args::command(), "rigcheck", &mut text);
            print(&String::from_utf8_lossy(&text))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One manual page, each command a section of it.
fn page() -> anyhow::Result<String> {
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    let mut out = vec![];
    let man = Man::new(command.clone());
    man.render_title(&mut out)?;
    man.render_name_section(&mut out)?;
    man.render_synopsis_section(&mut out)?;
    man.render_description_section(&mut out)?;
    man.render_options_section(&mut out)?;
    sections(&command, &mut out)?;
    man.render_extra_section(&mut out)?;
    Ok(String::from_utf8(out)?)
}

fn sections(of: &Command, out: &mut Vec<u8>) -> anyhow::Result<()> {
    for command in of.get_subcommands().filter(|c| !c.is_hide_set()) {
        Roff::new().control("SH", [command.get_bin_name().unwrap_or(command.get_name())]).to_writer(out)?;
        // What every command takes is told once, at the top.
        let everywhere = |id: &str| of.get_arguments().any(|a| a.get_id() == id);
        let ids: Vec<_> = command.get_arguments().map(|a| a.get_id().to_string()).filter(|id| everywhere(id)).collect();
        let own = ids.into_iter().fold(command.clone(), |command, id| command.mut_arg(id, |arg| arg.hide(true)));
        let man = Man::new(own);
        let mut section = vec![];
        man.render_description_section(&mut section)?;
        man.render_synopsis_section(&mut section)?;
        man.render_options_section(&mut section)?;
        if command.get_after_help().is_some() {
            man.render_extra_section(&mut section)?;
        }
        // Sections of a command's own page are parts of its section here; its description needs no heading.
        let text = String::from_utf8(section)?.replace("\n.SH DESCRIPTION\n", "\n").replace("\n.SH ", "\n.SS ");
        out.extend_from_slice(text.as_bytes());
        sections(command, out)?;
    }
    Ok(())
}
