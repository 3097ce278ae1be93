use super::{
    doubts::{Collected, Doubts, shown},
    family::{self, ENDINGS},
    format::Format,
    histogram::Agreement,
    line::{self, Line, bare_name, quoted},
    page::{Family, Kind, Page, Sample},
    series,
};
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
};

/// Series of a page that are told from each other, some 30 bytes each. No scraper takes as many of one target: Prometheus
/// itself advises limits (`sample_limit`) a hundred times lower.
const MOST_SERIES: usize = 5_000_000;
/// Families of a page, some 200 bytes each.
const MOST_FAMILIES: usize = 500_000;

/// Longer lines are not read; of what they begin with so much may be a name.
const LONGEST_LINE: usize = 1 << 20;
const LONGEST_NAME: usize = 1 << 10;

/// Reads a metrics page. Never fails: what cannot be read is a doubt, and the rest is there.
pub fn parse(page: &[u8], format: Format) -> Page<'_> {
    parse_kept(page, format, &|_| true)
}

/// The same, but only samples that are wanted are kept. The others are read and checked all the same, so that the
/// doubts are those of the whole page, whose size alone costs about a fifth of it in memory.
pub fn parse_kept<'a>(page: &'a [u8], format: Format, wanted: &dyn Fn(&Sample<'_>) -> bool) -> Page<'a> {
    let mut reading = Reading::new(page, format, wanted);
    let (rest, bom) = page.strip_prefix(b"\xef\xbb\xbf").map_or((page, false), |rest| (rest, true));
    if bom {
        reading.doubts.light(1, "the page begins with a byte order mark");
    }
    for (i, bytes) in rest.split_inclusive(|b| *b == b'\n').enumerate() {
        reading.number = i as u64 + 1;
        reading.at = bytes.as_ptr().addr() - page.as_ptr().addr();
        let whole = bytes.strip_suffix(b"\n");
        if reading.line(whole.unwrap_or(bytes), whole.is_some()) == Next::Stop {
            break;
        }
    }
    reading.finish()
}

#[derive(PartialEq)]
enum Next {
    Go,
    Stop,
}

struct Reading<'a, 'w> {
    page: &'a [u8],
    format: Format,
    wanted: &'w dyn Fn(&Sample<'_>) -> bool,
    doubts: Doubts,
    families: Vec<Family<'a>>,
    /// What is remembered of each family's samples, kept or not.
    sofar: Vec<Sofar>,
    by_name: HashMap<Cow<'a, str>, usize>,
    /// Hash of a sample's name and labels to the last line with it.
    seen: HashMap<u64, Place>,
    /// The family that the lines are about at the moment.
    current: Option<usize>,
    /// The line, from 1, and where it begins on the page.
    number: u64,
    at: usize,
    carriage_return: bool,
    eof: bool,
}

#[derive(Default)]
struct Sofar {
    samples: u64,
    /// Has the last one a timestamp of its own?
    timed: bool,
    agreement: Agreement,
}

/// Where a line begins on the page, and its number; 32 bits each, since there are millions of them.
#[derive(Clone, Copy)]
struct Place {
    at: u32,
    number: u32,
}

