//! What a recording of ways to endpoints says of itself, as facts of the source `network`: a recording is evidence like any other.

use super::{
    endpoint::NETWORK,
    evidence::{Fact, Method, Origin, Seen},
    key::{Facts, Key, Payload, World},
    name::{Name, name},
    network::RECORDING,
    payload::{Cell, FactTable, FactValue, Told},
    units::{Ms, Share, Span, Wall},
};
use std::{collections::BTreeMap, sync::Arc};

/// How recordings are written. Raised when an older release would misread one.
pub const FORMAT: i64 = 1;

/// What a recording says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// What the environment is called.
    pub name: String,
    /// When the ways were measured, or as of when they are declared.
    pub as_of: Wall,
    /// Who says so, where a person does.
    pub by: String,
    /// Which release recorded it; empty for a document.
    pub tool: String,
    /// On which machine; empty for a document.
    pub host: String,
    /// Version of the endpoint catalogue.
    pub catalogue: String,
    /// Digest of the facts of the machine that measured: two recordings of one machine have the same.
    pub fingerprint: String,
    /// Who accepted it as a baseline, where somebody did: by whom, when, why.
    pub accepted: Option<(String, Wall, String)>,
    /// The endpoints.
    pub endpoints: BTreeMap<Name, Recorded>,
}

/// One endpoint of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// Host name.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Region.
    pub region: Option<String>,
    /// Proxy: `none`, or its URL; `None`: not told.
    pub proxy: Option<String>,
    /// Class of its addresses, where a person declares it.
    pub class: Option<String>,
    /// Median round trip, where a person declares it.
    pub p50: Option<Ms>,
    /// The round trip that 95 % are below, where a person declares it.
    pub p95: Option<Ms>,
    /// Share of lost handshakes, where a person declares it.
    pub loss: Option<Share>,
}

/// The question about a recording in a world.
pub fn of_recording(world: World) -> Key {
    Key { world, source: name(NETWORK), query: Facts { scope: name(RECORDING) }.into() }
}

const ENDPOINTS: &str = "endpoints.";

impl Recording {
    /// Was it measured, or does a person say so?
    pub fn measured(&self) -> bool {
        !self.tool.is_empty()
    }

    /// As facts.
    pub fn table(&self) -> FactTable {
        let mut table = FactTable::default();
        table.put("format", FactValue::Count(FORMAT), "");
        table.put("as_of", FactValue::Micros(self.as_of.0), "");
        let texts = [("name", &self.name), ("by", &self.by), ("tool", &self.tool), ("host", &self.host), ("catalogue", &self.catalogue)];
        for (fact, text) in texts.into_iter().chain([("fingerprint", &self.fingerprint)]) {
            if !text.is_empty() {
                table.set(fact, text);
            }
        }
        if let Some((by, at, why)) = &self.accepted {
            table.set("accepted.by", by);
            table.put("accepted.at", FactValue::Micros(at.0), "");
            table.set("accepted.why", why);
        }
        for (name, far) in &self.endpoints {
            let fact = |what: &str| format!("{ENDPOINTS}{name}:{what}");
            table.put(fact("listed"), FactValue::Flag(true), "");
            for (what, text) in [("host", &far.host), ("region", &far.region), ("proxy", &far.proxy), ("class", &far.class)] {
                if let Some(text) = text {
                    table.set(fact(what), text);
                }
            }
            if let Some(port) = far.port {
                table.put(fact("port"), FactValue::Count(port.into()), "");
            }
            let numbers = [("p50", far.p50.map(|ms| ms.0)), ("p95", far.p95.map(|ms| ms.0)), ("loss", far.loss.map(|share| share.0))];
            for (what, number) in numbers {
                if let Some(number) = number {
                    table.put(fact(what), FactValue::Number(number), "");
                }
            }
        }
        table
    }

