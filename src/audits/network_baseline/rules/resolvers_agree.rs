use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::Evidence,
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::{AddressClass, Agreement, Answers, Lookup, LookupEnd, Measured, Nameserver, RecordKind},
        rig::Rig,
    },
};
use core::net::IpAddr;
use serde::Deserialize;

/// All nameservers see the same world.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResolversAgree {}

impl Rule<NetworkBaseline> for ResolversAgree {
    const NAME: &'static str = "resolvers_agree";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let expected = "all say that the name exists, with addresses of the same classes";
        let Some(resolution) = super::resolution(way)? else {
            let figure = Figure::exact("nameservers", 0.0, 0, "");
            return say::of(way, say::finding(Status::NotApplicable, figure, "the host is an address: nothing is looked up", expected));
        };
        let n = resolution.nameservers.iter().filter(|server| server.lookups.known().is_some()).count() as u64;
        let figure = Figure::exact("nameservers", n as f64, n, "");
        let (status, observed) = match resolution.agreement() {
            Agreement::Same => (Status::Pass, format!("{n} nameservers give the same addresses")),
            Agreement::Rotating => (Status::Pass, format!("{n} nameservers give different addresses of the same classes, as balancing names do")),
            Agreement::Different => {
                (Status::Fail, format!("{n} nameservers see different worlds: one knows other classes of addresses, or no such name"))
            }
            Agreement::Alone => (Status::NotApplicable, "fewer than two nameservers answered: there is nothing to compare".into()),
        };
        let told = |server: &Nameserver| {
            let lookups = server.lookups.known()?;
            let says = lookups.iter().filter_map(|lookup| match &lookup.end {
                LookupEnd::Answered(answers) => {
                    let classes: Vec<&str> = answers.classes.iter().map(|class| class.word()).collect();
                    (!classes.is_empty()).then(|| classes.join(", "))
                }
                LookupEnd::Code(code) => Some(code.clone()),
                _ => None,
            });
            let mut all: Vec<String> = says.collect();
            all.dedup();
            Some(all.join("; "))
        };
        let because = if status == Status::Fail {
            let all = resolution.nameservers.iter().enumerate();
            all.filter_map(|(nth, server)| Some(format!("nameserver {} says: {}", nth + 1, told(server)?))).collect()
        } else {
            vec![]
        };
        say::of(way, Finding { because, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| {
            let Measured::Known(resolution) = &mut probed.resolution else { return };
            let lookup = |end| Lookup { kind: RecordKind::A, first: true, took_us: 1_000, over_tcp: false, ignored: 0, end };
            let address = IpAddr::from([192, 0, 2, 1]);
            let answers = Answers { addresses: vec![address], classes: vec![AddressClass::of(address)], ..Answers::default() };
            let server = |end| Nameserver { address: "seeded".into(), lookups: Measured::Known(vec![lookup(end)]) };
            resolution.nameservers = vec![server(LookupEnd::Answered(answers)), server(LookupEnd::Code("NXDOMAIN".into()))];
        });
    }
}
