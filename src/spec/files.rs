//! The texts that were read, for showing a problem where it was written. Secrets are blacked out in them.

use crate::model::node::At;
use std::ops::Range;

/// Texts by file number; a place's `file` counts from 1, 0 is "nowhere".
#[derive(Clone, Debug, Default)]
pub struct Files(Vec<File>);

#[derive(Clone, Debug)]
struct File {
    name: String,
    text: String,
}

impl Files {
    /// Adds a text under the name that users know it by; gives its number. Line ends become `\n`.
    pub fn add(&mut self, name: impl Into<String>, text: &str) -> u16 {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
        self.0.push(File { name: name.into(), text });
        u16::try_from(self.0.len()).unwrap_or(0)
    }
    /// The name of the file of a place, if it is a place.
    pub fn name(&self, at: At) -> Option<&str> {
        self.file(at.file).map(|f| f.name.as_str())
    }
    /// The text of a file, empty if there is none.
    pub fn text(&self, file: u16) -> &str {
        self.file(file).map_or("", |f| &f.text)
    }
    /// The bytes that a place covers; `None` for a place that is not in the text.
    pub fn bytes(&self, at: At) -> Option<Range<usize>> {
        let text = &self.file(at.file)?.text;
        let line = usize::try_from(at.line).ok()?.checked_sub(1)?;
        let start = if line == 0 { 0 } else { text.match_indices('\n').nth(line - 1)?.0 + 1 };
        let mut chars = text[start..].char_indices().map(|(i, _)| start + i).chain([text.len()]);
        let from = chars.nth(at.col.saturating_sub(1) as usize)?;
        let to = chars.nth((at.len as usize).saturating_sub(1)).unwrap_or(text.len());
        Some(from..to)
    }
    /// Blacks out a place, keeping lines and columns.
    pub fn mask(&mut self, at: At) {
        self.mask_all(at.file, &[at]);
    }
    /// Blacks out places of one file at once: there may be thousands.
    pub fn mask_all(&mut self, file: u16, places: &[At]) {
        let Some(file) = usize::from(file).checked_sub(1).and_then(|i| self.0.get_mut(i)).filter(|_| !places.is_empty()) else { return };
        let mut chars: Vec<char> = file.text.chars().collect();
        let mut lines = vec![0];
        lines.extend(chars.iter().enumerate().filter(|(_, c)| **c == '\n').map(|(i, _)| i + 1));
        for at in places {
            let Some(line) = (at.line as usize).checked_sub(1).and_then(|line| lines.get(line)) else { continue };
            let hidden = chars.iter_mut().skip(line + (at.col as usize).saturating_sub(1)).take(at.len as usize);
            hidden.filter(|c| !c.is_whitespace()).for_each(|c| *c = '*');
        }
        file.text = chars.into_iter().collect();
    }
    fn file(&self, number: u16) -> Option<&File> {
        self.0.get(usize::from(number).checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_places_in_characters_and_masks_them() {
        let mut files = Files::default();
        let file = files.add("a.yaml", "a: 1\r\nü: geheim # x\n");
        let at = |line, col, len| At { file, line, col, len };
        assert_eq!(&files.text(file)[files.bytes(at(2, 4, 6)).unwrap()], "geheim");
        files.mask(at(2, 4, 6));
        assert_eq!(files.text(file), "a: 1\nü: ****** # x\n");
        assert_eq!(files.bytes(at(9, 1, 1)), None);
        assert_eq!(files.bytes(at(3, 1, 1)), Some(20..20));
        assert_eq!(files.bytes(At::default()), None);
    }
}