impl<'a, 'w> Reading<'a, 'w> {
    fn new(page: &'a [u8], format: Format, wanted: &'w dyn Fn(&Sample<'_>) -> bool) -> Self {
        Reading {
            page,
            format,
            wanted,
            doubts: Doubts::default(),
            families: vec![],
            sofar: vec![],
            by_name: HashMap::new(),
            seen: HashMap::with_capacity(page.len() / 128),
            current: None,
            number: 0,
            at: 0,
            carriage_return: false,
            eof: false,
        }
    }

    fn line(&mut self, bytes: &'a [u8], ended: bool) -> Next {
        if self.eof {
            // Told once: what comes after the end is no part of the page.
            self.doubts.light(self.number, "there is content after `# EOF`");
            return Next::Stop;
        }
        if bytes.len() > LONGEST_LINE {
            let readable = bytes[..LONGEST_NAME].utf8_chunks().next().map_or("", |c| c.valid());
            self.doubts.grave(self.number, named_by(readable), format!("the line is longer than {} MiB", LONGEST_LINE >> 20));
            return Next::Go;
        }
        let Ok(mut text) = std::str::from_utf8(bytes) else {
            let readable = bytes.utf8_chunks().next().map_or("", |c| c.valid());
            self.doubts.grave(self.number, named_by(readable), "the line is not valid UTF-8");
            return Next::Go;
        };
        if let Some(before) = text.strip_suffix('\r') {
            text = before;
            if !self.carriage_return {
                self.doubts.light(self.number, "lines end in CR LF; only LF is allowed (told for the first such line)");
            }
            self.carriage_return = true;
        }
        let whole = ended || self.format == Format::OpenMetrics && text == "# EOF";
        if !whole {
            let why = "the last line does not end in a line feed: the page may be cut";
            self.doubts.grave(self.number, named_by(text), why);
        }
        match self.format {
            Format::Text => text = text.trim_matches([' ', '\t']),
            Format::OpenMetrics if text.is_empty() => {
                self.doubts.light(self.number, "an empty line");
                return Next::Go;
            }
            Format::OpenMetrics => {}
        }
        if text.is_empty() {
        } else if let Some(comment) = text.strip_prefix('#') {
            self.comment(comment);
        } else {
            self.sample(text);
        }
        if self.seen.len() > MOST_SERIES || self.families.len() > MOST_FAMILIES {
            let why = format!("more than {MOST_SERIES} series or {MOST_FAMILIES} families: what comes after this line was not read");
            self.doubts.grave(self.number, "", why);
            self.eof = true;
            return Next::Stop;
        }
        Next::Go
    }

    /// What stands after `#`.
    fn comment(&mut self, text: &'a str) {
        let open = self.format == Format::OpenMetrics;
        if open && text == " EOF" {
            self.eof = true;
            return;
        }
        let (word, rest) = split_word(text);
        let known = matches!(word, "TYPE" | "HELP") || open && word == "UNIT";
        if !known {
            if open {
                self.doubts.light(self.number, "a comment that is none of TYPE, HELP, UNIT and EOF");
            }
            return;
        }
        let quoted_name = quoted(rest.trim_start_matches([' ', '\t'])).filter(|(name, _, _)| !name.is_empty());
        let (name, value) = if let Some((name, len, _)) = quoted_name {
            (name, &rest.trim_start_matches([' ', '\t'])[len..])
        } else {
            let (name, value) = split_word(rest);
            if name.is_empty() || bare_name(name, true) != name {
                self.doubts.light(self.number, format!("{word} of a name that is missing or has a character that needs quotes"));
                return;
            }
            (Cow::Borrowed(name), value)
        };
        if open && !(text.starts_with(' ') && rest.starts_with(' ') && !rest.starts_with("  ")) {
            self.doubts.light(self.number, format!("{word} of {}: fields are not parted by exactly one space", shown(&name)));
        }
        let value = value.strip_prefix([' ', '\t']).unwrap_or(value);
        let late = word == "TYPE" && self.began(&name, family::kind(value.trim_matches([' ', '\t']), self.format).0);
        let index = self.family(name);
        self.current = Some(index);
        let (format, number) = (self.format, self.number);
        let family = &mut self.families[index];
        let mut doubt = |why: &str| self.doubts.light(number, format!("{}: {why}", shown(&family.name)));
        match word {
            "TYPE" if family.declared => doubt("a second TYPE; the first one holds"),
            "TYPE" => {
                let (kind, known) = family::kind(value.trim_matches([' ', '\t']), format);
                (family.kind, family.declared) = (kind, true);
                if !known {
                    doubt("TYPE is none that this format has");
                }
                if late {
                    doubt("TYPE comes after samples of its family");
                }
            }
            "HELP" if family.help.is_some() => doubt("a second HELP; the first one holds"),
            "HELP" => {
                let (help, bad) = unescaped(value, format);
                if bad {
                    doubt("HELP has an escape that the format does not know");
                }
                family.help = Some(help);
            }
            _ if family.unit.is_some() => doubt("a second UNIT; the first one holds"),
            _ => {
                if !value.is_empty() && !family.name.strip_suffix(value).is_some_and(|head| head.ends_with('_')) {
                    doubt("the name does not end in its UNIT");
                }
                family.unit = Some(Cow::Borrowed(value));
            }
        }
    }

    /// Are there samples already that a family of this name and type would hold?
    fn began(&self, name: &str, kind: Kind) -> bool {
        let stray = |sample: &str| {
            let known = self.by_name.get(sample).filter(|i| self.sofar[**i].samples > 0).map(|i| &self.families[*i]);
            known.is_some_and(|f| sample == name || !f.declared && family::holds(name, kind, sample, self.format))
        };
        stray(name) || ENDINGS.iter().any(|e| stray(&format!("{name}{e}")))
    }

    fn family(&mut self, name: Cow<'a, str>) -> usize {
        match self.by_name.entry(name.clone()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.families.push(Family { name, kind: Kind::Unknown, declared: false, unit: None, help: None, samples: vec![] });
                self.sofar.push(Sofar::default());
                *new.insert(self.families.len() - 1)
            }
        }
    }

    /// The family that a sample belongs to.
    fn family_of(&mut self, sample: Cow<'a, str>) -> usize {
        if let Some(current) = self.current
            && family::holds(&self.families[current].name, self.families[current].kind, &sample, self.format)
        {
            return current;
        }
        if let Some(exact) = self.by_name.get(&sample) {
            return *exact;
        }
        let bases = ENDINGS.iter().filter_map(|ending| sample.strip_suffix(ending));
        let mut known = bases.filter_map(|base| self.by_name.get(base));
        let holding = known.find(|i| family::holds(&self.families[**i].name, self.families[**i].kind, &sample, self.format)).copied();
        holding.unwrap_or_else(|| self.family(sample))
    }

