use super::keeper::Keeper;
use crate::model::payload::SpanRow;

/// Spans that are taken from one document. A row takes some 700 bytes, so that this bounds what one answer or export makes
/// us hold to about 140 MB. Batches of exporters have 512 spans by default; a search answer of Jaeger that has more is asked
/// for again in halves.
pub const MOST_SPANS: usize = 200_000;

/// What was read of a document so far.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    /// The spans.
    pub rows: Vec<SpanRow>,
    /// Spans that had no valid id.
    pub without_id: u64,
    /// Were there more spans than are taken?
    pub too_many: bool,
}

impl Read {
    /// Takes a span, `None` where it has no valid id.
    pub fn take(&mut self, row: Option<SpanRow>) {
        match row {
            Some(_) if self.rows.len() >= MOST_SPANS => self.too_many = true,
            Some(row) => self.rows.push(row),
            None => self.without_id += 1,
        }
    }
    /// Takes what was read of a part.
    pub fn join(&mut self, part: Read) {
        self.without_id += part.without_id;
        self.too_many |= part.too_many;
        if self.rows.is_empty() {
            self.rows = part.rows;
        } else {
            part.rows.into_iter().for_each(|row| self.take(Some(row)));
        }
    }
    /// Tells each span what the document tells of all of them, in whatever order.
    pub fn all(&mut self, tell: impl Fn(&mut Keeper)) {
        for row in &mut self.rows {
            let mut keeper = Keeper::of(std::mem::take(row));
            tell(&mut keeper);
            *row = keeper.row();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_so_many_and_says_that_there_were_more() {
        let full = || Read { rows: vec![SpanRow::default(); MOST_SPANS], ..Read::default() };
        let mut read = full();
        assert!(!read.too_many);
        read.take(None);
        read.take(Some(SpanRow::default()));
        assert_eq!((read.rows.len(), read.without_id, read.too_many), (MOST_SPANS, 1, true));
        let mut read = Read::default();
        read.join(full());
        assert!(!read.too_many);
        read.join(Read { rows: vec![SpanRow::default()], ..Read::default() });
        assert!(read.too_many && read.rows.len() == MOST_SPANS);
    }
}
