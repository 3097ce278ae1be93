use super::label;
use crate::{
    model::units::Wall,
    sources::{
        native::{Bucket, SCHEMAS},
        wire::{Broken, Fields, Value, signed, varint},
    },
};

/// One histogram of a page, not yet read further.
#[derive(Clone, Copy, Debug)]
pub struct Histogram<'a> {
    message: &'a [u8],
}

/// What a histogram holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Observations.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// Cumulative counts by upper edge, as a classic histogram has them.
    pub classic: Vec<(f64, f64)>,
    /// The buckets of a native histogram; `None` if it is none.
    pub native: Option<Vec<Bucket>>,
    /// When it was created, seconds since the epoch, if told.
    pub created: Option<f64>,
}

/// An exemplar.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark<'a> {
    /// Its labels.
    pub labels: Vec<(&'a str, &'a str)>,
    /// The observed value.
    pub value: f64,
    /// Upper edge of the classic bucket that bears it; +Inf where the whole histogram does.
    pub le: f64,
    /// When, if told.
    pub at: Option<Wall>,
}

/// Client libraries keep to 160 buckets; schema 8 has 256 in each power of two.
const MOST: usize = 16_384;
/// More labels than these are on no exemplar (OpenMetrics 1.0 allows 128 characters).
const LABELS: usize = 16;

/// Buckets on one side of zero as they are written: spans say which, deltas or counts say how many.
#[derive(Default)]
struct Side {
    spans: Vec<(i64, u64)>,
    deltas: Vec<i64>,
    counts: Vec<f64>,
}

impl<'a> Histogram<'a> {
    /// From a message's bytes.
    pub(super) fn of(message: &'a [u8]) -> Histogram<'a> {
        Histogram { message }
    }

    /// Reads it. A native histogram is one that says so as Prometheus asks it: by a span, a zero threshold or a zero count.
    pub fn read(&self) -> Result<Buckets, Broken> {
        let mut out = Buckets::default();
        let (mut schema, mut threshold, mut zero) = (0, 0.0, 0.0);
        let (mut negative, mut positive) = (Side::default(), Side::default());
        for field in Fields::of(self.message) {
            match field? {
                (1, Value::Varint(n)) => out.count = n as f64,
                (4, Value::Fixed64(bits)) => out.count = float_or(bits, out.count),
                (2, Value::Fixed64(bits)) => out.sum = f64::from_bits(bits),
                (3, Value::Bytes(bucket)) => out.classic.push(room(classic(bucket)?, out.classic.len())?),
                (5, Value::Varint(s)) => schema = signed(s),
                (6, Value::Fixed64(bits)) => threshold = f64::from_bits(bits),
                (7, Value::Varint(n)) => zero = n as f64,
                (8, Value::Fixed64(bits)) => zero = float_or(bits, zero),
                (15, Value::Bytes(at)) => out.created = Some(seconds(at)?),
                (number @ 9..=14, value) => {
                    let side = if number < 12 { &mut negative } else { &mut positive };
                    side.take((number - 9) % 3, value)?;
                }
                _ => {}
            }
        }
        let native = !negative.spans.is_empty() || !positive.spans.is_empty() || threshold > 0.0 || zero > 0.0;
        if native {
            let mut bars = vec![];
            if zero > 0.0 {
                bars.push(Bucket { lower: -threshold, upper: threshold, count: zero });
            }
            positive.bars(schema, &mut |lower, upper, count| bars.push(Bucket { lower, upper, count }))?;
            negative.bars(schema, &mut |lower, upper, count| bars.push(Bucket { lower: -upper, upper: -lower, count }))?;
            out.native = Some(bars);
        }
        Ok(out)
    }

    /// Its exemplars, of the buckets and of the whole.
    pub fn marks(&self) -> impl Iterator<Item = Result<Mark<'a>, Broken>> + use<'a> {
        Fields::of(self.message).filter_map(|field| match field {
            Ok((3, Value::Bytes(bucket))) => of_bucket(bucket).transpose(),
            Ok((16, Value::Bytes(exemplar))) => Some(mark(exemplar, f64::INFINITY)),
            Ok(_) => None,
            Err(broken) => Some(Err(broken)),
        })
    }
}

impl Side {
    /// Spans (0), deltas (1) or counts (2); numbers one by one or packed.
    fn take(&mut self, what: u32, value: Value<'_>) -> Result<(), Broken> {
        match (what, value) {
            (0, Value::Bytes(span)) => {
                let (mut offset, mut length) = (0, 0);
                for field in Fields::of(span) {
                    match field? {
                        (1, Value::Varint(o)) => offset = signed(o),
                        (2, Value::Varint(l)) => length = l,
                        _ => {}
                    }
                }
                self.spans.push(room((offset, length), self.spans.len())?);
            }
            (1, Value::Varint(delta)) => self.deltas.push(room(signed(delta), self.deltas.len())?),
            (1, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    self.deltas.push(room(signed(varint(&mut packed)?), self.deltas.len())?);
                }
            }
            (2, Value::Fixed64(bits)) => self.counts.push(room(f64::from_bits(bits), self.counts.len())?),
            (2, Value::Bytes(packed)) => {
                let (whole, rest) = packed.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(Broken("packed numbers have no end"));
                }
                for bits in whole {
                    self.counts.push(room(f64::from_le_bytes(*bits), self.counts.len())?);
                }
            }
            _ => return Err(Broken("a bucket of a native histogram is written in a way that the format does not have")),
        }
        Ok(())
    }

    /// Bucket `i` reaches from 2^((i - 1) · 2^-schema) to 2^(i · 2^-schema).
    fn bars(&self, schema: i64, bar: &mut impl FnMut(f64, f64, f64)) -> Result<(), Broken> {
        let disagree = Err(Broken("the spans of a native histogram and its counts disagree"));
        if self.spans.iter().all(|span| span.1 == 0) && self.deltas.is_empty() && self.counts.is_empty() {
            return Ok(());
        }
        if !SCHEMAS.contains(&i8::try_from(schema).unwrap_or(i8::MAX)) {
            return Err(Broken("a native histogram has a schema that scrapes do not have (-4 to 8)"));
        }
        let per_octave = (schema as f64).exp2();
        let edge = |index: i64| (index as f64 / per_octave).exp2();
        let mut running = 0i64;
        let deltas = self.deltas.iter().map(|delta| {
            running = running.saturating_add(*delta);
            running as f64
        });
        // Either kind of count is there, never both.
        let mut counts = deltas.chain(self.counts.iter().copied());
        let mut index = 0i64;
        for (offset, length) in &self.spans {
            index = index.saturating_add(*offset);
            for _ in 0..*length {
                let Some(count) = counts.next() else { return disagree };
                bar(edge(index.saturating_sub(1)), edge(index), count);
                index = index.saturating_add(1);
            }
        }
        if counts.next().is_some() { disagree } else { Ok(()) }
    }
}

