//! The command line as text, without what looks like a secret.

use super::{Arguments, is_python};
use crate::{
    kept::arguments,
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
};

/// Tells the arguments behind the interpreter.
pub(super) fn tell(table: &mut FactTable, pid: i32, arguments: &Result<Arguments, Gap>) {
    let text = arguments.as_ref().map(|arguments| Some(shown(arguments))).map_err(Clone::clone);
    table.answer("process.command", text, format!("/proc/{pid}/cmdline"));
}

fn shown(arguments: &Arguments) -> FactValue {
    let skip = usize::from(arguments.0.first().is_some_and(|program| is_python(program)));
    arguments::shown(arguments.0.get(skip..)).unwrap_or_else(|| FactValue::Text(String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> String {
        shown(&Arguments(words.iter().map(|word| (*word).to_owned()).collect())).to_string()
    }

    #[test]
    fn secrets_are_not_shown() {
        let key = "sk-proj-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789";
        for words in [
            vec!["python3", "app.py", "--api-key", "correct horse battery"],
            vec!["python3", "app.py", "--upstream-api-key=correct horse battery"],
            vec!["app", &format!("--x={key}")],
            vec!["app", key],
            vec!["app", "--db", "postgres://u:correct horse battery@h/d"],
            vec!["app", "DB=postgres://u:correct@h/d"],
            vec!["python3", "-c", &format!("run(key='{key}')")],
            vec!["gunicorn", "app:app", "--env", "LICENCE=correct horse"],
            vec!["curl", "-H", "X-Api-Key: correct horse"],
        ] {
            let shown = of(&words);
            assert!(shown.contains(arguments::HIDDEN) && !shown.contains("correct") && !shown.contains("sk-proj"), "{shown}");
        }
        assert_eq!(of(&["/v/bin/python3", "/v/bin/uvicorn", "app:app", "--workers", "3"]), "/v/bin/uvicorn app:app --workers 3");
        assert_eq!(of(&["postgres", "-D", "/my data", ""]), "postgres -D '/my data' ''");
    }

    #[test]
    fn hostile_arguments_are_cut_to_one_line() {
        let long = "é".repeat(1_000_000);
        let (a, b) = (of(&["app", "\n\u{1b}[31m", &long]), of(&["app", "\n\u{1b}[31m", &long, "b"]));
        assert!(a.len() < 2_000 && !a.contains(char::is_control), "{a}");
        assert_ne!(a, b, "they differ behind the cut");
    }
}
