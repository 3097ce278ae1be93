//! The binary as a user runs it.

mod bad_specs;
mod burn;
mod demo;
mod disk;
mod ending;
mod environments;
mod generate;
mod going_on;
mod init;
mod network;
mod newer_runs;
mod offline;
mod probe;
mod prove;
mod recipes;
mod recorded;
mod rejudged;
mod runs;
mod trace;
mod turns;
mod upgrade;
mod waive;

use std::{path::Path, process::Output};

/// Runs `rigcheck` in a folder, with nothing of the surroundings that could change what it says.
pub fn rigcheck(folder: &Path, args: &[&str]) -> Ran {
    // A folder of its own: the lock of a target lies there, and other tests have the same target.
    rigcheck_with(folder, tempfile::tempdir().unwrap().path(), args)
}

/// The same, with a folder for its temporary files.
pub fn rigcheck_with(folder: &Path, temporary: &Path, args: &[&str]) -> Ran {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rigcheck"));
    let output = command
        .current_dir(folder)
        .env("TMPDIR", temporary)
        .env_remove("RIGCHECK_SPEC")
        .env_remove("RIGCHECK_OWNER")
        .env_remove("RIGCHECK_COLOR")
        .env_remove("RIGCHECK_CHECKS")
        .env_remove("RIGCHECK_OUTPUT")
        .env_remove("COLUMNS")
        .args(args)
        .output()
        .unwrap();
    Ran::of(&output)
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: &Output) -> Ran {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }
    #[track_caller]
    pub fn ends(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }
}
