use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::{Certificate, Distrust, Ended, Trust},
        rig::Rig,
        units::{Ms, Wall},
    },
};
use serde::Deserialize;

const DAY: f64 = 86_400_000.0;

/// TLS stands, with a certificate that is trusted, of this host, and valid for a while.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// A certificate that ends sooner is a warning.
    soon: Ms,
}

impl Rule<NetworkBaseline> for Tls {
    const NAME: &'static str = "tls";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let expected = format!("trusted, of this host, valid for {:.0} days at least, TLS 1.2 or newer", self.soon.0 / DAY);
        if view.far(subject).is_some_and(|far| !far.endpoint.tls) {
            let figure = Figure::exact("handshakes", 0.0, 0, "");
            return say::of(way, say::finding(Status::NotApplicable, figure, "the endpoint speaks no TLS", expected));
        }
        let connects = &way.probed().connects;
        let done: Vec<&str> = connects.iter().filter_map(|c| c.tls.as_ref()).map(|tls| tls.version.as_str()).collect();
        let failed = connects.iter().filter(|c| matches!(c.ended, Ended::TlsFailed(_))).map(|c| &c.ended);
        let mut because = say::endings(failed);
        if done.is_empty() && because.is_empty() && way.certificates().is_empty() {
            let why = way.got.seen.partial.clone().unwrap_or_else(|| Gap::NotReached("no TLS handshake was finished".into()));
            return Err(Unknown::new(way.got.key.clone(), why));
        }
        let mut status = if because.is_empty() { Status::Pass } else { Status::Fail };
        let mut left = f64::INFINITY;
        for certificate in way.certificates() {
            let (bad, warning) = self.doubts(certificate, view.cx.as_of);
            left = left.min(certificate.not_after.0.saturating_sub(view.cx.as_of.0) as f64 / 1e3);
            status = say::worse(status, if bad.is_empty() { Status::Pass } else { Status::Fail });
            status = say::worse(status, if warning.is_none() { Status::Pass } else { Status::Warn });
            because.extend(bad.into_iter().chain(warning).map(|why| format!("the certificate of {} {why}", certificate.issuer)));
        }
        let old: Vec<&str> = done.iter().copied().filter(|version| !["1.2", "1.3"].contains(version)).collect();
        if let Some(version) = old.first() {
            status = Status::Fail;
            because.push(format!("TLS {version} was spoken in {} handshakes", old.len()));
        }
        let versions: std::collections::BTreeSet<&str> = done.iter().copied().collect();
        let spoken = versions.into_iter().collect::<Vec<_>>().join(", ");
        if way.certificates().is_empty() && status == Status::Pass {
            return Err(Unknown::new(way.got.key.clone(), Gap::Truncated("no certificate was shown".into())));
        }
        let days = if left.is_finite() { left / DAY } else { 0.0 };
        let observed = if status == Status::Fail {
            format!("TLS is in trouble: {}", because.first().map_or("", String::as_str))
        } else {
            format!("TLS {spoken} in {} handshakes, certificates are trusted and valid for {days:.0} days", done.len())
        };
        let figure = Figure::exact("validity", days, done.len() as u64, "days");
        say::of(way, Finding { because, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| {
            probed.certificates.iter_mut().for_each(|certificate| certificate.not_after = Wall(0));
        });
    }
}

impl Tls {
    /// What is wrong with a certificate, and what will be soon. Who vouches for it is another rule's.
    fn doubts(&self, certificate: &Certificate, now: Wall) -> (Vec<String>, Option<String>) {
        let mut bad = vec![];
        let left = certificate.not_after.0.saturating_sub(now.0) as f64 / 1e3;
        if left < 0.0 || certificate.trust == Trust::Not(Distrust::Expired) {
            bad.push(format!("was valid until {}", certificate.not_after));
        } else if certificate.not_before > now {
            bad.push(format!("is valid from {} on only, or the clock of this machine is wrong", certificate.not_before));
        }
        if !certificate.matched || certificate.trust == Trust::Not(Distrust::OtherName) {
            bad.push("stands for another host".into());
        }
        if let Trust::Not(why @ (Distrust::OtherPurpose | Distrust::Invalid | Distrust::NotYetValid)) = certificate.trust
            && bad.is_empty()
        {
            bad.push(format!("is {why}"));
        }
        let soon = bad.is_empty() && left < self.soon.0;
        (bad, soon.then(|| format!("ends soon, on {}", certificate.not_after)))
    }
}
