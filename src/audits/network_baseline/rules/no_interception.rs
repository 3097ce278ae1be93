use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::{Certificate, Distrust, Trust},
        rig::Rig,
    },
};
use serde::Deserialize;

/// Nobody on the way ends TLS in the provider's name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoInterception {}

impl Rule<NetworkBaseline> for NoInterception {
    const NAME: &'static str = "no_interception";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let far = view.far(subject);
        let words = far.map(|far| far.issuers.as_slice()).unwrap_or_default();
        let there: Vec<String> = view.measured_there(subject).map(|way| way.certificates().iter().map(vouches).collect()).unwrap_or_default();
        let expected = match (words, there.as_slice()) {
            ([], []) => "certificates of the provider's own authority".to_owned(),
            ([], there) => format!("certificates of the same authority as in the reference, {}", there.join(", ")),
            (words, _) => format!("certificates of {}", words.join(" or ")),
        };
        if far.is_some_and(|far| !far.endpoint.tls) {
            let figure = Figure::exact("certificates", 0.0, 0, "");
            return say::of(way, say::finding(Status::NotApplicable, figure, "the endpoint speaks no TLS", expected));
        }
        let shown = way.certificates();
        if shown.is_empty() {
            let why = way.got.seen.partial.clone().unwrap_or_else(|| Gap::NotReached("no certificate was shown".into()));
            return Err(Unknown::new(way.got.key.clone(), why));
        }
        let mut status = Status::Pass;
        let mut because = vec![];
        for certificate in shown {
            let (issuer, by) = (&certificate.issuer, vouches(certificate));
            let why = if certificate.trust == Trust::Not(Distrust::UnknownIssuer) {
                Some((Status::Fail, format!("{issuer} is no authority that is known here: a proxy that reads along, or a missing `ca_file`")))
            } else if !words.is_empty() && !words.iter().any(|word| issuer.contains(word.as_str())) {
                Some((Status::Fail, format!("{issuer} vouches for it, which is not the provider's authority: somebody on the way ends TLS")))
            } else if !there.is_empty() && !there.contains(&by) {
                Some((Status::Fail, format!("{issuer} vouches for it, and in the reference {}", there.join(", "))))
            } else if words.is_empty() && there.is_empty() {
                let why = format!("{issuer} vouches for it, and nothing says who should: an authority of a proxy may be trusted on this machine");
                Some((Status::Inconclusive, why))
            } else {
                None
            };
            if let Some((worse, why)) = why {
                status = say::worse(status, worse);
                because.push(why);
            }
        }
        let n = shown.len() as u64;
        let observed = match status {
            Status::Fail => format!("TLS is intercepted, or somebody else answers: {}", because.first().map_or("", String::as_str)),
            Status::Inconclusive => "who should vouch for the endpoint is not known".to_owned(),
            _ => format!("{n} certificates of {}", vouches(&shown[0])),
        };
        let figure = Figure::exact("certificates", n as f64, n, "");
        let finding = Finding { because, ..say::finding(status, figure, observed, expected) };
        say::of(way, finding.settled_by("name a word of the issuer, `issuer: \"Let's Encrypt\"`, or record a reference where nobody intercepts"))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| {
            for certificate in &mut probed.certificates {
                (certificate.issuer, certificate.trust) = ("CN=seeded interceptor".into(), Trust::Not(Distrust::UnknownIssuer));
            }
        });
    }
}

/// Who vouches for a certificate: the organisation of its issuer, else all of its name. Authorities change their intermediates.
fn vouches(certificate: &Certificate) -> String {
    let mut parts = certificate.issuer.split(", ");
    parts.find_map(|part| part.strip_prefix("O=")).unwrap_or(&certificate.issuer).to_owned()
}
