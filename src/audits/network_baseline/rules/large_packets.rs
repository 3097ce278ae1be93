use crate::{
    audits::network_baseline::{NetworkBaseline, Ways, say, spoil},
    model::{
        audit::{Judgement, Rule},
        evidence::{Evidence, Gap, Unknown},
        name::Name,
        outcome::{Figure, Finding, Status},
        payload::network::{Ended, Look, Measured, PathMtu, Stage, TcpState},
        rig::Rig,
    },
};
use serde::Deserialize;

/// Full packets pass: else long prompts stall where short requests do not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LargePackets {}

impl Rule<NetworkBaseline> for LargePackets {
    const NAME: &'static str = "large_packets";

    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        rig.far_ends().filter(|(_, far)| far.endpoint.large_body).map(|(name, _)| name.clone()).collect()
    }

    fn judge(&self, view: &Ways<'_>, subject: &Name) -> Judgement {
        let way = view.way(subject)?;
        let expected = "a body of several full packets arrives";
        let Some(body) = super::known(way, &way.probed().large_body)? else {
            return Err(Unknown::new(way.got.key.clone(), Gap::Truncated("the large body was not sent".into())));
        };
        let (status, observed) = match body.path_mtu() {
            PathMtu::Passed { mtu } => (Status::Pass, format!("{} bytes arrived in packets of {mtu} bytes", body.bytes)),
            PathMtu::Found { from, to } => {
                (Status::Pass, format!("{} bytes arrived; a router said that packets of {from} bytes are too large, and {to} pass", body.bytes))
            }
            PathMtu::BlackHole { mtu, retransmits } => (
                Status::Fail,
                format!(
                    "packets of {mtu} bytes are swallowed: sent {retransmits} times more, and nobody said that they are too large (a black hole)"
                ),
            ),
            PathMtu::Unclear => (Status::Inconclusive, format!("it ended before that could be told: {}", body.ended)),
        };
        let last = body.last();
        let figure = Figure::exact("path MTU", f64::from(last.pmtu.unwrap_or(0)), 1, "bytes");
        let because = if status == Status::Fail {
            vec!["handshakes and small requests pass through such a path, long prompts do not".to_owned()]
        } else {
            vec![]
        };
        say::of(way, Finding { because, ..say::finding(status, figure, observed, expected) }.settled_by("measure again"))
    }

    fn spoil(&self, _: &NetworkBaseline, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        spoil::here(rig, subject, copy, |probed| {
            if let Measured::Known(body) = &mut probed.large_body {
                let (pmtu, sent) = (body.before.pmtu.or(Some(1_500)), body.before.total_retrans.unwrap_or(0));
                body.before = TcpState { pmtu, bytes_acked: Some(0), ..body.before };
                let tcp = TcpState { total_retrans: Some(sent + 7), retransmits: Some(7), bytes_acked: Some(0), ..body.before };
                body.looks = vec![Look { after_us: 4_000_000, tcp }];
                (body.status, body.answered_us, body.ended) = (None, None, Ended::TimedOut(Stage::Http));
            }
        });
    }
}
