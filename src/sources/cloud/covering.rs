//! From an export's values to samples of a claim: which end of its period a stamp is, what a period added, how far it reaches.

use super::exported::{Exported, Point, Says, Stamped};
use crate::model::{
    payload::Sample,
    units::{Ms, Span, Wall},
    usage::Shape,
};

/// Values further from the act than so many periods are left out.
const AROUND: f64 = 10.0;
/// A value follows another where no more than this share of a period lies between.
const FOLLOWS: f64 = 0.5;

/// A series as samples.
#[derive(Debug, PartialEq)]
pub struct Covering {
    /// In time order, as the file has them.
    pub samples: Vec<Sample>,
    /// What its values cover.
    pub covers: Span,
    /// Time between two of them, ms.
    pub interval_ms: f64,
}

/// Why there are none.
#[derive(Debug, PartialEq)]
pub enum Not {
    /// It does not reach over the act: what is there.
    Reaching(String),
    /// The spec must say more, or say it otherwise.
    Said(String),
    /// What is written cannot be.
    Written(String),
    /// There are no values.
    Empty,
}

/// One value and what it covers.
#[derive(Clone, Copy)]
struct Stretch {
    from: Option<Wall>,
    to: Wall,
    value: f64,
}

/// The samples of a series around an act.
pub fn covering(one: &Exported, shape: Shape, period: Option<Ms>, act: Span) -> Result<Covering, Not> {
    let points = ordered(&one.points)?;
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Err(Not::Empty) };
    let adds = adds(one, shape, period.is_some())?;
    let length_ms = period.map(|p| p.0).or_else(|| shortest_ms(&points));
    let told = points.iter().all(|p| p.from.is_some());
    if length_ms.is_none() && !told && (adds || one.stamped == Stamped::Beginning) {
        return Err(Not::Said("one value alone does not tell for how long it stands; add `period: 60s`, or what it is, to the source".into()));
    }
    let length_us = length_ms.map(|ms| (ms * 1e3) as i64);
    let value = |p: &Point| {
        let to = if one.stamped == Stamped::Beginning && p.from.is_none() { p.at.plus_us(length_us.unwrap_or(0)) } else { p.at };
        Stretch { from: p.from.or_else(|| length_us.map(|us| to.plus_us(-us))), to, value: p.value }
    };
    let interval_ms = length_ms.or_else(|| first.from.map(|from| (first.at.0 - from.0) as f64 / 1e3)).unwrap_or_default();
    let begins = |v: Stretch| v.from.unwrap_or(v.to);
    let covers = Span { from: begins(value(first)), to: value(last).to };
    if covers.from > act.from || covers.to < act.to {
        return Err(Not::Reaching(format!("cover {} to {}", covers.from, covers.to)));
    }
    let around = (AROUND * interval_ms * 1e3) as i64;
    let near = |v: &Stretch| v.to >= act.from.plus_us(-around) && begins(*v) <= act.to.plus_us(around);
    let mut values: Vec<Stretch> = points.iter().map(value).collect();
    // One before the act and one after it stay, however far they are.
    let (before, after) = (values.iter().rposition(|v| v.to <= act.from), values.iter().position(|v| v.to >= act.to));
    let mut n = 0..;
    values.retain(|v| {
        let at = n.next();
        near(v) || at == before || at == after
    });
    let samples = if adds { summed(&values, act, interval_ms)? } else { values.iter().map(|v| Sample(v.to, v.value)).collect() };
    Ok(Covering { samples, covers, interval_ms })
}

/// Do the values say what each period added, and are they to be added up?
fn adds(one: &Exported, shape: Shape, period: bool) -> Result<bool, Not> {
    match (shape, one.says) {
        (Shape::Counter, Says::Added) => Ok(true),
        // CloudWatch keeps values of periods only. A table has totals, unless the spec says what one value covers.
        (Shape::Counter, Says::Untold) => Ok(one.stamped == Stamped::Beginning || period),
        (Shape::Counter, Says::Total) | (Shape::Level, Says::State | Says::Untold) => Ok(false),
        (Shape::Counter, Says::State) => Err(Not::Said("are states or means, no counts; say `type: gauge`".into())),
        (Shape::Level, Says::Added) => Err(Not::Said("are what each period added; say `type: counter`".into())),
        (Shape::Level, Says::Total) => Err(Not::Said("are counted since a beginning; say `type: counter`".into())),
    }
}

/// In the order of time, each once.
fn ordered(points: &[Point]) -> Result<Vec<Point>, Not> {
    let mut points = points.to_vec();
    points.sort_by_key(|p| p.at);
    points.dedup();
    match points.windows(2).find(|w| w[0].at == w[1].at) {
        Some(twice) => Err(Not::Written(format!("two values stand at {}", twice[0].at))),
        None => Ok(points),
    }
}

fn shortest_ms(points: &[Point]) -> Option<f64> {
    points.windows(2).map(|w| (w[1].at.0 - w[0].at.0) as f64 / 1e3).min_by(f64::total_cmp)
}