fn room<T>(one: T, held: usize) -> Result<T, Broken> {
    if held < MOST { Ok(one) } else { Err(Broken("a histogram has more buckets than any that times requests")) }
}

/// The float form of a count holds only if it is above 0; else the whole number does.
fn float_or(bits: u64, whole: f64) -> f64 {
    let float = f64::from_bits(bits);
    if float > 0.0 || float.is_nan() { float } else { whole }
}

/// Upper edge and cumulative count.
fn classic(bucket: &[u8]) -> Result<(f64, f64), Broken> {
    let (mut edge, mut count) = (0.0, 0.0);
    for field in Fields::of(bucket) {
        match field? {
            (1, Value::Varint(n)) => count = n as f64,
            (4, Value::Fixed64(bits)) => count = float_or(bits, count),
            (2, Value::Fixed64(bits)) => edge = f64::from_bits(bits),
            _ => {}
        }
    }
    if edge.is_nan() { Err(Broken("the edge of a bucket is no number")) } else { Ok((edge, count)) }
}

fn of_bucket(bucket: &[u8]) -> Result<Option<Mark<'_>>, Broken> {
    let (le, _) = classic(bucket)?;
    for field in Fields::of(bucket) {
        if let (3, Value::Bytes(exemplar)) = field? {
            return mark(exemplar, le).map(Some);
        }
    }
    Ok(None)
}

fn mark(exemplar: &[u8], le: f64) -> Result<Mark<'_>, Broken> {
    let mut mark = Mark { labels: vec![], value: 0.0, le, at: None };
    for field in Fields::of(exemplar) {
        match field? {
            (1, Value::Bytes(_)) if mark.labels.len() >= LABELS => return Err(Broken("an exemplar has more labels than any has")),
            (1, Value::Bytes(pair)) => mark.labels.push(label(pair)?),
            (2, Value::Fixed64(bits)) => mark.value = f64::from_bits(bits),
            (3, Value::Bytes(at)) => mark.at = Some(Wall((seconds(at)? * 1e6).round() as i64)),
            _ => {}
        }
    }
    Ok(mark)
}

/// `google.protobuf.Timestamp`, seconds since the epoch.
fn seconds(timestamp: &[u8]) -> Result<f64, Broken> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::of(timestamp) {
        match field? {
            (1, Value::Varint(s)) => seconds = s.cast_signed(),
            (2, Value::Varint(n)) => nanos = n.cast_signed(),
            _ => {}
        }
    }
    Ok(seconds as f64 + nanos as f64 / 1e9)
}
