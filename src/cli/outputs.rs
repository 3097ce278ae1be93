//! `--output FORMAT[:PATH]`.
#![allow(clippy::disallowed_methods, reason = "writes the reports that the user asked for")]

use super::args::OutputArgs;
use crate::report::{Format, Report, Style, render};
use anyhow::{Context, bail};
use std::{path::PathBuf, str::FromStr};

/// One wish.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    format: Format,
    path: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (word, path) = text.split_once(':').map_or((text, None), |(w, p)| (w, Some(p)));
        let format = Format::from_word(word).ok_or_else(|| format!("there is no format `{word}`; there are {}", Format::words().join(", ")))?;
        match path {
            Some("") => Err(format!("`{text}` has no path after the colon")),
            path => Ok(Output { format, path: path.map(PathBuf::from) }),
        }
    }
}

/// What goes where.
pub struct Outputs {
    wishes: Vec<Output>,
    style: Style,
}

impl Outputs {
    /// Checks the wishes before a long run, not after it.
    pub fn new(args: &OutputArgs, color: bool, also: &[(Format, &str)]) -> anyhow::Result<Outputs> {
        let mut wishes = args.output.clone();
        if wishes.is_empty() {
            wishes.push(Output { format: Format::Human, path: None });
            wishes.extend(also.iter().map(|(format, path)| Output { format: *format, path: Some((*path).into()) }));
        }
        if wishes.iter().filter(|w| w.path.is_none()).count() > 1 {
            bail!("only one report can go to standard output; give the others a path, as in --output html:report.html");
        }
        for path in wishes.iter().filter_map(|w| w.path.as_ref()) {
            if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty() && !f.is_dir()) {
                bail!("--output {}: there is no folder {}", path.display(), folder.display());
            }
        }
        let width = comfy_table::Table::new().width().map_or(120, usize::from);
        let files = wishes.iter().filter_map(|w| Some(w.path.as_ref()?.display().to_string())).collect();
        Ok(Outputs { wishes, style: Style { color, verbose: args.verbose, width, files, run: None } })
    }
    /// Where the run was recorded, for the report's last line.
    pub fn recorded_in(&mut self, run: String) {
        self.style.run = Some(run);
    }
    /// Writes them all; files first, so that what is on the screen last is the verdict.
    pub fn write(&self, report: &Report) -> anyhow::Result<()> {
        for wish in &self.wishes {
            if let Some(path) = &wish.path {
                let plain = Style { color: false, ..self.style.clone() };
                std::fs::write(path, render(report, wish.format, &plain)).with_context(|| format!("writing {}", path.display()))?;
            }
        }
        for wish in self.wishes.iter().filter(|w| w.path.is_none()) {
            print(&render(report, wish.format, &self.style));
        }
        Ok(())
    }
}

/// Prints to standard output; a reader that went away (`| head`) is no error.
pub fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
