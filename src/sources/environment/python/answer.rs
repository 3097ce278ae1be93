//! What the interpreter told of itself.

use super::{
    LONGEST,
    package::{self, Package},
};
use crate::{
    kept,
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue, Scheme},
    },
};
use serde::Deserialize;

/// The line that the script writes.
#[derive(Debug, Deserialize)]
pub(super) struct Answer {
    version: String,
    implementation: String,
    gil: bool,
    optimised: Option<bool>,
    openssl: Option<String>,
    sqlite: Option<String>,
    packages: Vec<(Option<String>, Option<String>, Option<String>, String)>,
    cut: bool,
}

/// Reads it. An error: what the program said instead is not repeated.
pub(super) fn read(bytes: &[u8]) -> Result<Answer, String> {
    if bytes.len() > LONGEST {
        return Err(format!("its interpreter told more than {LONGEST} bytes"));
    }
    serde_json::from_slice(bytes).map_err(|_| "its interpreter did not tell (older than Python 3.8, or a part of it is missing)".to_owned())
}

impl Answer {
    /// Tells it.
    pub(super) fn tell(self, table: &mut FactTable, from: &str) {
        let text = |text: String| FactValue::Text(kept::plain(&text));
        // `3.15.0a0+` is built between two releases, and no version by PEP 440.
        table.put("python.version", FactValue::version(Scheme::Pep440, kept::plain(self.version.trim_end_matches('+'))), from);
        table.put("python.implementation", text(self.implementation), from);
        table.put("python.gil", FactValue::Flag(self.gil), from);
        table.answer("python.optimised", Ok(self.optimised.map(FactValue::Flag)), from);
        table.answer("python.openssl", Ok(self.openssl.map(text)), from);
        table.answer("python.sqlite", Ok(self.sqlite.map(text)), from);
        let packages = self.packages.into_iter().map(|(name, version, direct_url, folder)| Package {
            name: name.filter(|name| !name.is_empty()),
            version: version.filter(|version| !version.is_empty()).ok_or_else(|| package::broken(&folder)),
            direct_url: direct_url.map(Ok),
            folder,
        });
        package::tell(table, packages.collect(), from);
        if self.cut {
            package::incomplete(table, &Gap::Truncated("python: there are more packages than are told; look at the folder of its packages".into()));
        }
    }
}
