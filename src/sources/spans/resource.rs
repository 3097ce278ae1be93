//! What a resource tells of all its spans: who reported them, and which instance of it.

use super::secrets::{Glance, Held};
use crate::{kept::secrets, model::evidence::digest};
use std::cell::OnceCell;

/// What tells instances of one service apart, the best first: by itself, and then all of the others together
/// (OpenTelemetry's semantic conventions for resources; `hostname` and `client-uuid` are Jaeger's own clients').
const INSTANCE: [&str; 2] = ["service.instance.id", "client-uuid"];
const PLACE: [&str; 5] = ["host.name", "hostname", "process.pid", "container.id", "k8s.pod.name"];
/// Hex digits of an instance's digest: enough to tell some instances apart, too few to be looked up.
const DIGITS: usize = 8;

/// A resource as it is read, attribute by attribute.
#[derive(Debug, Default)]
pub struct Resource {
    /// The service's name.
    pub service: String,
    /// The language of the SDK.
    pub language: String,
    /// What looks like a secret in it.
    pub held: Held,
    instance: [String; INSTANCE.len()],
    place: [String; PLACE.len()],
    digest: OnceCell<Option<String>>,
}

impl Resource {
    /// What stands before the keys of its own.
    pub const WITHIN: &'static str = "resource.";

    /// Looks at an attribute.
    pub fn attribute(&mut self, key: &str, text: &str) {
        let of = |keys: &[&str]| keys.iter().position(|k| *k == key);
        match key {
            "service.name" => text.clone_into(&mut self.service),
            "telemetry.sdk.language" => text.clone_into(&mut self.language),
            _ => {
                if let Some(i) = of(&INSTANCE) {
                    text.clone_into(&mut self.instance[i]);
                } else if let Some(i) = of(&PLACE) {
                    text.clone_into(&mut self.place[i]);
                }
            }
        }
        self.held.note(Self::WITHIN, key, secrets::of(key, text));
    }
    /// Looks at an attribute that is a list.
    pub fn list(&mut self, key: &str, glance: Glance) {
        self.held.note(Self::WITHIN, key, glance.at(key));
    }
    /// A short digest of the instance, if it tells of one; asked for once for each span, when all attributes are known.
    pub fn instance(&self) -> Option<&str> {
        self.digest.get_or_init(|| self.short_digest()).as_deref()
    }
    fn short_digest(&self) -> Option<String> {
        let told = match self.instance.iter().find(|text| !text.is_empty()) {
            Some(id) => id.clone(),
            None => self.place.join("\0"),
        };
        (!told.bytes().all(|b| b == 0)).then(|| digest(told.as_bytes())[..DIGITS].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(attributes: &[(&str, &str)]) -> Option<String> {
        let mut resource = Resource::default();
        for (key, text) in attributes {
            resource.attribute(key, text);
        }
        resource.instance().map(str::to_owned)
    }

    #[test]
    fn instances_are_told_apart_by_what_there_is() {
        assert_eq!(instance(&[("service.name", "gateway"), ("telemetry.sdk.language", "python")]), None);
        let one = instance(&[("host.name", "secret-host"), ("process.pid", "4711")]).unwrap();
        assert!(one.len() == 8 && one.bytes().all(|b| b.is_ascii_hexdigit()), "{one}");
        assert_eq!(instance(&[("process.pid", "4711"), ("host.name", "secret-host")]).as_ref(), Some(&one), "whatever the order");
        for other in [
            &[("host.name", "secret-host"), ("process.pid", "4712")][..],
            &[("host.name", "secret-hos"), ("process.pid", "t4711")],
            &[("host.name", "secret-host"), ("process.pid", "4711"), ("container.id", "c")],
            &[("k8s.pod.name", "gateway-0")],
        ] {
            assert_ne!(instance(other).unwrap(), one, "{other:?}");
        }
        // An id of its own is all that counts.
        let id = ("service.instance.id", "627cc493-f310-47de-96bd-71410b7dec09");
        assert_eq!(instance(&[id]), instance(&[("process.pid", "4711"), id]));
    }
}
