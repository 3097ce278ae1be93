use crate::{
    kept,
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
    sources::environment::root::Root,
};

/// Reads files below a root, one fact each, and writes down what they say.
pub struct Reader<'a> {
    /// Where paths begin.
    pub root: &'a Root,
    /// Where facts are written.
    pub table: FactTable,
}

/// What a file says: a value; nothing, as of a list that is empty; or what should have stood there.
pub type Says = Result<Option<FactValue>, &'static str>;

impl Reader<'_> {
    /// Tells one fact by one file. Where there is no such file, the fact is absent.
    pub fn tell(&mut self, fact: &str, path: &str, says: impl FnOnce(&str) -> Says) {
        let answer = self.root.read(path).and_then(|text| match text {
            Some(text) => says(&text).map_err(|expected| self.odd(path, expected)),
            None => Ok(None),
        });
        self.table.answer(fact, answer, self.root.shown(path));
    }
    /// Tells several facts by one file, of which each may be missing in it.
    pub fn tell_all(&mut self, path: &str, facts: &[(&str, &dyn Fn(&str) -> Says)]) {
        let text = self.root.read(path);
        for (fact, says) in facts {
            let answer = match &text {
                Ok(Some(text)) => says(text).map_err(|expected| self.odd(path, expected)),
                Ok(None) => Ok(None),
                Err(gap) => Err(gap.clone()),
            };
            self.table.answer(*fact, answer, self.root.shown(path));
        }
    }
    /// A file that does not look like itself.
    pub fn odd(&self, path: &str, expected: &str) -> Gap {
        Gap::Malformed(format!("{} does not hold {expected}; look at it by hand", self.root.shown(path)))
    }
}

/// A line; an empty one says nothing.
#[allow(clippy::unnecessary_wraps, reason = "every reading of a file has this shape")]
pub fn text(text: &str) -> Says {
    let text = kept::plain(text);
    Ok((!text.is_empty()).then_some(FactValue::Text(text)))
}

/// A whole number.
pub fn count(text: &str) -> Says {
    text.trim().parse().map(|n| Some(FactValue::Count(n))).map_err(|_| "a whole number")
}

/// `0` or `1`.
pub fn flag(text: &str) -> Says {
    match text.trim() {
        "0" => Ok(Some(FactValue::Flag(false))),
        "1" => Ok(Some(FactValue::Flag(true))),
        _ => Err("0 or 1"),
    }
}

/// Words without an order.
pub fn words(text: &str) -> Says {
    kept::set(text.split_whitespace(), "").map(Some).map_err(|_| "a short list of words")
}

/// The word in brackets: `always [madvise] never`.
pub fn bracketed(text: &str) -> Says {
    let chosen = text.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(word, _)| kept::plain(word));
    chosen.map(|word| Some(FactValue::Text(word))).ok_or("a word in brackets")
}

/// The value behind a key of lines `KEY<by>VALUE`, if there is one.
pub fn field<'a>(text: &'a str, key: &str, by: char) -> Option<&'a str> {
    text.lines().find_map(|line| line.split_once(by).filter(|(k, _)| k.trim() == key).map(|(_, value)| value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Cell;
    use std::fs;

    #[test]
    fn what_is_missing_is_absent_and_what_is_odd_is_a_gap_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("odd"), "a lot\n").unwrap();
        fs::write(folder.path().join("good"), "60\n").unwrap();
        fs::create_dir(folder.path().join("folder")).unwrap();
        let root = Root::at(folder.path());
        let mut reader = Reader { root: &root, table: FactTable::default() };
        reader.tell("none", "/none", count);
        reader.tell("odd", "/odd", count);
        reader.tell("good", "/good", count);
        reader.tell("folder", "/folder", count);
        let cell = |fact: &str| reader.table.0.get(fact).unwrap();
        assert_eq!(cell("none"), &Cell::Absent);
        assert!(matches!(cell("odd"), Cell::Gap(Gap::Malformed(why)) if why.contains("/odd") && why.contains("whole number")));
        assert!(matches!(cell("good"), Cell::Value(told) if told.value == FactValue::Count(60) && told.from.ends_with("/good")));
        assert!(matches!(cell("folder"), Cell::Gap(_)));
    }

    #[test]
    fn files_of_the_kernel_are_read_as_it_writes_them() {
        assert_eq!(bracketed("always [madvise] never\n"), Ok(Some(FactValue::Text("madvise".into()))));
        assert!(bracketed("always madvise never\n").is_err());
        assert_eq!(flag("1\n"), Ok(Some(FactValue::Flag(true))));
        assert!(flag("2\n").is_err());
        assert_eq!(count("9223372036854775807\n"), Ok(Some(FactValue::Count(i64::MAX))));
        assert!(count("18446744073709551615\n").is_err());
        assert_eq!(text("\n"), Ok(None));
        assert_eq!(field("processor\t: 0\nmodel name\t: AMD EPYC: 7R13\n", "model name", ':'), Some("AMD EPYC: 7R13"));
    }
}