    fn sample(&mut self, text: &'a str) {
        let (number, doubts) = (self.number, &mut self.doubts);
        let Line { name, labels, value, timestamp, exemplar } = match line::read(text, self.format, &mut |why| doubts.light(number, why)) {
            Ok(line) => line,
            Err(unread) => {
                let name = if unread.name.is_empty() { named_by(text) } else { &unread.name };
                self.doubts.grave(number, name, unread.why);
                return;
            }
        };
        let index = self.family_of(name.clone());
        let format = self.format;
        let (family, sofar, doubts) = (&self.families[index], &mut self.sofar[index], &mut self.doubts);
        if self.current.is_some_and(|c| c != index) && sofar.samples > 0 {
            doubts.light(number, format!("{}: comes back after lines of another family", shown(&family.name)));
        }
        self.current = Some(index);
        let sample = Sample { name, labels, value, timestamp, exemplar, line: number };
        if let Some(why) = family::doubt(family, &sample, format) {
            doubts.light(number, format!("{}: {why}", shown(&sample.name)));
        }
        if sofar.samples > 0 && sample.timestamp.is_some() != sofar.timed {
            doubts.light(number, format!("{}: some samples have timestamps and some have none", shown(&family.name)));
        }
        if let Some(before) = self.repeats(&sample) {
            let why = format!("{}: the same series a second time (first on line {before})", shown(&sample.name));
            self.doubts.grave(number, &sample.name, why);
            return;
        }
        let (family, sofar) = (&mut self.families[index], &mut self.sofar[index]);
        (sofar.samples, sofar.timed) = (sofar.samples + 1, sample.timestamp.is_some());
        if matches!(family.kind, Kind::Histogram | Kind::GaugeHistogram) {
            sofar.agreement.add(&family.name, family.kind, &sample, format, &mut self.doubts);
        }
        if (self.wanted)(&sample) {
            family.samples.push(sample);
        }
    }

    /// The line on which this very series was before, unless it may come again.
    fn repeats(&mut self, sample: &Sample<'a>) -> Option<u64> {
        let hash = series::mix(series::hash_text(&sample.name)) ^ series::hash(&sample.labels, "");
        // The page is capped far below 4 GiB; beyond it nothing would be found, which is not wrong.
        let here = Place { at: u32::try_from(self.at).unwrap_or(u32::MAX), number: u32::try_from(self.number).unwrap_or(u32::MAX) };
        let mut known = match self.seen.entry(hash) {
            Entry::Vacant(new) => {
                new.insert(here);
                return None;
            }
            Entry::Occupied(known) => known,
        };
        // Equal hashes are no proof: the line of then is read again.
        let from = self.page.get(known.get().at as usize..)?;
        let line = from.split(|b| *b == b'\n').next().unwrap_or_default();
        let text = std::str::from_utf8(line).ok()?.trim_matches([' ', '\t', '\r', '\u{feff}']);
        let before = line::read(text, self.format, &mut |_| {}).ok()?;
        if before.name != sample.name || !series::same(&before.labels, &sample.labels, "") {
            return None;
        }
        // OpenMetrics allows several points of one series, in order of time.
        let later = matches!((before.timestamp, sample.timestamp), (Some(a), Some(b)) if a < b);
        if self.format == Format::OpenMetrics && later {
            known.insert(here);
            return None;
        }
        Some(u64::from(known.get().number))
    }

    fn finish(mut self) -> Page<'a> {
        if self.format == Format::OpenMetrics && !self.eof {
            self.doubts.grave(self.number.max(1), "", "`# EOF` is missing: the page may be cut");
        }
        for (family, sofar) in self.families.iter().zip(self.sofar) {
            if matches!(family.kind, Kind::Histogram | Kind::GaugeHistogram) {
                sofar.agreement.finish(&family.name, family.kind, &mut self.doubts);
            }
        }
        let Collected { doubts, lines, damage } = self.doubts.collect();
        Page { format: self.format, families: self.families, doubts, doubtful_lines: lines, damage }
    }
}

/// The metric that a broken line is about, as far as its beginning tells; garbage names nobody, not the whole page.
fn named_by(text: &str) -> &str {
    let text = text.trim_start_matches([' ', '\t']);
    match bare_name(text, true) {
        "" => text.get(..1).unwrap_or("\u{fffd}"),
        name => name,
    }
}

fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    text.split_at(text.find([' ', '\t']).unwrap_or(text.len()))
}

/// A help text; `\"` is an escape in OpenMetrics only.
fn unescaped(text: &str, format: Format) -> (Cow<'_, str>, bool) {
    if !text.contains('\\') {
        return (Cow::Borrowed(text), false);
    }
    let (mut out, mut bad) = (String::with_capacity(text.len()), false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('\\')) => out.push('\\'),
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('"')) if format == Format::OpenMetrics => out.push('"'),
            ('\\', other) => {
                bad = true;
                out.push('\\');
                out.extend(other);
            }
            (c, _) => out.push(c),
        }
    }
    (Cow::Owned(out), bad)
}
