//! OTLP as protobuf; field numbers are those of `opentelemetry/proto/trace/v1/trace.proto` and its imports.

use super::{
    kept::{Keeper, kind_word},
    read::Read,
};
use crate::{
    model::payload::SpanRow,
    sources::wire::{Broken, Fields, Value},
    traces::hex_id,
};

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
        let mut service = String::new();
        messages(resource_spans, 1, |resource| {
            messages(resource, 1, |attribute| {
                if let (b"service.name", Some(text)) = key_value(attribute)? {
                    service = text;
                }
                Ok(())
            })
        })?;
        messages(resource_spans, 2, |scope_spans| {
            let mut scope = "";
            messages(scope_spans, 1, |s| messages(s, 1, |name| text(name).map(|name| scope = name)))?;
            messages(scope_spans, 2, |span| {
                read.take(row(span, &service, scope)?);
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

fn row(span: &[u8], service: &str, scope: &str) -> Result<Option<SpanRow>, Broken> {
    let (mut trace, mut id, mut parent, mut state, mut name) = (&b""[..], &b""[..], &b""[..], "", "");
    let (mut kind, mut start, mut end, mut error) = (0, 0, 0, false);
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
                    if let (3, Value::Varint(code)) = field? {
                        error = code == 2;
                    }
                }
            }
            (1..=8 | 15, _) => return Err(OTHER_KIND),
            _ => {}
        }
    }
    let (Some(trace), Some(id)) = (hex_id(trace, 16), hex_id(id, 8)) else { return Ok(None) };
    let mut keeper = Keeper::new(trace, id, hex_id(parent, 8), service);
    keeper.named(name, kind_word(&kind.to_string()), error);
    keeper.lasting(start, end);
    messages(span, 9, |attribute| {
        if let (key, Some(value)) = key_value(attribute)? {
            keeper.attribute(text(key)?, value);
        }
        Ok(())
    })?;
    keeper.trace_state(state);
    keeper.scope(scope);
    Ok(Some(keeper.row()))
}

/// An attribute; its value only where it is a text, a boolean or a number.
fn key_value(attribute: &[u8]) -> Result<(&[u8], Option<String>), Broken> {
    let (mut key, mut value) = (&b""[..], None);
    for field in Fields::of(attribute) {
        match field? {
            (1, Value::Bytes(bytes)) => key = bytes,
            (2, Value::Bytes(any)) => {
                for field in Fields::of(any) {
                    value = match field? {
                        (1, Value::Bytes(bytes)) => Some(text(bytes)?.to_owned()),
                        (2, Value::Varint(bool)) => Some((bool != 0).to_string()),
                        (3, Value::Varint(int)) => Some(int.cast_signed().to_string()),
                        (4, Value::Fixed64(double)) => Some(f64::from_bits(double).to_string()),
                        _ => None,
                    };
                }
            }
            _ => {}
        }
    }
    Ok((key, value))
}

fn text(bytes: &[u8]) -> Result<&str, Broken> {
    std::str::from_utf8(bytes).map_err(|_| Broken("a text is not valid UTF-8"))
}