    /// From facts; what is wrong with them, if they are none of a recording.
    pub fn read(table: &FactTable) -> Result<Recording, String> {
        let value = |fact: &str| match table.0.get(fact) {
            Some(Cell::Value(Told { value, .. })) => Some(value),
            _ => None,
        };
        let text = |fact: &str| table.value(fact).unwrap_or_default().to_owned();
        match value("format") {
            Some(FactValue::Count(FORMAT)) => {}
            Some(FactValue::Count(other)) => {
                return Err(format!(
                    "it is a recording of format {other}, and this release reads format {FORMAT}; read it with the release that wrote it, or record it again"
                ));
            }
            _ => return Err("it does not say in which format it is: it is no recording".into()),
        }
        let Some(FactValue::Micros(as_of)) = value("as_of") else { return Err("it does not say when it was recorded".into()) };
        let mut endpoints: BTreeMap<Name, Recorded> = BTreeMap::new();
        for (fact, cell) in &table.0 {
            let Some((endpoint, what)) = fact.strip_prefix(ENDPOINTS).and_then(|rest| rest.rsplit_once(':')) else { continue };
            let far = endpoints.entry(name(endpoint)).or_default();
            let Cell::Value(Told { value, .. }) = cell else { continue };
            let number = || if let FactValue::Number(x) = value { Some(*x).filter(|x| x.is_finite() && *x >= 0.0) } else { None };
            let text = || if let FactValue::Text(text) = value { Some(text.clone()) } else { None };
            match what {
                "host" => far.host = text(),
                "region" => far.region = text(),
                "proxy" => far.proxy = text(),
                "class" => far.class = text(),
                "port" => far.port = if let FactValue::Count(n) = value { u16::try_from(*n).ok() } else { None },
                "p50" => far.p50 = number().map(Ms),
                "p95" => far.p95 = number().map(Ms),
                "loss" => far.loss = number().map(Share),
                _ => {}
            }
        }
        let accepted = match value("accepted.at") {
            Some(FactValue::Micros(at)) => Some((text("accepted.by"), Wall(*at), text("accepted.why"))),
            _ => None,
        };
        Ok(Recording {
            name: text("name"),
            as_of: Wall(*as_of),
            by: text("by"),
            tool: text("tool"),
            host: text("host"),
            catalogue: text("catalogue"),
            fingerprint: text("fingerprint"),
            accepted,
            endpoints,
        })
    }

    /// Itself as an answer.
    pub fn fact(&self, request: &str) -> Fact {
        let method = if self.measured() { Method::Measured } else { Method::Declared };
        let origin = Origin { request: request.into(), server: None, method };
        let covered = Span { from: self.as_of, to: self.as_of };
        let seen = Seen { payload: Payload::Facts(self.table()), covered, origin, notes: vec![], partial: None };
        Fact { key: of_recording(World::Live), answer: Ok(Arc::new(seen)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_of_itself_is_read_back() {
        let bedrock = Recorded {
            host: Some("bedrock-runtime.us-east-1.amazonaws.com".into()),
            port: Some(443),
            region: Some("us-east-1".into()),
            proxy: Some("none".into()),
            class: Some("public".into()),
            p50: Some(Ms(12.5)),
            p95: Some(Ms(20.0)),
            loss: Some(Share(0.001)),
        };
        let recording = Recording {
            name: "production".into(),
            as_of: Wall(1_795_428_000_000_000),
            by: "network team".into(),
            catalogue: "2026-11".into(),
            accepted: Some(("sre".into(), Wall(7), "signed off".into())),
            endpoints: [(name("bedrock"), bedrock), (name("gate.way"), Recorded::default())].into(),
            ..Recording::default()
        };
        assert_eq!(Recording::read(&recording.table()), Ok(recording.clone()));
        assert!(!recording.measured());
        let mut newer = recording.table();
        newer.put("format", FactValue::Count(2), "");
        assert!(Recording::read(&newer).unwrap_err().contains("format 2, and this release reads format 1"));
        assert!(Recording::read(&FactTable::default()).unwrap_err().contains("no recording"));
    }
}
