//! The environment that a process was started with.

use super::Arguments;
use crate::{
    kept::variables::Variables,
    model::{evidence::Gap, payload::FactTable},
    sources::environment::root::Root,
};

/// Variables of a process.
pub(crate) type Environ = Vec<(String, String)>;

/// What the process was started with; what it set since is not seen.
pub(crate) fn environ(pid: i32, arguments: &Result<Arguments, Gap>) -> Result<Environ, Gap> {
    let path = format!("/proc/{pid}/environ");
    if arguments.as_ref().is_ok_and(Arguments::retitled) {
        return Err(Gap::Malformed(format!("{path}: the process writes its title there; look at what starts it")));
    }
    let text = Root::machine().read(&path)?.ok_or_else(|| super::ended(pid))?;
    of(&text, arguments, &path)
}

fn of(text: &str, arguments: &Result<Arguments, Gap>, path: &str) -> Result<Environ, Gap> {
    match arguments {
        // While a program is being started the kernel shows neither.
        Err(gap) if text.is_empty() => Err(gap.clone()),
        _ => variables(text)
            .ok_or_else(|| Gap::Malformed(format!("{path} holds no variables: the process wrote something else there; look at what starts it"))),
    }
}

/// The value of a variable; where a name stands twice, programs see the first.
pub(crate) fn variable<'a>(of: &'a [(String, String)], name: &str) -> Option<&'a str> {
    of.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn variables(text: &str) -> Option<Environ> {
    let entries = text.split('\0').filter(|entry| !entry.is_empty());
    entries.map(|entry| entry.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))).collect()
}

/// Tells them, or why they could not be read.
pub(super) fn tell_environ(table: &mut FactTable, pid: i32, environ: Result<Environ, Gap>, variables: &Variables) {
    match environ {
        Ok(environ) => variables.tell(table, environ, &format!("/proc/{pid}/environ")),
        Err(gap) => table.gap("env", gap),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader},
        process::{Command, Stdio},
    };

    #[test]
    fn who_is_being_started_is_not_said_to_have_no_variables() {
        // What the kernel shows until a program's arguments and variables are in their place.
        let starts = Err(Gap::NotConfigured("/proc/7/cmdline is empty".into()));
        assert_eq!(of("", &starts, "/proc/7/environ"), starts.clone().map(|_: Arguments| vec![]));
        assert_eq!(of("", &Ok(Arguments(vec!["sleep".into()])), "/proc/7/environ"), Ok(vec![]), "started with none");
        assert_eq!(of("A=1\0", &starts, "/proc/7/environ"), Ok(vec![("A".into(), "1".into())]), "they came meanwhile");
    }

    #[test]
    fn what_is_no_list_of_variables_is_not_told_as_one() {
        let (a, b) = (("A".to_owned(), "1=2".to_owned()), ("B".to_owned(), String::new()));
        assert_eq!(variables("A=1=2\0B=\0"), Some(vec![a, b]));
        assert_eq!(variables(""), Some(vec![]), "started with none");
        assert_eq!(variables("postgres: checkpointer \0\0\0B=2\0"), None);
        let titled = Ok(Arguments(vec!["nginx: worker process".into()]));
        assert!(matches!(environ(1, &titled), Err(Gap::Malformed(why)) if why.contains("title")));
    }

    #[test]
    fn variables_are_those_that_a_program_was_started_with() {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "echo started; read end"]).env_clear().env("WEB_CONCURRENCY", "3").env("LINE", "a\nb");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        // Until it runs, the kernel shows none.
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        let pid = child.id().cast_signed();
        let read = environ(pid, &Arguments::of_process(pid));
        child.kill().unwrap();
        child.wait().unwrap();
        let read = read.unwrap();
        assert_eq!((variable(&read, "WEB_CONCURRENCY"), variable(&read, "LINE"), read.len()), (Some("3"), Some("a\nb"), 2));
    }
}
