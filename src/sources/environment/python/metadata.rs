//! The head of a package's metadata: `Name: x`, `Version: y`, up to the first empty line.

/// Lines of a head beyond this are not read: classifiers and requirements stand behind name and version.
const MOST: usize = 10_000;

/// Name and version; `None` each where it is not there.
pub(super) fn name_and_version(text: &str) -> (Option<String>, Option<String>) {
    let head: Vec<&str> = text.lines().take(MOST).take_while(|line| !line.trim().is_empty()).collect();
    let value = |key: &str| {
        let mut all = head.iter().filter_map(|line| line.split_once(':'));
        all.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
    };
    (value("Name"), value("Version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_head_counts() {
        let some = |text: &str| Some(text.to_owned());
        let real = "Metadata-Version: 2.1\nName: Hypercorn\nVersion: 0.18.0\nSummary: A server\n\nVersion: 9\n";
        assert_eq!(name_and_version(real), (some("Hypercorn"), some("0.18.0")));
        assert_eq!(name_and_version("name: a\r\nVERSION: 1\r\n\r\n"), (some("a"), some("1")));
        assert_eq!(name_and_version("Metadata-Version: 2.1\n\nName: a\nVersion: 1\n"), (None, None));
        assert_eq!(name_and_version(""), (None, None));
    }
}
