//! OTLP as protobuf; field numbers are those of `opentelemetry/proto/trace/v1/trace.proto` and its imports.

use super::{
    keeper::{Keeper, kind_word},
    read::Read,
    resource::Resource,
    secrets::{Glance, Held},
    texts::Hears,
};
use crate::{
    kept::secrets,
    model::payload::SpanRow,
    sources::wire::{Broken, Fields, Value},
    traces::hex_id,
};
use std::borrow::Cow;

/// Why a body is no export that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotProtobuf {
    /// It is no protobuf of an export.
    Broken,
    /// It has more spans than are taken from one export.
    TooMany,
}

impl From<Broken> for NotProtobuf {
    fn from(_: Broken) -> NotProtobuf {
        NotProtobuf::Broken
    }
}

/// Every span of an export request, and how many spans had no valid id.
pub fn read_protobuf(body: &[u8]) -> Result<(Vec<SpanRow>, u64), NotProtobuf> {
    let mut read = Read::default();
    messages(body, 1, |resource_spans| {
        let mut resource = Resource::default();
        messages(resource_spans, 1, |told| {
            messages(told, 1, |attribute| {
                match key_value(attribute)? {
                    (key, Told::Text(text)) => resource.attribute(key, &text),
                    (key, Told::List(glance)) => resource.list(key, glance),
                }
                Ok(())
            })
        })?;
        messages(resource_spans, 2, |scope_spans| {
            let mut scope = "";
            messages(scope_spans, 1, |s| messages(s, 1, |name| text(name).map(|name| scope = name)))?;
            messages(scope_spans, 2, |span| {
                read.take(row(span, &resource, scope)?);
                Ok(())
            })
        })
    })?;
    if read.too_many { Err(NotProtobuf::TooMany) } else { Ok((read.rows, read.without_id)) }
}

const OTHER_KIND: Broken = Broken("a field is of another kind than in OTLP");

/// Each value of one field that has bytes. Whatever else the message has is passed over, but must be protobuf.
fn messages<'b>(message: &'b [u8], number: u32, mut each: impl FnMut(&'b [u8]) -> Result<(), Broken>) -> Result<(), Broken> {
    for field in Fields::of(message) {
        match field? {
            (n, Value::Bytes(bytes)) if n == number => each(bytes)?,
            (n, _) if n == number => return Err(OTHER_KIND),
            _ => {}
        }
    }
    Ok(())
}

fn row(span: &[u8], resource: &Resource, scope: &str) -> Result<Option<SpanRow>, Broken> {
    let (mut trace, mut id, mut parent, mut state, mut name) = (&b""[..], &b""[..], &b""[..], "", "");
    let (mut kind, mut start, mut end, mut error, mut message) = (0, 0, 0, false, "");
    for field in Fields::of(span) {
        match field? {
            (1, Value::Bytes(bytes)) => trace = bytes,
            (2, Value::Bytes(bytes)) => id = bytes,
            (3, Value::Bytes(bytes)) => state = text(bytes)?,
            (4, Value::Bytes(bytes)) => parent = bytes,
            (5, Value::Bytes(bytes)) => name = text(bytes)?,
            (6, Value::Varint(number)) => kind = number,
            (7, Value::Fixed64(ns)) => start = ns,
            (8, Value::Fixed64(ns)) => end = ns,
            (15, Value::Bytes(status)) => {
                for field in Fields::of(status) {
                    match field? {
                        (2, Value::Bytes(bytes)) => message = std::str::from_utf8(bytes).unwrap_or_default(),
                        (3, Value::Varint(code)) => error = code == 2,
                        _ => {}
                    }
                }
            }
            (1..=8 | 15, _) => return Err(OTHER_KIND),
            _ => {}
        }
    }
    let (Some(trace), Some(id)) = (hex_id(trace, 16), hex_id(id, 8)) else { return Ok(None) };
    let mut keeper = Keeper::new(trace, id, hex_id(parent, 8), "");
    keeper.named(name, kind_word(&kind.to_string()), error);
    keeper.lasting(start, end);
    messages(span, 9, |attribute| {
        match key_value(attribute)? {
            (key, Told::Text(text)) => keeper.attribute(key, &text),
            (key, Told::List(glance)) => keeper.list(key, glance),
        }
        Ok(())
    })?;
    let mut held = Held::default();
    // Nothing of an event is kept: one that cannot be read costs no span.
    let _ = messages(span, 11, |event| messages(event, 3, |attribute| note(&mut held, attribute)));
    keeper.events(&held);
    keeper.said("status.message", message);
    keeper.resource(resource);
    keeper.trace_state(state);
    keeper.scope(scope);
    Ok(Some(keeper.row()))
}

/// Looks at the attribute of an event.
fn note(held: &mut Held, attribute: &[u8]) -> Result<(), Broken> {
    let (key, told) = key_value(attribute)?;
    let found = match told {
        Told::Text(text) => secrets::of(key, &text),
        Told::List(glance) => glance.at(key),
    };
    held.note("event.", key, found);
    Ok(())
}

/// The value of an attribute: a text, a boolean or a number as text; or what was seen in a list.
enum Told<'b> {
    Text(Cow<'b, str>),
    List(Glance),
}

/// An attribute.
fn key_value(attribute: &[u8]) -> Result<(&str, Told<'_>), Broken> {
    let (mut key, mut value) = ("", Told::List(Glance::default()));
    for field in Fields::of(attribute) {
        match field? {
            (1, Value::Bytes(bytes)) => key = text(bytes)?,
            (2, Value::Bytes(any)) => value = any_value(any, DEEPEST)?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// Lists in lists are looked at so deep; what lies deeper is passed over.
const DEEPEST: usize = 8;

fn any_value(any: &[u8], depth: usize) -> Result<Told<'_>, Broken> {
    let mut value = Told::List(Glance::default());
    for field in Fields::of(any) {
        value = match field? {
            (1, Value::Bytes(bytes)) => Told::Text(Cow::Borrowed(text(bytes)?)),
            (2, Value::Varint(bool)) => Told::Text(Cow::Owned((bool != 0).to_string())),
            (3, Value::Varint(int)) => Told::Text(Cow::Owned(int.cast_signed().to_string())),
            (4, Value::Fixed64(double)) => Told::Text(Cow::Owned(f64::from_bits(double).to_string())),
            // Nothing of a list is kept: what cannot be read in it costs no span.
            (5, Value::Bytes(list)) => Told::List(glance(list, depth, |element, depth| Ok((None, any_value(element, depth)?)))),
            (6, Value::Bytes(list)) => Told::List(glance(list, depth, |element, _| key_value(element).map(|(key, value)| (Some(key), value)))),
            _ => Told::List(Glance::default()),
        };
    }
    Ok(value)
}

/// What is in an array of values, or in a list of keys and values.
fn glance<'b>(list: &'b [u8], depth: usize, read: impl Fn(&'b [u8], usize) -> Result<(Option<&'b str>, Told<'b>), Broken>) -> Glance {
    let mut all = Glance::default();
    let Some(depth) = depth.checked_sub(1) else { return all };
    let _ = messages(list, 1, |element| {
        let (key, told) = read(element, depth)?;
        let mut part = Glance::default();
        match told {
            Told::Text(text) => part.hear(&text),
            Told::List(seen) => part.join(seen),
        }
        if let Some(key) = key {
            part.under(key);
        }
        all.join(part);
        Ok(())
    });
    all
}

fn text(bytes: &[u8]) -> Result<&str, Broken> {
    std::str::from_utf8(bytes).map_err(|_| Broken("a text is not valid UTF-8"))
}
