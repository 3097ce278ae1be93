//! `${exec:program arg …}`: a program whose output is a secret. Started by itself, never by a shell, and only where the user
//! allowed it on the command line.
#![allow(clippy::disallowed_methods, reason = "runs the programs that the spec names, once that was allowed")]

use std::{
    io::Read,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// What becomes of `${exec:…}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exec {
    /// A problem: nobody allowed it.
    #[default]
    Refused,
    /// A warning and a placeholder: nothing is started where nothing is asked.
    NotRun,
    /// It is run.
    Allowed,
}

/// A token is a line; a program that says more is another program.
const MOST: u64 = 64 << 10;
/// A program that asks somebody (a vault, a cloud) is through after this time, or hangs.
const TIME: Duration = Duration::from_secs(10);

/// Runs a command line in a folder; its standard output without the line ends at its end. Nothing that it says is in the error.
pub(super) fn output(line: &str, folder: &Path) -> Result<String, String> {
    output_within(line, folder, TIME)
}

fn output_within(line: &str, folder: &Path, time: Duration) -> Result<String, String> {
    let words = split(line)?;
    let (program, args) = words.split_first().ok_or("names no program")?;
    let folder = folder.canonicalize().map_err(|e| format!("cannot run in the spec's folder: {e}"))?;
    // A path starts at the spec's folder, as all paths in it; a bare name is looked for where programs are.
    let program = if program.contains('/') { folder.join(program) } else { program.into() };
    let child = Command::new(program).args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|e| format!("cannot be started: {e}"))?;
    let bytes = read(&mut child, Instant::now() + time);
    let bytes = match bytes {
        Some(bytes) if bytes.len() as u64 <= MOST => bytes,
        failed => {
            // It may have ended by itself meanwhile.
            let _ = child.kill();
            let _ = child.wait();
            return Err(failed.map_or_else(|| format!("did not end within {} s", time.as_secs()), |_| "said more than 64 KiB".to_owned()));
        }
    };
    let status = child.wait().map_err(|e| format!("cannot be waited for: {e}"))?;
    if !status.success() {
        return Err(status.code().map_or_else(|| "was ended by a signal".to_owned(), |code| format!("ended with exit code {code}")));
    }
    let text = String::from_utf8(bytes).map_err(|_| "said something that is not UTF-8")?;
    let value = text.trim_end_matches(['\n', '\r']);
    if value.is_empty() { Err("said nothing on its standard output".into()) } else { Ok(value.to_owned()) }
}

/// All that it says, at most one byte more than is allowed; `None` where it has not ended in time.
fn read(child: &mut Child, deadline: Instant) -> Option<Vec<u8>> {
    let stdout = child.stdout.take()?;
    let (done, end) = mpsc::channel();
    // What the program left behind may hold the pipe open: the thread then ends with us.
    thread::spawn(move || {
        let mut bytes = vec![];
        let _ = stdout.take(MOST + 1).read_to_end(&mut bytes);
        let _ = done.send(bytes);
    });
    let bytes = end.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?;
    // Its output is closed; it may still run.
    while bytes.len() as u64 <= MOST && child.try_wait().ok()?.is_none() {
        if Instant::now() >= deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
    Some(bytes)
}

/// Words as a POSIX shell splits and unquotes them (2.2 of its language), without anything that it would expand.
fn split(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut chars) = (vec![], None::<String>, line.chars());
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let into = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => into.push(c),
                        None => return Err("has a `'` without its end".into()),
                    }
                }
            }
            '"' => {
                let into = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some(c @ ('"' | '\\' | '$' | '`')) => into.push(c),
                            Some(c) => into.extend(['\\', c]),
                            None => return Err("has a `\"` without its end".into()),
                        },
                        Some(c) => into.push(c),
                        None => return Err("has a `\"` without its end".into()),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().ok_or("ends with a `\\`")?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        for (line, words) in [
            ("vault read  -field=token secret/x", vec!["vault", "read", "-field=token", "secret/x"]),
            ("a 'b c' \"d e\"f g\\ h", vec!["a", "b c", "d ef", "g h"]),
            (r#"a "x\"y\\z\$\n" '\"'"#, vec!["a", r#"x"y\z$\n"#, r#"\""#]),
            ("a '' \"\"", vec!["a", "", ""]),
            ("  ", vec![]),
            ("a;b | c > $HOME *", vec!["a;b", "|", "c", ">", "$HOME", "*"]),
        ] {
            assert_eq!(split(line).unwrap(), words, "{line}");
        }
        for broken in ["a 'b", "a \"b", "a \"b\\", "a \\"] {
            assert!(split(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn the_words_are_those_of_this_machines_shell() {
        for line in ["a 'b c' \"d e\"f g\\ h", r#"a "x\"y\\z" '\"' ''"#, "x='1 2' \"a\\b\""] {
            let shell = Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().unwrap();
            let words = String::from_utf8(shell.stdout).unwrap();
            assert_eq!(split(line).unwrap(), words.strip_suffix('\n').unwrap().split('\n').collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn what_a_program_says_is_its_value_and_never_in_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let run = |line: &str| output_within(line, folder.path(), Duration::from_secs(2));
        assert_eq!(run("printf 'to ken\\r\\n\\n'").unwrap(), "to ken");
        assert_eq!(run("pwd").unwrap(), folder.path().canonicalize().unwrap().display().to_string());
        assert_eq!(run("cat").unwrap_err(), "said nothing on its standard output", "there is no input");
        std::fs::write(folder.path().join("own.sh"), "#!/bin/sh\necho own\n").unwrap();
        assert_eq!(run("sh own.sh").unwrap(), "own");
        for (line, why) in [
            ("", "names no program"),
            ("no-such-program-here", "cannot be started"),
            ("sh -c 'echo hidden; echo hidden >&2; exit 7'", "ended with exit code 7"),
            ("sh -c 'kill -9 $$'", "was ended by a signal"),
            ("sh -c 'yes hidden'", "said more than 64 KiB"),
            ("sleep 60", "did not end within 2 s"),
            ("sh -c 'exec >&-; sleep 60'", "did not end within 2 s"),
        ] {
            let told = run(line).unwrap_err();
            assert!(told.contains(why) && !told.contains("hidden"), "{line}: {told}");
        }
    }
}
