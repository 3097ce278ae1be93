//! The command line of a process, and options in it.

use crate::{model::evidence::Gap, sources::environment::root::Root};

/// Arguments beyond this are not looked at.
const MOST: usize = 4_096;

/// What a process was started with, the program's name first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arguments(pub(crate) Vec<String>);

impl Arguments {
    /// Those of a process.
    pub(crate) fn of_process(pid: i32) -> Result<Arguments, Gap> {
        let path = format!("/proc/{pid}/cmdline");
        let text = Root::machine().read(&path)?.ok_or_else(|| super::ended(pid))?;
        let arguments = Arguments::of(&text);
        match arguments.0.first() {
            None => Err(Gap::NotConfigured(format!("{path} is empty: a process of the kernel, or one that is just starting or ending"))),
            Some(_) => Ok(arguments),
        }
    }
    /// As the kernel keeps them: each with a NUL behind it.
    pub(crate) fn of(text: &str) -> Arguments {
        // Who writes a title over its arguments leaves NULs behind it.
        let text = text.trim_end_matches('\0');
        Arguments(if text.is_empty() { vec![] } else { text.split('\0').take(MOST).map(str::to_owned).collect() })
    }
    /// Did the process write a title over them (`nginx: master process ...`)? Then its environment is mostly overwritten, too.
    pub(crate) fn retitled(&self) -> bool {
        matches!(self.0.as_slice(), [one] if one.split_once(": ").is_some_and(|(name, _)| !name.is_empty() && !name.contains([' ', '/'])))
    }
    /// The value that an option has last, by any of its names: `--workers 4`, `--workers=4`, `-w 4`, `-w4`.
    pub(crate) fn option(&self, names: &[&str]) -> Option<&str> {
        option(&self.0, names)
    }
}

/// The last value of an option in words.
pub(crate) fn option<'a>(words: &'a [String], names: &[&str]) -> Option<&'a str> {
    let until = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let words = words.get(..until).unwrap_or_default();
    let value = |(i, word): (usize, &'a String)| {
        names.iter().find_map(|name| {
            let rest = word.strip_prefix(name)?;
            match rest.strip_prefix('=') {
                _ if rest.is_empty() => words.get(i + 1).map(String::as_str),
                Some(value) if name.starts_with("--") => Some(value),
                _ => (!name.starts_with("--")).then_some(rest),
            }
        })
    };
    words.iter().enumerate().rev().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_in_every_spelling_and_the_last_one_counts() {
        let of = |line: &str| Arguments(line.split(' ').map(str::to_owned).collect());
        let workers = |line: &str| of(line).option(&["--workers", "-w"]).map(str::to_owned);
        for line in ["g app -w 3", "g app -w3", "g --workers=3 app", "g --workers 3 app", "g -w 2 --workers 3"] {
            assert_eq!(workers(line).as_deref(), Some("3"), "{line}");
        }
        for line in ["g app", "g --worker-class x", "g --workers-of 3", "g app -- -w 3", "g app -w"] {
            assert_eq!(workers(line), None, "{line}");
        }
    }

    #[test]
    fn a_title_is_told_from_arguments() {
        // As nginx 1.27 and gunicorn with setproctitle show themselves.
        for title in ["nginx: master process nginx -g daemon off;\0", "gunicorn: master [app:app]\0\0\0\0"] {
            assert!(Arguments::of(title).retitled(), "{title}");
        }
        for not in ["python3\0-c\0print('a: b')\0", "/opt/my app: x\0", "uvicorn\0"] {
            assert!(!Arguments::of(not).retitled(), "{not}");
        }
        assert_eq!(Arguments::of("").0, Vec::<String>::new());
        assert_eq!(Arguments::of("a\0\0b\0").0, ["a", "", "b"], "an empty argument is one");
    }
}
