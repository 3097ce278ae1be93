//! One line, as the spec says that it is to be read.

use super::{
    nginx::{Template, Values},
    value::{Number, Raw},
};
use crate::{
    model::{evidence::Gap, units::Wall},
    spec::settings::{AccessLog, Field, LogFormat},
};
use serde_json::Value;

/// How lines are read: the format and the allowed fields. Nothing else of a line is ever looked at.
pub struct Reader {
    format: Format,
    id: String,
    at: Option<String>,
    status: Option<String>,
    durations: [Option<Field>; 3],
}

enum Format {
    JsonLines,
    Nginx(Template),
}

/// What a line says, in the units of the model.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    /// The text of the id field.
    pub id: Option<String>,
    /// When.
    pub at: Option<Wall>,
    /// A time is asked for, but it is missing or cannot be read.
    pub at_unread: bool,
    /// HTTP status.
    pub status: Option<u16>,
    /// Total, TTFT and inter-chunk time, each with its printed decimals, not converted.
    pub durations: [Option<Number>; 3],
    /// A duration that is there but is none: why.
    pub bad: Option<String>,
}

impl Reader {
    /// A reader, or what is wrong with the settings.
    pub fn new(settings: &AccessLog) -> Result<Reader, Gap> {
        if settings.id.is_empty() {
            return Err(Gap::NotConfigured("access log: no `id` field; name the field with the request id or the trace id".into()));
        }
        let durations = [settings.total.clone(), settings.ttft.clone(), settings.inter_chunk.clone()];
        let format = match &settings.format {
            LogFormat::JsonLines => Format::JsonLines,
            LogFormat::Nginx(text) => {
                let template = Template::new(text)?;
                let named = [Some(&settings.id), settings.at.as_ref(), settings.status.as_ref()].into_iter().flatten();
                for name in named.chain(durations.iter().flatten().map(|f| &f.field)) {
                    if template.position(name).is_none() {
                        let known = template.names().join("`, `");
                        return Err(Gap::NotConfigured(format!("access log: the nginx format has no `{name}`; it has `{known}`")));
                    }
                }
                Format::Nginx(template)
            }
        };
        Ok(Reader { format, id: settings.id.clone(), at: settings.at.clone(), status: settings.status.clone(), durations })
    }
    /// Milliseconds per unit of a duration field.
    pub fn unit_ms(&self, which: usize) -> f64 {
        self.durations.get(which).and_then(Option::as_ref).map_or(1.0, |f| f.unit_ms)
    }
    /// The names of the fields of a line whose text holds what is looked for. The line as a whole is looked at first: nearly
    /// all lines are none of ours, and cost no more than that.
    pub fn holding(&self, line: &[u8], holds: &dyn Fn(&str) -> bool) -> Vec<String> {
        let text = String::from_utf8_lossy(line);
        if !holds(&text) {
            return vec![];
        }
        let mut names = vec![];
        match &self.format {
            Format::JsonLines => {
                let object = text.find('{').and_then(|start| serde_json::from_str::<Value>(&text[start..]).ok());
                if let Some(object) = object {
                    walk(&object, "", holds, &mut names);
                }
            }
            Format::Nginx(template) => {
                let Some(values) = template.read(&text) else { return names };
                let held = |name: &&str| template.position(name).is_some_and(|p| values.get(p).text().is_some_and(holds));
                names.extend(template.names().into_iter().filter(held).map(str::to_owned));
            }
        }
        names
    }
    /// Reads a line; `Err` says why it cannot be read, never what it says.
    pub fn read(&self, line: &[u8]) -> Result<Said, String> {
        // `copytruncate` leaves a hole of zero bytes before the first line that is written after it.
        let line = line.trim_ascii();
        let line = &line[line.iter().position(|b| *b != 0).unwrap_or(line.len())..];
        let fields = match &self.format {
            Format::JsonLines => {
                let start = line.iter().position(|b| *b == b'{').ok_or("no JSON object in it")?;
                let value = serde_json::from_slice(&line[start..]).map_err(|e| match e.classify() {
                    serde_json::error::Category::Eof => "JSON object is cut short",
                    _ => "not one JSON object",
                })?;
                Fields::Json(value)
            }
            Format::Nginx(template) => {
                let text = std::str::from_utf8(line).map_err(|_| "not UTF-8")?;
                Fields::Nginx(template, template.read(text).ok_or("does not follow the nginx format")?)
            }
        };
        Ok(self.pick(&fields))
    }
    fn pick(&self, fields: &Fields<'_>) -> Said {
        let at = self.at.as_ref().map_or(Raw::Absent, |name| fields.get(name));
        let wall = at.wall();
        let mut said = Said {
            id: fields.get(&self.id).text().map(str::to_owned),
            at: wall,
            at_unread: wall.is_none() && self.at.is_some(),
            status: self.status.as_ref().and_then(|name| fields.get(name).status()),
            ..Said::default()
        };
        for (slot, field) in said.durations.iter_mut().zip(&self.durations) {
            let Some(field) = field else { continue };
            match fields.get(&field.field).number() {
                Ok(number) => *slot = number,
                Err(why) => said.bad = Some(format!("field `{}` {why}", field.field)),
            }
        }
        said
    }
}

