//! Packages as facts: names as PEP 503 writes them, versions, and where those came from that no index has.

use super::origin;
use crate::{
    kept,
    model::{
        evidence::{Gap, digest},
        payload::{FactTable, FactValue, Scheme},
    },
};
use pep440_rs::Version;
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

/// Longest name and version that are kept.
const LONGEST: usize = 128;

/// What was read of one package.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Package {
    /// As its metadata say.
    pub(super) name: Option<String>,
    pub(super) version: Result<String, Gap>,
    /// `direct_url.json` (PEP 610), where it has one.
    pub(super) direct_url: Option<Result<String, Gap>>,
    /// Its folder's name: `Name-1.0.dist-info`.
    pub(super) folder: String,
}

/// Tells them, and that these are all.
pub(super) fn tell(table: &mut FactTable, packages: Vec<Package>, from: &str) {
    let mut by_name: BTreeMap<String, Vec<Package>> = BTreeMap::new();
    for package in packages {
        let name = package.name.clone().unwrap_or_else(|| package.folder.split('-').next().unwrap_or_default().to_owned());
        by_name.entry(normalised(&name)).or_default().push(package);
    }
    let (mut count, mut sources) = (0, 0);
    for (name, same) in by_name {
        count += 1;
        table.answer(format!("python.packages.{name}"), version(&same).map(Some), from);
        if let Some(text) = same.iter().find_map(|package| package.direct_url.clone()) {
            sources += 1;
            let origin = text.and_then(|text| origin::of(&text).ok_or_else(|| broken(&format!("{name}/direct_url.json"))));
            table.answer(format!("python.sources.{name}"), origin.map(|text| Some(FactValue::Text(kept::plain(&text)))), from);
        }
    }
    table.put("python.packages", FactValue::List(count), from);
    table.put("python.sources", FactValue::List(sources), from);
}

/// Says that there may be others.
pub(super) fn incomplete(table: &mut FactTable, gap: &Gap) {
    for list in ["python.packages", "python.sources"] {
        table.gap(list, gap.clone());
    }
}

/// The version; several where a folder has several of one name, since it is chance which is used.
fn version(same: &[Package]) -> Result<FactValue, Gap> {
    let versions: BTreeSet<String> =
        same.iter().map(|package| package.version.as_ref().map(|v| kept::plain(v)).map_err(Clone::clone)).collect::<Result<_, _>>()?;
    match versions.first() {
        Some(one) if versions.len() == 1 => Ok(match Version::from_str(one) {
            Ok(_) => FactValue::version(Scheme::Pep440, one.clone()),
            Err(_) => FactValue::Text(one.clone()),
        }),
        _ => Ok(FactValue::Set(versions)),
    }
}

/// What cannot be read of a package.
pub(super) fn broken(what: &str) -> Gap {
    Gap::Malformed(format!("python: {} cannot be read; install the package anew", kept::plain(what)))
}

/// A name as indexes compare it (PEP 503). One that is no name keeps its digest, since others may be cleaned alike.
fn normalised(name: &str) -> String {
    let lower = name.trim().to_ascii_lowercase();
    let parts: Vec<&str> = lower.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    let plain = parts.join("-");
    if !plain.is_empty() && plain.len() <= LONGEST && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return plain;
    }
    let some: String = plain.chars().take(LONGEST / 2).map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    format!("{some}~{:.8}", digest(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::{Cell, Told};

    fn of(name: &str, version: &str) -> Package {
        Package { name: Some(name.into()), version: Ok(version.into()), direct_url: None, folder: String::new() }
    }

    #[test]
    fn names_are_those_of_pep_503() {
        // The examples of PEP 503 and of the packaging guide's page on names.
        for name in ["friendly-bard", "Friendly-Bard", "FRIENDLY-BARD", "friendly.bard", "friendly_bard", "friendly--bard", "FrIeNdLy-._.-bArD"] {
            assert_eq!(normalised(name), "friendly-bard", "{name}");
        }
        let hostile = normalised(&format!("a\n\u{1b}[31m{}", "x".repeat(1_000_000)));
        assert!(hostile.len() < 100 && hostile.is_ascii() && !hostile.contains(char::is_control), "{hostile}");
        assert_ne!(normalised("a b"), normalised("a_ b"));
    }

    #[test]
    fn two_of_one_name_are_both_told_and_what_is_broken_is_a_gap() {
        let mut table = FactTable::default();
        let broken = Package { name: None, version: Err(broken("x")), direct_url: Some(Ok("{".into())), folder: "Half_Done-1.dist-info".into() };
        tell(&mut table, vec![of("A.b", "1.0"), of("a_b", "2.0"), of("c", "1!2.0rc1+local"), of("d", "not a version"), broken], "there");
        let value = |id: &str| match table.0.get(&format!("python.{id}")) {
            Some(Cell::Value(Told { value, .. })) => value.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(value("packages.a-b"), FactValue::Set(["1.0", "2.0"].map(str::to_owned).into()));
        assert_eq!(value("packages.c"), FactValue::version(Scheme::Pep440, "1!2.0rc1+local"));
        assert_eq!(value("packages.d"), FactValue::Text("not a version".into()));
        assert_eq!((value("packages"), value("sources")), (FactValue::List(4), FactValue::List(1)));
        assert!(
            ["packages.half-done", "sources.half-done"]
                .iter()
                .all(|id| matches!(table.0.get(&format!("python.{id}")), Some(Cell::Gap(Gap::Malformed(_)))))
        );
    }
}
