//! Arguments of a program as they are kept: without what looks like a secret.

use super::{plain, secrets};
use crate::model::payload::FactValue;

/// What stands in its place.
pub const HIDDEN: &str = "(not kept)";

/// All arguments on one line; none is nothing.
pub fn shown(arguments: Option<&[String]>) -> Option<FactValue> {
    let arguments = arguments.filter(|all| !all.is_empty())?;
    let quoted = |(argument, kept): (&String, String)| {
        if argument.is_empty() || argument.contains(char::is_whitespace) { format!("'{kept}'") } else { kept }
    };
    let words: Vec<String> = arguments.iter().zip(words(arguments)).map(quoted).collect();
    Some(FactValue::Text(plain(&words.join(" "))))
}

/// Each argument without secrets.
pub fn words(arguments: &[String]) -> Vec<String> {
    let mut named = None;
    arguments.iter().map(|argument| masked(argument, &mut named)).collect()
}

/// Does a text, read as arguments, hold what looks like a secret?
pub fn hold_secret(text: &str) -> bool {
    masked(text, &mut None).contains(HIDDEN)
}

/// Options whose value is a variable of the environment, of which the name alone is told (Gunicorn, Docker).
const SETS_VARIABLE: [&str; 2] = ["-e", "--env"];

/// `--env=NAME=value` and `-eNAME=value`: what stands before the value.
fn sets_variable(word: &str) -> Option<&str> {
    let long = word.strip_prefix("--env=");
    let (name, value) = long.or_else(|| word.strip_prefix("-e"))?.split_once('=')?;
    // `-enable=yes` is an option of another kind.
    let named = long.is_some() || name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (named && !name.is_empty()).then(|| &word[..word.len() - value.len() - 1])
}

/// One argument, as a whole and then word by word: a script of `sh -c` is one argument of many words. `named` is what the last
/// word announced.
fn masked(argument: &str, named: &mut Option<String>) -> String {
    if named.as_ref().is_some_and(|option| !SETS_VARIABLE.contains(&option.as_str()) && is_secret(option, argument)) {
        *named = None;
        return HIDDEN.into();
    }
    if let Some(before) = sets_variable(argument) {
        *named = None;
        return format!("{before}={HIDDEN}");
    }
    // A value with blanks in it: all of it belongs to its name.
    if let Some((name, value)) = argument.split_once('=')
        && !name.is_empty()
        && !name.contains(char::is_whitespace)
        && (is_secret(name, value) || named.as_ref().is_some_and(|option| SETS_VARIABLE.contains(&option.as_str())))
    {
        *named = None;
        return format!("{name}={HIDDEN}");
    }
    let mut kept: Vec<String> = vec![];
    for word in argument.split_whitespace() {
        match named.take() {
            Some(name) if SETS_VARIABLE.contains(&name.as_str()) && word.contains('=') => {
                kept.push(format!("{}={HIDDEN}", word.split('=').next().unwrap_or_default()));
            }
            Some(name) if is_secret(&name, word) => kept.push(HIDDEN.into()),
            _ => match word.split_once('=').filter(|(name, _)| !name.is_empty()) {
                Some((name, value)) if is_secret(name, value) => kept.push(format!("{name}={HIDDEN}")),
                Some(_) if let Some(before) = sets_variable(word) => kept.push(format!("{before}={HIDDEN}")),
                // A call in a script: also what stands in its quotes.
                _ if word.split(['\'', '"']).chain([word]).any(|part| is_secret("", part)) => kept.push(HIDDEN.into()),
                _ => kept.push(word.to_owned()),
            },
        }
        if word.strip_suffix(':').is_some_and(|header| is_secret(&format!("header.{}", trimmed(header)), "a value of any kind")) {
            // `Authorization: Bearer X`: all that follows belongs to it.
            kept.push(HIDDEN.into());
            return kept.join(" ");
        }
        *named = word.starts_with('-').then(|| word.to_owned()).filter(|word| !word.contains('='));
    }
    // A key that is broken over blanks, or one that only the whole shows.
    if is_secret("", &kept.join(" ")) { HIDDEN.into() } else { kept.join(" ") }
}

