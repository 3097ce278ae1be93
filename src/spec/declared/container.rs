//! Facts of one container, told alike from whichever kind of file: a value, absent, a default of the platform, or who decides.

use super::document::Document;
use crate::{
    kept::{self, arguments},
    model::{
        evidence::Gap,
        node::{At, Node, Value},
        payload::{FactKind, FactTable, FactValue},
    },
};

/// What it means that a key is not there.
pub(super) enum Missing {
    /// There is none: a limit that is not set.
    Absent,
    /// The platform has a default: its value, and whose it is.
    Default(FactValue, &'static str),
    /// Something else decides, and the file does not say what it is.
    Decided(&'static str),
}

/// Why the image decides.
pub(super) const IMAGE: Missing = Missing::Decided("the image decides; ask `docker image inspect`");

pub(super) struct Container<'a> {
    pub(super) document: &'a Document,
    pub(super) table: FactTable,
    at: At,
    /// The file says that more of it stands elsewhere: nothing that is missing can be told.
    inherits: bool,
}

impl<'a> Container<'a> {
    pub(super) fn new(document: &'a Document, at: At, inherits: bool) -> Container<'a> {
        Container { document, table: FactTable::default(), at, inherits }
    }

    /// A fact of one value. The reader may find that it means "none".
    pub(super) fn tell<E: ToString>(
        &mut self,
        fact: &str,
        node: Option<&Node>,
        missing: Missing,
        read: impl Fn(&str) -> Result<Option<FactValue>, E>,
    ) {
        let Some(node) = node.filter(|node| node.value != Value::Null) else { return self.missing(fact, missing) };
        let answer = self.document.value(node).and_then(|text| {
            read(text.trim())
                .map_err(|why| Gap::Malformed(format!("{}: {}", self.document.place(node.at), why.to_string().replace(char::is_control, "\u{fffd}"))))
        });
        self.table.answer(fact, answer, self.document.place(node.at));
    }

    /// The same of a kind that reads itself.
    pub(super) fn kind(&mut self, fact: &str, node: Option<&Node>, missing: Missing, kind: FactKind) {
        self.tell(fact, node, missing, |text| kind.read(text).map(Some));
    }

    pub(super) fn missing(&mut self, fact: &str, missing: Missing) {
        let place = self.document.place(self.at);
        match missing {
            _ if self.inherits => self.gap(fact, "it may stand where this one extends from; give the output of `docker compose config`"),
            Missing::Absent => self.table.absent(fact),
            Missing::Default(value, whose) => self.table.put(fact, value, format!("{place}, {whose}")),
            Missing::Decided(who) => self.gap(fact, who),
        }
    }

    pub(super) fn gap(&mut self, fact: &str, why: &str) {
        self.table.gap(fact, Gap::NotConfigured(format!("{}: {why}", self.document.place(self.at))));
    }

    /// The image and its digest. A tag is no identity: it may be another image tomorrow.
    pub(super) fn image(&mut self, node: Option<&Node>) {
        let read = node.map(|node| (node, self.document.value(node)));
        match read {
            None => {
                self.missing("container.image", Missing::Decided("no image is named; it is built where it is deployed"));
                self.missing("container.digest", Missing::Decided("no image is named; it is built where it is deployed"));
            }
            Some((_, Err(gap))) => {
                self.table.gap("container.image", gap.clone());
                self.table.gap("container.digest", gap);
            }
            Some((node, Ok(text))) => {
                let (image, digest) = text.split_once('@').map_or((text.as_str(), None), |(image, digest)| (image, Some(digest)));
                let place = self.document.place(node.at);
                self.table.put("container.image", FactValue::Text(kept::plain(image)), place.clone());
                match digest.map(|digest| FactKind::Digest.read(digest)) {
                    Some(Ok(digest)) => self.table.put("container.digest", digest, place),
                    Some(Err(why)) => self.table.gap("container.digest", Gap::Malformed(format!("{place}: {why}"))),
                    None => self.gap("container.digest", "the image has a tag only, which may move; name it with `@sha256:…`"),
                }
            }
        }
    }

    /// A command as it is written: one text, or a list of words.
    pub(super) fn command(&mut self, fact: &str, node: Option<&Node>) {
        let Some(node) = node.filter(|node| node.value != Value::Null) else { return self.missing(fact, IMAGE) };
        let words: Result<Vec<String>, _> = match &node.value {
            Value::List(items) => items.iter().map(|item| self.document.value(item)).collect(),
            _ => self.document.value(node).map(|text| text.split_whitespace().map(str::to_owned).collect()),
        };
        self.table.answer(fact, words.map(|words| arguments::shown(Some(&words))), self.document.place(node.at));
    }
}
