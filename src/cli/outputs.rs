//! `--output FORMAT[:PATH]`.
#![allow(clippy::disallowed_methods, reason = "writes the reports that the user asked for")]

use super::{args::OutputArgs, exit::FailOn};
use crate::report::{Format, Report, Style, render};
use anyhow::{Context, bail};
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

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

impl Output {
    /// Is it what a monitoring system reads from standard output?
    pub fn is_plugin(&self) -> bool {
        self.format == Format::Nagios && self.path.is_none()
    }
}

/// What goes where.
pub struct Outputs {
    wishes: Vec<Output>,
    style: Style,
    /// Files that still hold an earlier run's report, if any.
    stale: Vec<PathBuf>,
}

/// Who reads one of these looks at the verdict only. A metrics page tells its age, and its absence is another alarm; a page for
/// people tells its date.
const WITHOUT_AGE: [Format; 5] = [Format::Json, Format::Junit, Format::Sarif, Format::Markdown, Format::Nagios];

/// A command that ended without its report must not leave the green one of an earlier run in its place.
impl Drop for Outputs {
    fn drop(&mut self) {
        for path in &self.stale {
            // Devices, pipes and links are not ours to remove.
            if path.symlink_metadata().is_ok_and(|there| there.is_file()) {
                match fs::remove_file(path) {
                    Ok(()) => eprintln!("note: removed {}: it was the report of an earlier run", path.display()),
                    Err(why) => eprintln!("note: {} is the report of an earlier run, and stays: {why}", path.display()),
                }
            }
        }
    }
}

impl Outputs {
    /// Checks the wishes before a long run, not after it.
    pub fn new(args: &OutputArgs, color: bool, also: &[(Format, &str)]) -> anyhow::Result<Outputs> {
        let mut wishes = args.output.clone();
        if wishes.is_empty() {
            wishes.push(Output { format: Format::Human, path: None });
            wishes.extend(also.iter().map(|(format, path)| Output { format: *format, path: Some((*path).into()) }));
        }
        if args.plugin() && (args.exit_zero || args.fail_on != FailOn::default() || args.fail_on_new) {
            bail!(
                "with nagios on standard output the command ends as monitoring plugins do; remove --fail-on, --exit-zero or --fail-on-new, or give nagios a path"
            );
        }
        placed(&wishes, "one report", "html:report.html")?;
        let files = wishes.iter().filter_map(|w| Some(w.path.as_ref()?.display().to_string())).collect();
        let stale = wishes.iter().filter(|w| WITHOUT_AGE.contains(&w.format)).filter_map(|w| w.path.clone()).collect();
        Ok(Outputs { wishes, stale, style: Style { color, verbose: args.verbose, width: width(), files, run: None } })
    }
    /// Where the run was recorded, for the report's last line.
    pub fn recorded_in(&mut self, run: String) {
        self.style.run = Some(run);
    }
    /// Writes them all; files first, so that what is on the screen last is the verdict. One that cannot be written keeps
    /// none of the others back.
    pub fn write(&mut self, report: &Report) -> anyhow::Result<()> {
        let mut ended = Ok(());
        for wish in &self.wishes {
            if let Some(path) = &wish.path {
                let plain = Style { color: false, ..self.style.clone() };
                let written = put(path, &render(report, wish.format, &plain));
                if written.is_ok() {
                    self.stale.retain(|stale| stale != path);
                }
                ended = ended.and(written.with_context(|| format!("writing {}", path.display())));
            }
        }
        for wish in self.wishes.iter().filter(|w| w.path.is_none()) {
            ended = ended.and(print(&render(report, wish.format, &self.style)));
        }
        ended
    }
}

/// Can all of them be written where they are to go?
fn placed(wishes: &[Output], one: &str, such_as: &str) -> anyhow::Result<()> {
    if wishes.iter().filter(|w| w.path.is_none()).count() > 1 {
        bail!("only {one} can go to standard output; give the others a path, as in --output {such_as}");
    }
    for path in wishes.iter().filter_map(|w| w.path.as_ref()) {
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty() && !f.is_dir()) {
            bail!("--output {}: there is no folder {}", path.display(), folder.display());
        }
        if path.is_dir() {
            bail!("--output {}: is a folder; name a file in it", path.display());
        }
        can_be_written(path).with_context(|| format!("--output {}", path.display()))?;
    }
    Ok(())
}

/// Where a result goes that is no report of a run: pages of a few formats, each to standard output or a file.
pub struct Pages(Vec<Output>);

