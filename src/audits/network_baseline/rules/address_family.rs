use super::endpoints;
use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::{AddressClass, Connect, Ended, Stage, Target},
        rig::Rig,
    },
};
use serde::Deserialize;

/// Both families of addresses that the name has lead there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressFamily {}

impl Rule<NetworkBaseline> for AddressFamily {
    const NAME: &'static str = "address_family";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        endpoints(rig)
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let expected = "connections stand at IPv4 and IPv6 addresses alike, where the name has both";
        let ((v4, dead4), (v6, dead6)) = (way.family(false), way.family(true));
        let n = way.probed().targets.len() as u64;
        let figure = Figure::exact("dead addresses", (dead4.len() + dead6.len()) as f64, n, "");
        let family = |v6: bool| if v6 { "IPv6" } else { "IPv4" };
        let dead = way.dead_family();
        let of_dead = |c: &&Connect| dead.contains(&c.target) && !c.ended.cut();
        let (status, observed) = if dead.is_empty() {
            match (v4, v6) {
                (0, 0) => return Err(Unknown::new(way.got.key.clone(), Gap::NotReached("no connection stands at any address".into()))),
                (_, 0) | (0, _) => (Status::NotApplicable, "the name has addresses of one family only".to_owned()),
                _ => (Status::Pass, format!("connections stand at {v4} IPv4 and {v6} IPv6 addresses")),
            }
        } else {
            let which = family(!dead6.is_empty() && v6 == 0);
            let at_once = way.probed().connects.iter().filter(of_dead).all(|c| matches!(c.ended, Ended::Unreachable(_)));
            let refused = way.probed().connects.iter().filter(of_dead).all(|c| !matches!(c.ended, Ended::TimedOut(_)));
            let other = family(which == "IPv4");
            match (at_once, refused) {
                (true, _) => {
                    (Status::Pass, format!("the name has {which} addresses and this machine has no way there: applications go on by {other} at once"))
                }
                (_, true) => {
                    (Status::Warn, format!("no connection stands at its {which} addresses, while {other} works: applications try in vain first"))
                }
                _ => (Status::Fail, format!("{which} is a black hole: its addresses are announced and swallow connections, while {other} works")),
            }
        };
        let because = say::endings(way.probed().connects.iter().filter(of_dead).map(|c| &c.ended));
        say::of(way, Finding { because, ..say::finding(status, figure, observed, expected) })
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| {
            let swallowed = probed.targets.len();
            let address = core::net::SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 443));
            probed.targets.push(Target { address, class: AddressClass::Special, from: None });
            // Whatever family works, the other one does not.
            for connect in &mut probed.connects {
                if probed.targets[connect.target].is_v6() {
                    connect.target = swallowed;
                }
            }
            let lost: Vec<Connect> = probed.connects.iter().take(5).cloned().collect();
            probed.connects.retain(|connect| connect.target != swallowed);
            probed.connects.extend(lost.into_iter().map(|connect| Connect {
                target: swallowed,
                tcp: None,
                at_end: None,
                connect_us: None,
                ended: Ended::TimedOut(Stage::Tcp),
                ..connect
            }));
        });
    }
}
