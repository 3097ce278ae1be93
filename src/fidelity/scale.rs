//! Is one environment as much smaller than the other in all that goes with its size?
//!
//! A group of facts has one ratio: what the spec declares, else that on which most members agree. A member fits if it is the
//! reference's value times the ratio, up to the piece that cannot be divided. Another size than the reference's takes two witnesses:
//! knobs whose members fit it and not the same size (one worker of one is half of one, and says nothing), or one beside the
//! services. A knob that several facts tell (workers that run, that were asked for, the variable that asks) has one voice.

use super::{
    pair::times,
    rounding::{fits, near},
    value::{counted, number},
};
use crate::model::{
    comparison::{Class, Scale},
    name::Name,
    payload::FactValue,
    units::Share,
};
use std::collections::BTreeSet;

/// A fact that goes with the size.
#[derive(Clone, Debug)]
pub struct Member {
    /// Index of its row.
    pub row: usize,
    /// Its path.
    pub path: String,
    /// What is turned where it changes, which others may tell, too.
    pub knob: String,
    /// Here.
    pub here: FactValue,
    /// There.
    pub there: FactValue,
    /// How far two values may be apart and still be equivalent.
    pub close: Option<Share>,
    /// In which class a member is that does not fit.
    pub off: Class,
}

/// What became of a member.
#[derive(Clone, Debug, PartialEq)]
pub struct Sized {
    /// Index of its row.
    pub row: usize,
    /// Its class; `None` where it stays as it is.
    pub class: Option<Class>,
    /// Why.
    pub because: String,
}

/// Judges one group. Nothing to say of a group in which nothing differs.
pub fn judge(group: &Name, members: &[Member], declared: Option<f64>, services: Option<f64>) -> (Option<Scale>, Vec<Sized>) {
    let ratio = declared.unwrap_or_else(|| consensus(members, services));
    let whole = near(ratio, 1.0);
    let mut scale = Scale { group: group.clone(), ratio, declared: declared.is_some(), fits: vec![], off: vec![] };
    let mut sized = vec![];
    for member in members {
        let same = member.here == member.there;
        if member.fits(ratio) {
            scale.fits.push(member.path.clone());
            if !same && !whole {
                sized.push(Sized { row: member.row, class: Some(Class::Scaled), because: format!("{} like its group", times(ratio)) });
            } else if !same {
                sized.push(Sized { row: member.row, class: Some(Class::Equivalent), because: "nearly the same".into() });
            }
            continue;
        }
        scale.off.push(member.path.clone());
        let own = member.ratio().map_or_else(|| "not of the same kind".into(), times);
        let rest = if declared.is_some() { "the spec declares" } else { "the rest of its group is" };
        let because = format!("{own} of the reference, and {rest} {}", times(ratio));
        sized.push(Sized { row: member.row, class: Some(member.off), because });
    }
    let all_same = members.is_empty() || whole && scale.off.is_empty() && sized.is_empty();
    ((!all_same || declared.is_some()).then_some(scale), sized)
}

impl Member {
    fn numbers(&self) -> Option<(f64, f64)> {
        number(&self.here).zip(number(&self.there))
    }
    fn ratio(&self) -> Option<f64> {
        self.numbers().filter(|(_, there)| *there != 0.0).map(|(here, there)| here / there).filter(|r| *r > 0.0)
    }
    fn fits(&self, ratio: f64) -> bool {
        let share = self.close.map_or(0.0, |s| s.0);
        self.numbers().is_some_and(|(here, there)| fits(here, there, ratio, counted(&self.here) && counted(&self.there), share))
    }
}

/// The ratio that most knobs fit, the earlier of two that as many fit; the same size where no two bear witness of another.
fn consensus(members: &[Member], services: Option<f64>) -> f64 {
    let mut best: Option<(usize, f64)> = None;
    for ratio in members.iter().filter_map(Member::ratio) {
        let of_services = usize::from(services.is_some_and(|s| near(s, ratio)));
        let knobs = |of: &dyn Fn(&Member) -> bool| members.iter().filter(|m| of(m)).map(|m| &m.knob).collect::<BTreeSet<_>>().len();
        let votes = knobs(&|m| m.fits(ratio)) + of_services;
        let witnesses = knobs(&|m| m.fits(ratio) && !m.fits(1.0)) + of_services;
        if (near(ratio, 1.0) || witnesses >= WITNESSES) && best.is_none_or(|(most, _)| votes > most) {
            best = Some((votes, ratio));
        }
    }
    best.map_or(1.0, |(_, ratio)| ratio)
}