/// What was added since the first value's beginning; only values without a hole over the act can be.
fn summed(values: &[Stretch], act: Span, interval_ms: f64) -> Result<Vec<Sample>, Not> {
    let slack = (FOLLOWS * interval_ms * 1e3) as i64;
    let begins = |v: &Stretch| v.from.unwrap_or(v.to);
    let (mut samples, mut sum, mut until) = (Vec::<Sample>::new(), 0.0, None::<Wall>);
    for value in values {
        if let Some(hole) = until.filter(|until| begins(value) > until.plus_us(slack)) {
            if hole < act.to && begins(value) > act.from {
                return Err(Not::Reaching(format!("have none between {hole} and {}", begins(value))));
            }
            if hole >= act.to {
                break;
            }
            samples.clear();
        }
        if samples.is_empty() {
            sum = 0.0;
            samples.push(Sample(begins(value), 0.0));
        }
        sum += value.value;
        samples.push(Sample(value.to, sum));
        until = Some(value.to);
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;
    const ACT: Span = Span { from: Wall(130 * S), to: Wall(250 * S) };

    fn exported(says: Says, stamped: Stamped, values: &[(i64, f64)]) -> Exported {
        let points = values.iter().map(|(at, value)| Point { from: None, at: Wall(at * S), value: *value }).collect();
        Exported { says, stamped, points, ..Exported::default() }
    }

    fn told(covering: &Covering) -> Vec<(i64, f64)> {
        covering.samples.iter().map(|s| (s.0.0 / S, s.1)).collect()
    }

    #[test]
    fn a_value_that_is_stamped_at_its_beginning_stands_at_its_end() {
        // Newest first, as CloudWatch answers.
        let one = exported(Says::Untold, Stamped::Beginning, &[(240, 4.0), (180, 3.0), (120, 2.0), (60, 1.0)]);
        let level = covering(&one, Shape::Level, None, ACT).unwrap();
        assert_eq!(told(&level), [(120, 1.0), (180, 2.0), (240, 3.0), (300, 4.0)]);
        assert_eq!((level.interval_ms, level.covers), (60e3, Span { from: Wall(60 * S), to: Wall(300 * S) }));
        let counter = covering(&one, Shape::Counter, None, ACT).unwrap();
        assert_eq!(told(&counter), [(60, 0.0), (120, 1.0), (180, 3.0), (240, 6.0), (300, 10.0)]);
    }

    #[test]
    fn a_table_has_totals_unless_its_period_is_said() {
        let one = exported(Says::Untold, Stamped::End, &[(120, 5.0), (180, 7.0), (300, 9.0)]);
        assert_eq!(told(&covering(&one, Shape::Counter, None, ACT).unwrap()), [(120, 5.0), (180, 7.0), (300, 9.0)]);
        let dense = exported(Says::Untold, Stamped::End, &[(120, 5.0), (180, 7.0), (240, 9.0), (300, 1.0)]);
        let added = covering(&dense, Shape::Counter, Some(Ms(60e3)), ACT).unwrap();
        assert_eq!(told(&added), [(60, 0.0), (120, 5.0), (180, 12.0), (240, 21.0), (300, 22.0)]);
    }

    #[test]
    fn intervals_that_the_file_tells_outrank_the_spacing() {
        let mut one = exported(Says::Added, Stamped::End, &[(180, 2.0), (300, 3.0)]);
        one.points[0].from = Some(Wall(60 * S));
        one.points[1].from = Some(Wall(180 * S));
        assert_eq!(told(&covering(&one, Shape::Counter, None, ACT).unwrap()), [(60, 0.0), (180, 2.0), (300, 5.0)]);
    }

    #[test]
    fn what_does_not_reach_over_the_act_is_told() {
        let reach = |values: &[(i64, f64)], shape| covering(&exported(Says::Untold, Stamped::Beginning, values), shape, None, ACT);
        assert!(matches!(reach(&[(60, 1.0), (120, 1.0)], Shape::Level), Err(Not::Reaching(why)) if why.starts_with("cover 1970-01-01 00:01:00")));
        assert!(matches!(reach(&[(180, 1.0), (240, 1.0)], Shape::Level), Err(Not::Reaching(_))));
        let holed = [(60, 1.0), (120, 1.0), (240, 1.0)];
        assert!(matches!(reach(&holed, Shape::Counter), Err(Not::Reaching(why)) if why.contains("none between")), "a hole in the act");
        assert!(reach(&holed, Shape::Level).is_ok());
        let before = [(-120, 9.0), (60, 1.0), (120, 1.0), (180, 1.0), (240, 1.0), (420, 1.0)];
        assert_eq!(told(&reach(&before, Shape::Counter).unwrap())[0], (60, 0.0), "holes beside the act do not matter");
        assert_eq!(reach(&before, Shape::Counter).unwrap().samples.last().map(|s| s.1), Some(4.0));
    }

    #[test]
    fn what_contradicts_itself_or_the_spec_is_no_answer() {
        let of = |says, shape, values: &[(i64, f64)]| covering(&exported(says, Stamped::Beginning, values), shape, None, ACT);
        let good = [(60, 1.0), (120, 1.0), (180, 1.0), (240, 1.0)];
        for (says, shape) in [(Says::State, Shape::Counter), (Says::Added, Shape::Level), (Says::Total, Shape::Level)] {
            assert!(matches!(of(says, shape, &good), Err(Not::Said(_))), "{says:?}");
        }
        assert!(matches!(of(Says::Untold, Shape::Level, &[(60, 1.0)]), Err(Not::Said(why)) if why.contains("period: 60s")));
        assert!(matches!(of(Says::Untold, Shape::Level, &[(60, 1.0), (60, 2.0)]), Err(Not::Written(_))));
        assert_eq!(of(Says::Untold, Shape::Level, &[]), Err(Not::Empty));
        assert!(of(Says::Untold, Shape::Level, &[(60, 1.0), (60, 1.0), (120, 1.0), (180, 1.0), (240, 1.0)]).is_ok(), "the same twice");
    }

    #[test]
    fn far_values_are_left_out() {
        let long: Vec<(i64, f64)> = (0..2_000).map(|n| (-60_000 + n * 60, 1.0)).collect();
        let kept = covering(&exported(Says::Untold, Stamped::End, &long), Shape::Level, None, ACT).unwrap();
        assert!(kept.samples.len() < 30 && kept.samples[0].0 <= ACT.from, "{}", kept.samples.len());
    }
}
