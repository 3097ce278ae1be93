//! Which distribution a process sees as its own.

use crate::{
    model::payload::{FactTable, FactValue},
    sources::environment::root::Root,
};

/// Longest word that is one.
const LONGEST: usize = 128;

/// `ID` and `VERSION_ID` of os-release(5).
pub(super) fn tell(table: &mut FactTable, root: &Root) {
    let places = ["/etc/os-release", "/usr/lib/os-release"];
    let found = places.iter().find_map(|path| root.read(path).transpose().map(|text| (*path, text)));
    for (fact, key) in [("os.id", "ID"), ("os.version", "VERSION_ID")] {
        match &found {
            None => table.absent(fact),
            Some((_, Err(gap))) => table.gap(fact, gap.clone()),
            Some((path, Ok(text))) => table.answer(fact, Ok(word(text, key).map(FactValue::Text)), format!("{key} in {}", root.shown(path))),
        }
    }
}

/// A value, without the quotes of the shell.
fn word(text: &str, key: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?.trim();
    let plain = value.trim_matches(['"', '\'']);
    let clean: String = plain.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    (!clean.is_empty()).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_shell() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n";
        assert_eq!((word(debian, "ID").as_deref(), word(debian, "VERSION_ID").as_deref()), (Some("debian"), Some("12")));
        assert_eq!(word("ID=arch\n", "VERSION_ID"), None);
        let mut table = FactTable::default();
        tell(&mut table, &Root::machine());
        let shell = std::process::Command::new("sh").args(["-c", ". /etc/os-release && printf %s \"$ID\""]).output().unwrap();
        if shell.status.success() {
            assert_eq!(
                format!("{}", table.0.get("os.id").map(|c| format!("{c:?}")).unwrap().contains(&String::from_utf8(shell.stdout).unwrap())),
                "true"
            );
        }
    }
}
