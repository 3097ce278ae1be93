//! Large payloads: few rows in memory, many as JSON lines in a blob beside the evidence file, sorted by their join
//! key so that joins are merges and never need all rows at once.

use super::redactor::{Redactor, UNCLEAN};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fmt,
    io::{self, BufRead, BufReader, Read, Write},
    marker::PhantomData,
    sync::Arc,
};

/// Port: where blobs lie. The implementation over a run's folder is in `store`, one in memory is [`InMemory`].
pub trait Blobs: Send + Sync {
    /// Opens a blob that was finished before.
    fn open(&self, digest: &str) -> io::Result<Box<dyn Read + Send>>;
    /// Stores a blob and returns its digest.
    fn store(&self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<String>;
    /// What takes secrets out of every row before it is stored; `None` where there are none to take out.
    fn redactor(&self) -> Option<&Redactor> {
        None
    }
}

/// The same place, for rows that may hold secrets.
pub struct Redacted {
    /// Where they lie.
    pub blobs: Arc<dyn Blobs>,
    /// What knows the secrets.
    pub redactor: Redactor,
}

impl Blobs for Redacted {
    fn open(&self, digest: &str) -> io::Result<Box<dyn Read + Send>> {
        self.blobs.open(digest)
    }
    fn store(&self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<String> {
        self.blobs.store(write)
    }
    fn redactor(&self) -> Option<&Redactor> {
        Some(&self.redactor)
    }
}

/// Gives handles inside an answer the place where their rows lie.
pub trait Attach {
    /// Called once after reading from disk. Answers without rows keep the default.
    fn attach(&mut self, _blobs: &Arc<dyn Blobs>) {}
    /// Digests of the blobs that the answer cites.
    fn blobs(&self) -> Vec<String> {
        vec![]
    }
}

/// A row has a key by which its table is sorted and joined.
pub trait Row: Serialize + DeserializeOwned + Clone + Send + 'static {
    /// The join key.
    fn key(&self) -> &str;
}

/// Rows beyond this number go to a blob.
pub const INLINE_MAX: usize = 2_000;
/// Rows held in memory while a table is being written; more are sorted and spilled as a run.
const RUN_ROWS: usize = 100_000;

/// A table of rows, sorted by [`Row::key`].
#[derive(Clone, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
pub struct Rows<T> {
    count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    inline: Vec<T>,
    #[serde(skip)]
    from: Option<Attached>,
}

#[derive(Clone)]
struct Attached(Arc<dyn Blobs>);

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.count)
    }
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows { count: 0, blob: None, inline: vec![], from: None }
    }
}

impl<T: Row> Rows<T> {
    /// A small table; sorts the rows.
    pub fn inline(mut rows: Vec<T>) -> Self {
        rows.sort_by(|a, b| a.key().cmp(b.key()));
        Rows { count: rows.len() as u64, inline: rows, ..Rows::default() }
    }
    /// How many rows there are.
    pub fn len(&self) -> u64 {
        self.count
    }
    /// Is it empty?
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
    /// The digest of the blob that holds the rows, if they are not inline.
    pub fn blob(&self) -> Option<&str> {
        self.blob.as_deref()
    }
    /// Rows in key order.
    ///
    /// # Panics
    /// When a blob that was verified at opening cannot be read any more; the engine turns that into an error of the one rule.
    pub fn iter(&self) -> Box<dyn Iterator<Item = T> + '_> {
        match (&self.blob, &self.from) {
            (None, _) => Box::new(self.inline.iter().cloned()),
            (Some(digest), Some(blobs)) => Box::new(read_rows(blobs.0.open(digest).expect("blob was verified at opening"))),
            (Some(_), None) => panic!("evidence was opened without its blobs"),
        }
    }
    /// Changes every row in a copy (negative controls); keeps the rows inline.
    pub fn alter(&mut self, change: impl FnMut(&mut T)) {
        let mut rows: Vec<T> = self.iter().collect();
        rows.iter_mut().for_each(change);
        *self = Rows::inline(rows);
    }
    /// Keeps the rows for which `keep` holds, inline (negative controls and law tests).
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        let mut rows: Vec<T> = self.iter().collect();
        rows.retain(keep);
        *self = Rows::inline(rows);
    }
}

