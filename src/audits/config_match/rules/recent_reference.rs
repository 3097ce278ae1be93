use crate::{
    audits::config_match::{ConfigMatch, spoil, view::Compared},
    model::{
        audit::{Judgement, Rule},
        environment::SNAPSHOT,
        evidence::{Evidence, Gap, Unknown},
        name::{Name, name},
        outcome::{Figure, Finding, Status},
        rig::Rig,
        units::Ms,
    },
};
use serde::Deserialize;

/// The reference is not too old to stand for what runs today.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecentReference {
    /// Older ones are a warning.
    warn: Ms,
    /// Older ones fail.
    fail: Ms,
}

const DAY: f64 = 86_400_000.0;
/// A date is its first moment in UTC, and the clocks of two machines differ; what is further ahead would be recent for ever.
const AHEAD: f64 = DAY;

impl RecentReference {
    /// By the age, ms.
    fn status(&self, age: f64) -> Status {
        match age {
            age if age > self.fail.0 || age < -AHEAD => Status::Fail,
            age if age > self.warn.0 => Status::Warn,
            _ => Status::Pass,
        }
    }
}

impl Rule<ConfigMatch> for RecentReference {
    const NAME: &'static str = "recent_reference";

    fn judge(&self, view: &Compared<'_>, _: &Name) -> Judgement {
        let key = view.key_there(&name(SNAPSHOT));
        let there = &view.comparison.there;
        let Some(as_of) = there.as_of else {
            return Err(Unknown::new(key, Gap::NoBaseline(format!("{} does not say of when it is", there.name))));
        };
        let age = view.now.0.saturating_sub(as_of.0) as f64 / 1e3;
        let status = self.status(age);
        let ahead = if age < -AHEAD { ", which has not come yet: correct it, or the clock that wrote it" } else { "" };
        let by = if there.by.is_empty() { String::new() } else { format!(", as {} says", there.by) };
        Ok(Finding {
            status,
            figure: Figure::exact("age", age / DAY, 1, "days"),
            observed: format!("{} is of {as_of}{by}{ahead}", there.name),
            expected: format!("at most {:.0} days old", self.warn.0 / DAY),
            margin: None,
            because: vec![],
            rows: 1,
            settles_at: None,
            remedy: None,
            from: vec![key],
        })
    }

    fn spoil(&self, _: &ConfigMatch, rig: &Rig, _: &Name, copy: &mut Evidence) {
        spoil::age(rig, copy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_neither_old_nor_of_the_future() {
        let rule = RecentReference { warn: Ms(30.0 * DAY), fail: Ms(180.0 * DAY) };
        for (days, status) in [
            (0.0, Status::Pass),
            (30.0, Status::Pass),
            (31.0, Status::Warn),
            (181.0, Status::Fail),
            (-0.9, Status::Pass),
            (-1.1, Status::Fail),
            (-3650.0, Status::Fail),
        ] {
            assert_eq!(rule.status(days * DAY), status, "{days} days");
        }
    }
}
