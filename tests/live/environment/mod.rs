//! Snapshots of real environments and their comparison, by the program itself.

mod elsewhere;
mod engine;
mod hidden;
mod others;
mod planted;
mod pushed;
mod refused;
mod same;
mod tool;
mod whole;

use std::{env, fs, path::Path};

/// Another Python of this machine than the stack's 3.11, with the folder in which all of it is; pyenv has such ones.
#[allow(clippy::disallowed_methods, reason = "looks for what is installed")]
fn other_python() -> Option<(String, String)> {
    let home = env::var("HOME").ok()?;
    let all = fs::read_dir(Path::new(&home).join(".pyenv/versions")).ok()?;
    let mut all: Vec<_> = all.filter_map(|entry| Some(entry.ok()?.path())).collect();
    all.sort();
    all.iter().rev().find_map(|prefix| {
        let python = ["python3.12", "python3.13"].map(|name| prefix.join("bin").join(name)).into_iter().find(|path| path.is_file())?;
        Some((python.display().to_string(), prefix.display().to_string()))
    })
}
