//! Which files hold a text.
#![allow(clippy::disallowed_methods, reason = "looks for what must not be on disk")]

use std::{fs, io::Read, path::Path};

/// Files below a folder that hold a text; what is gzipped is looked into.
pub fn holding(folder: &Path, text: &str) -> Vec<String> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, text));
            continue;
        }
        let bytes = fs::read(&path).expect("a file");
        let mut open = vec![];
        let zipped = flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut open).is_ok();
        if String::from_utf8_lossy(if zipped { &open } else { &bytes }).contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}