enum Fields<'l> {
    Json(Value),
    Nginx(&'l Template, Values<'l>),
}

impl Fields<'_> {
    fn get(&self, name: &str) -> Raw<'_> {
        match self {
            Fields::Nginx(template, values) => template.position(name).map_or(Raw::Absent, |p| values.get(p)),
            Fields::Json(value) => Raw::of(descend(value, name)),
        }
    }
}

/// The paths of an object's texts that hold what is looked for, as the spec would name them.
fn walk(value: &Value, path: &str, holds: &dyn Fn(&str) -> bool, names: &mut Vec<String>) {
    match value {
        Value::String(text) if holds(text) => names.push(path.to_owned()),
        Value::Array(list) if list.len() == 1 => walk(&list[0], path, holds, names),
        Value::Object(object) => {
            for (key, inner) in object {
                walk(inner, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, holds, names);
            }
        }
        _ => {}
    }
}

/// Dots descend into objects; a key that itself has dots (`trace.id`) is found too.
fn descend<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    if let Some(found) = object.get(path) {
        return Some(found);
    }
    path.match_indices('.').find_map(|(dot, _)| descend(object.get(&path[..dot])?, &path[dot + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::settings::LogPlace;

    fn reader() -> Reader {
        let field = |name: &str| Some(Field { field: name.into(), unit_ms: 1.0 });
        Reader::new(&AccessLog {
            from: LogPlace::Stdin,
            format: LogFormat::JsonLines,
            id: "trace.id".into(),
            at: Some("ts".into()),
            status: Some("http.status".into()),
            total: field("http.timing.total"),
            ttft: field("ttft"),
            inter_chunk: None,
        })
        .unwrap()
    }

    #[test]
    fn dots_descend_and_may_be_part_of_a_name() {
        let said = |line: &str| reader().read(line.as_bytes()).unwrap();
        let nested = said(r#"2024-05-01 INFO {"trace":{"id":"a"},"ts":1,"http":{"status":200,"timing.total":"12.50"},"ttft":null}"#);
        assert_eq!((nested.id.as_deref(), nested.at, nested.status), (Some("a"), Some(Wall(1_000_000)), Some(200)));
        assert_eq!(nested.durations, [Some(Number { value: 12.5, decimals: 2 }), None, None]);
        let flat = said("\0\0{\"trace.id\":\"b\",\"http\":{\"timing\":{\"total\":7}},\"ts\":\"noon\"}\r");
        assert_eq!((flat.id.as_deref(), flat.at_unread, flat.durations[0].map(|n| n.value)), (Some("b"), true, Some(7.0)));
        assert_eq!(said(r#"{"trace.id":["c"]}"#).id.as_deref(), Some("c"));
        for none in [r#"{"trace.id":""}"#, r#"{"trace.id":"-"}"#, r#"{"trace":"x"}"#, r#"{"trace.id":["c","d"]}"#] {
            assert_eq!(said(none).id, None, "{none}");
        }
    }

    #[test]
    fn the_fields_that_hold_an_id_are_named_and_no_others() {
        let holds = |text: &str| text.contains("01J9-00001");
        let named = |line: &str| reader().holding(line.as_bytes(), &holds);
        assert_eq!(
            named(r#"INFO {"rid":"01J9-00001","http":{"headers":{"x-request-id":["01J9-00001"]}},"n":1}"#),
            ["http.headers.x-request-id", "rid"]
        );
        assert!(named(r#"{"rid":"01J9-00002"}"#).is_empty() && named("01J9-00001 and no object").is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_named_but_never_shown() {
        let why = |line: &[u8]| reader().read(line).unwrap_err();
        assert_eq!(why(b"jane@example.com logged in"), "no JSON object in it");
        assert_eq!(why(br#"{"prompt":"jane@exam"#), "JSON object is cut short");
        assert_eq!(why(br#"{"a":1} {"b":2}"#), "not one JSON object");
        assert_eq!(why(b"\xFF\xFE{\xFF}"), "not one JSON object");
        let said = reader().read(br#"{"trace.id":"a","ttft":"12.5ms"}"#).unwrap();
        assert_eq!(said.bad.as_deref(), Some("field `ttft` is not a number"));
    }

    #[test]
    fn a_variable_that_the_format_does_not_have_is_refused() {
        let settings = AccessLog {
            from: LogPlace::Stdin,
            format: LogFormat::Nginx("$status $request_id".into()),
            id: "http_x_request_id".into(),
            at: None,
            status: None,
            total: None,
            ttft: None,
            inter_chunk: None,
        };
        let Err(Gap::NotConfigured(text)) = Reader::new(&settings).map(|_| ()) else { panic!("accepted") };
        assert!(text.contains("no `http_x_request_id`") && text.contains("`status`, `request_id`"), "{text}");
    }
}
