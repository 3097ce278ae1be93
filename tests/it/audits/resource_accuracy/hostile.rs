//! Whatever a source sends, each rule says something finite of it.

use super::{
    super::case::{judge, of_resources, shown},
    world::World,
};
use rigcheck::model::{
    payload::{Sample, Tracks},
    units::Wall,
};

fn told(change: impl Fn(&mut Tracks)) {
    let mut world = World::new(21);
    world.told.values_mut().for_each(&change);
    change(&mut world.beside_burn);
    let said = judge(&*of_resources(), &world.rig, &world.evidence());
    for ((rule, subject), judgement) in &said {
        let Ok(found) = judgement else { continue };
        let f = &found.figure;
        assert!([f.value, f.lo, f.hi].iter().all(|x| x.is_finite()), "{rule} {subject}: {f}\n{}", shown(&said));
        assert!(found.margin.is_none_or(f64::is_finite), "{rule} {subject}: {:?}", found.margin);
    }
}

fn each(change: impl Fn(usize, &mut Sample) + Copy) {
    told(|tracks| tracks.tracks.iter_mut().for_each(|t| t.samples.iter_mut().enumerate().for_each(|(n, s)| change(n, s))));
}

#[test]
fn values_that_are_no_numbers_or_beyond_them() {
    each(|_, s| s.1 = f64::NAN);
    each(|n, s| s.1 = if n % 2 == 0 { f64::INFINITY } else { s.1 });
    each(|_, s| s.1 = 0.0);
    each(|_, s| s.1 = -s.1);
    each(|n, s| s.1 = 1e300 * n as f64);
    each(|n, s| s.1 = f64::MAX * if n % 2 == 0 { 1.0 } else { -1.0 });
}

#[test]
fn stamps_of_any_kind() {
    each(|_, s| s.0 = Wall(0));
    each(|n, s| s.0 = Wall(s.0.0 - 40_000 * i64::try_from(n).unwrap() * 60));
    each(|n, s| s.0 = if n % 2 == 0 { Wall(i64::MAX) } else { Wall(i64::MIN) });
    told(|t| t.tracks.iter_mut().for_each(|t| t.samples.reverse()));
    told(|t| t.tracks.iter_mut().for_each(|t| t.samples.truncate(1)));
    told(|t| t.tracks.iter_mut().for_each(|t| t.samples.clear()));
    told(|t| t.tracks.clear());
    told(|t| t.lives.clear());
    told(|t| (t.interval_ms, t.doubt_us) = (f64::NAN, i64::MAX));
    told(|t| (t.interval_ms, t.doubt_us) = (-1.0, i64::MIN));
}