fn is_secret(name: &str, value: &str) -> bool {
    secrets::credentials(value) || !value.is_empty() && speaks_of_secret(trimmed(name)) || secrets::of(trimmed(name), value).is_some()
}

/// Does the name of an option or variable speak of a secret? Wider than that of an attribute, whose value may be a prompt's or a model's.
fn speaks_of_secret(name: &str) -> bool {
    const PARTS: [&str; 8] = ["pass", "passwd", "password", "pwd", "auth", "secret", "credential", "credentials"];
    let name = name.to_ascii_lowercase();
    // `--requirepass` of Redis.
    name.ends_with("pass") || name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| PARTS.contains(&part))
}

fn trimmed(name: &str) -> &str {
    name.trim_matches(['-', '\'', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        shown(Some(&arguments)).unwrap().to_string()
    }

    #[test]
    fn what_decides_how_it_performs_stays() {
        assert_eq!(
            text(&["uvicorn", "app:app", "--workers", "4", "--limit-max-requests=1000"]),
            "uvicorn app:app --workers 4 --limit-max-requests=1000"
        );
        assert_eq!(text(&["sh", "-c", "exec  gunicorn -w 2\napp"]), "sh -c 'exec gunicorn -w 2 app'");
        assert_eq!(text(&["serve", "--env=production", "-enable-cache=yes", "-e=x"]), "serve --env=production -enable-cache=yes -e=x");
        assert_eq!((shown(None), shown(Some(&[]))), (None, None));
    }

    #[test]
    fn secrets_are_not_kept_however_they_are_given() {
        let key = ["sk-", "proj-", "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"].concat();
        for arguments in [
            &["serve", "--api-key", "hunter2hunter2"][..],
            &["serve", "--api-key=hunter2hunter2"],
            &["serve", "--db", "postgres://u:hunter2hunter2@h/x"],
            &["serve", "--index", "https://hunter2hunter2@h/simple"],
            &["sh", "-c", "DB_PASSWORD=hunter2hunter2 exec serve"],
            &["sh", "-c", "serve --api-key hunter2hunter2 --workers 2"],
            &["curl", "-H", "Authorization: Bearer hunter2hunter2"],
            &["curl", "-H", "X-Api-Key: hunter2hunter2"],
            &["gunicorn", "app:app", "--env", "LICENCE=hunter2hunter2"],
            &["gunicorn", "-e", "LICENCE=hunter2hunter2", "-w", "2"],
            &["gunicorn", "--env=LICENCE=hunter2", "-eLICENCE=hunter2", "-w", "2"],
            &["gunicorn", "--env=LICENCE=correct hunter2"],
            &["sh", "-c", "exec gunicorn --env=LICENCE=hunter2 -eLICENCE=hunter2 app:app"],
            &["serve", "--api-key", "correct hunter2 battery"],
            &["gunicorn", "--env", "LICENCE=correct hunter2"],
            &["redis-server", "--requirepass", "hunter2"],
            &["serve", "--proxy-auth=hunter2", "--workers", "2"],
            &["sh", "-c", "TOKEN=hunter2hunter2 exec app --db postgres://u:hunter2@db/x"],
        ] {
            let shown = text(arguments);
            assert!(!shown.contains("hunter2") && shown.contains(HIDDEN), "{shown}");
            assert!(shown.starts_with(arguments[0]), "{shown}");
        }
        assert_eq!(text(&["serve", &key]), "serve (not kept)");
    }

    #[test]
    fn hostile_arguments_are_cut() {
        let shown = text(&[&"a\u{1b}[31m\n".repeat(100_000)]);
        assert!(shown.len() < 3_000 && !shown.contains(char::is_control));
        let many = |last: &'static str| text(&[vec!["x"; 5_000], vec![last]].concat());
        assert!(many("a").len() < 3_000 && many("a") != many("b"), "what is cut stays apart");
    }
}