impl<T: Row> Attach for Rows<T> {
    fn attach(&mut self, blobs: &Arc<dyn Blobs>) {
        self.from = Some(Attached(Arc::clone(blobs)));
    }
    fn blobs(&self) -> Vec<String> {
        self.blob.iter().cloned().collect()
    }
}

fn read_rows<T: DeserializeOwned>(from: Box<dyn Read + Send>) -> impl Iterator<Item = T> {
    BufReader::with_capacity(1 << 16, from)
        .lines()
        .map(|line| serde_json::from_str(&line.expect("blob was verified at opening")).expect("blob rows were written by us"))
}

/// Collects rows in any order into a sorted [`Rows`], in bounded memory.
pub struct RowsWriter<T> {
    blobs: Arc<dyn Blobs>,
    held: Vec<T>,
    runs: Vec<String>,
    count: u64,
    row: PhantomData<T>,
}

impl<T: Row> RowsWriter<T> {
    /// An empty table whose overflow goes to `blobs`.
    pub fn new(blobs: Arc<dyn Blobs>) -> Self {
        RowsWriter { blobs, held: vec![], runs: vec![], count: 0, row: PhantomData }
    }
    /// Adds a row, without secrets.
    pub fn push(&mut self, row: T) -> io::Result<()> {
        let clean = match self.blobs.redactor() {
            Some(redactor) => redactor.strip(row).ok_or_else(|| io::Error::other(UNCLEAN))?,
            None => row,
        };
        self.held.push(clean);
        self.count += 1;
        if self.held.len() >= RUN_ROWS { self.spill() } else { Ok(()) }
    }
    fn spill(&mut self) -> io::Result<()> {
        let mut rows = std::mem::take(&mut self.held);
        rows.sort_by(|a, b| a.key().cmp(b.key()));
        self.runs.push(self.blobs.store(&mut |out| write_rows(out, rows.iter()))?);
        Ok(())
    }
    /// The finished table.
    pub fn finish(mut self) -> io::Result<Rows<T>> {
        if self.runs.is_empty() && self.held.len() <= INLINE_MAX {
            return Ok(Rows::inline(self.held));
        }
        if !self.held.is_empty() {
            self.spill()?;
        }
        let digest = match self.runs.as_slice() {
            [only] => only.clone(),
            runs => {
                let mut write = |out: &mut dyn Write| {
                    let opened: io::Result<Vec<_>> = runs.iter().map(|d| self.blobs.open(d).map(read_rows::<T>)).collect();
                    let mut heads: Vec<_> = opened?.into_iter().map(Iterator::peekable).collect();
                    while let Some(row) = take_least(&mut heads) {
                        write_rows(out, std::iter::once(&row))?;
                    }
                    Ok(())
                };
                self.blobs.store(&mut write)?
            }
        };
        Ok(Rows { count: self.count, blob: Some(digest), inline: vec![], from: Some(Attached(self.blobs)) })
    }
}

/// The next row of a merge of sorted runs.
fn take_least<T: Row>(heads: &mut [std::iter::Peekable<impl Iterator<Item = T>>]) -> Option<T> {
    let mut least: Option<(usize, String)> = None;
    for (i, head) in heads.iter_mut().enumerate() {
        if let Some(row) = head.peek()
            && least.as_ref().is_none_or(|(_, key)| row.key() < key.as_str())
        {
            least = Some((i, row.key().to_owned()));
        }
    }
    heads[least?.0].next()
}

fn write_rows<'a, T: Row>(out: &mut dyn Write, rows: impl Iterator<Item = &'a T>) -> io::Result<()> {
    for row in rows {
        serde_json::to_writer(&mut *out, row)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Blobs in memory: for tests and for programs that keep no run.
#[derive(Default)]
pub struct InMemory(std::sync::Mutex<std::collections::BTreeMap<String, Arc<[u8]>>>);

impl Blobs for InMemory {
    fn open(&self, digest: &str) -> io::Result<Box<dyn Read + Send>> {
        let held = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
        let bytes = held.get(digest).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(io::Cursor::new(bytes)))
    }
    fn store(&self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<String> {
        let mut bytes = vec![];
        write(&mut bytes)?;
        let digest = super::evidence::digest(&bytes);
        self.0.lock().map_err(|_| io::Error::other("poisoned"))?.insert(digest.clone(), bytes.into());
        Ok(digest)
    }
}