/// So many say that the size is another one before it is.
const WITNESSES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::name::name;

    fn member(path: &str, here: FactValue, there: FactValue) -> Member {
        Member { row: 0, path: path.into(), knob: path.into(), here, there, close: None, off: Class::Material }
    }
    fn half() -> Vec<Member> {
        vec![
            member("cpus", FactValue::Millicores(2000), FactValue::Millicores(4000)),
            member("memory", FactValue::Bytes(4 << 30), FactValue::Bytes(8 << 30)),
            member("workers", FactValue::Count(4), FactValue::Count(8)),
            member("pool", FactValue::Text("5".into()), FactValue::Text("10".into())),
            member("odd", FactValue::Count(3), FactValue::Count(5)),
        ]
    }
    fn classes(members: &[Member], declared: Option<f64>) -> (Option<Scale>, Vec<Option<Class>>) {
        let (scale, sized) = judge(&name("service"), members, declared, None);
        (scale, sized.into_iter().map(|s| s.class).collect())
    }

    #[test]
    fn half_of_everything_is_scaled() {
        let (scale, found) = classes(&half(), None);
        let scale = scale.unwrap();
        assert!((scale.ratio - 0.5).abs() < 1e-9 && scale.off.is_empty(), "{scale:?}");
        assert_eq!(found, [Some(Class::Scaled); 5]);
    }

    #[test]
    fn one_member_off_is_named() {
        for at in 0..4 {
            let mut members = half();
            members[at].here = members[at].there.clone();
            let scale = classes(&members, None).0.unwrap();
            assert_eq!((scale.off, scale.ratio), (vec![members[at].path.clone()], 0.5));
        }
    }

    #[test]
    fn the_same_but_for_one_is_not_scaled() {
        let mut members: Vec<Member> = half().into_iter().map(|m| Member { here: m.there.clone(), ..m }).collect();
        assert_eq!(classes(&members, None), (None, vec![]));
        members[0].here = FactValue::Millicores(2000);
        let (scale, found) = classes(&members, None);
        assert_eq!((scale.unwrap().off, found), (vec!["cpus".to_owned()], vec![Some(Class::Material)]));
    }

    #[test]
    fn a_declared_scale_outvotes_the_members() {
        let members: Vec<Member> = half().into_iter().map(|m| Member { here: m.there.clone(), ..m }).collect();
        let (scale, found) = classes(&members, Some(0.5));
        let scale = scale.unwrap();
        assert_eq!((scale.off.len(), scale.declared), (5, true));
        assert_eq!(found, [Some(Class::Material); 5]);
    }

    #[test]
    fn one_alone_is_not_scaled_unless_it_has_the_size_of_the_services() {
        let alone = |services| judge(&name("planner"), &half()[..1], None, services).1.into_iter().map(|s| s.class).collect::<Vec<_>>();
        assert_eq!((alone(None), alone(Some(0.25))), (vec![Some(Class::Material)], vec![Some(Class::Material)]));
        assert_eq!(alone(Some(0.5)), [Some(Class::Scaled)]);
        let two = [half().remove(0), member("memory", FactValue::Bytes(8), FactValue::Bytes(8))];
        let (scale, _) = classes(&two, None);
        assert_eq!(scale.unwrap().off, ["cpus"], "no two agree on another size");
        // One of one is half of one, too: whoever fits both sizes is no witness of the other.
        let one = |path| member(path, FactValue::Count(1), FactValue::Count(1));
        let (scale, found) = classes(&[half().remove(0), one("replicas"), one("workers")], None);
        assert_eq!((scale.unwrap().off, found), (vec!["cpus".to_owned()], vec![Some(Class::Material)]));
        let again = |path, of: &Member| Member { path: String::from(path), ..of.clone() };
        let cpus = half().remove(0);
        let (scale, _) = classes(&[again("container.cpus", &cpus), cpus, one("workers")], None);
        assert_eq!(scale.unwrap().off, ["container.cpus", "cpus"], "one limit that is told twice is one witness");
        let (_, found) = classes(&[half().remove(0), half().remove(1), one("replicas"), one("workers")], None);
        assert_eq!(found, [Some(Class::Scaled); 2]);
    }
}