impl Pages {
    /// Checks the wishes before the work, not after it; only these formats are written.
    pub fn new(wishes: &[Output], formats: &[Format]) -> anyhow::Result<Pages> {
        if wishes.iter().any(|w| !formats.contains(&w.format)) {
            let words: Vec<_> = formats.iter().map(|f| f.word()).collect();
            let words = words.split_last().map(|(last, rest)| format!("{} or {last}", rest.join(", "))).unwrap_or_default();
            bail!("--output: this command makes no report of a run; it writes {words}");
        }
        let wishes = if wishes.is_empty() { vec![Output { format: Format::Human, path: None }] } else { wishes.to_vec() };
        placed(&wishes, "one", "json:out.json")?;
        Ok(Pages(wishes))
    }
    /// Writes them all, files first, so that what is on the screen last is the page for people. A page in a file has a width of
    /// its own.
    pub fn write(&self, page: impl Fn(Format, usize) -> String) -> anyhow::Result<()> {
        const IN_A_FILE: usize = 120;
        let mut ended = Ok(());
        for wish in &self.0 {
            if let Some(path) = &wish.path {
                ended = ended.and(put(path, &page(wish.format, IN_A_FILE)).with_context(|| format!("writing {}", path.display())));
            }
        }
        for wish in self.0.iter().filter(|w| w.path.is_none()) {
            ended = ended.and(print(&page(wish.format, width())));
        }
        ended
    }
}

/// Writes a file as a whole: who reads it meanwhile (a collector of metrics, a server) sees the old one or the new one, never
/// half of it. Devices, pipes and links are written through.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let there = path.symlink_metadata().ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return fs::write(path, text);
    }
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As any new file, for whom the umask lets in; one that is there keeps what it has.
    let mode = there.map_or_else(|| fs::Permissions::from_mode(0o666), |there| there.permissions());
    let Ok(mut new) = tempfile::Builder::new().prefix(".rigcheck-").permissions(mode.clone()).tempfile_in(folder) else {
        // The file may be ours to write where the folder is not.
        return fs::write(path, text);
    };
    new.write_all(text.as_bytes())?;
    if path.exists() {
        fs::set_permissions(new.path(), mode)?;
    }
    new.persist(path).map(drop).map_err(|error| error.error)
}

/// Tries it, and leaves nothing behind. Devices and pipes are not opened: that could wait for a reader.
fn can_be_written(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(there) if there.is_file() => fs::OpenOptions::new().append(true).open(path).map(drop),
        Ok(_) => Ok(()),
        // A link that leads nowhere yet is made with the report.
        Err(_) if path.is_symlink() => Ok(()),
        Err(_) => {
            fs::OpenOptions::new().append(true).create_new(true).open(path)?;
            fs::remove_file(path)
        }
    }
}

/// Columns of a line: those of the terminal, or what `COLUMNS` says where there is none.
#[allow(clippy::disallowed_methods, reason = "the command line reads the environment")]
fn width() -> usize {
    let told = || std::env::var("COLUMNS").ok()?.trim().parse().ok().filter(|n| *n > 0);
    comfy_table::Table::new().width().map(usize::from).or_else(told).unwrap_or(120)
}

/// In fewer columns than these a table breaks its words.
const NARROW: usize = 80;

/// Rows as a table, or as a list where there is no room for one. Whatever has no heading stands before what has the first.
pub fn rows<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    if !narrow() {
        let mut table = table(head);
        table.add_rows(rows);
        return format!("{table}\n");
    }
    listed(head, rows)
}

/// The same as a list, whatever the width.
pub fn listed<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells = || head.iter().zip(row).map(|(head, cell)| (*head, cell.replace('\n', ", ")));
        let first = head.iter().position(|h| !h.is_empty()).unwrap_or(0);
        let title: Vec<_> = cells().take(first + 1).map(|(_, cell)| cell).filter(|cell| !cell.is_empty()).collect();
        text += &flowing(&title.join(" "), 0);
        for (head, cell) in cells().skip(first + 1).filter(|(_, cell)| !cell.is_empty() && cell != "–") {
            text += &flowing(&format!("{head}: {cell}"), 2);
        }
    }
    text
}

/// Is there no room for a table?
pub fn narrow() -> bool {
    width() < NARROW
}

/// Words on lines that keep to the width, the first one indented by so much, the others by two more. Longer words than a line
/// stay whole, so that an id can be copied.
pub fn flowing(text: &str, indent: usize) -> String {
    let width = width().clamp(40, 140);
    let mut out = " ".repeat(indent);
    let mut at = indent;
    for (nth, word) in text.split(' ').enumerate() {
        let long = word.chars().count();
        if nth > 0 && at + 1 + long > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent + 2));
            at = indent + 2;
        } else if nth > 0 {
            out.push(' ');
            at += 1;
        }
        out.push_str(word);
        at += long;
    }
    out.push('\n');
    out
}

/// A table that keeps to the width, as reports do.
pub fn table<const N: usize>(head: [&str; N]) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table
        .load_style(comfy_table::presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
        .set_width(u16::try_from(width().clamp(40, 140)).unwrap_or(140))
        .force_no_tty()
        .set_header(head);
    table
}

/// Prints to standard output. A reader that went away (`| head`) is no error; a result that is lost otherwise is one.
pub fn print(text: &str) -> anyhow::Result<()> {
    print_bytes(text.as_bytes())
}

/// The same for what is no text.
pub fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    read_or_left(out.write_all(bytes).and_then(|()| out.flush()))
}

/// What became of writing to standard output.
pub fn read_or_left(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("writing standard output"),
    }
}
