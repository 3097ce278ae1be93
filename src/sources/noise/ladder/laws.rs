//! Laws of counting, on simulated machines.

use super::simulated::{MS, World};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Fork(usize),
    Run(usize, u64),
    End(usize),
    Look,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        3 => any::<usize>().prop_map(Op::Fork),
        4 => (any::<usize>(), 1_u64..200).prop_map(|(at, ms)| Op::Run(at, ms)),
        3 => any::<usize>().prop_map(Op::End),
        2 => Just(Op::Look),
    ];
    prop::collection::vec(op, 1..120)
}

/// Plays what happens; some processes may hear nothing of their children, and one in `grouped` is put into a group.
fn play(ops: &[Op], deaf: bool, grouped: usize, tick: u64) -> World {
    let mut world = World::new();
    world.tick = tick;
    world.look();
    for op in ops {
        let pids: Vec<u32> = world.all.keys().copied().collect();
        let mortal: Vec<u32> = pids.iter().copied().filter(|pid| *pid != 1).collect();
        match op {
            Op::Fork(at) => {
                let parent = pids[at % pids.len()];
                let pid = world.fork(parent, "p");
                let child = world.all.get_mut(&pid).unwrap();
                child.deaf = deaf && at % 5 == 0;
                if grouped > 0 && at % grouped == 0 {
                    child.group = Some(0);
                    // It is seen at least once: of whom it is not known that it reaps for a group, all that it reaps is its own.
                    world.look();
                }
            }
            Op::Run(at, ms) => world.run(pids[at % pids.len()], *ms),
            Op::End(at) if !mortal.is_empty() => world.end(mortal[at % mortal.len()]),
            Op::End(_) => {}
            Op::Look => world.look(),
        }
    }
    world.look();
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whoever ends is reaped by somebody alive: all is found, and nothing twice.
    #[test]
    fn all_that_is_reaped_is_found_once(ops in ops()) {
        let world = play(&ops, false, 0, 1);
        prop_assert_eq!(world.named_ms() * MS, world.used);
    }

    /// Where some hear nothing of their children, and others reap for groups, less may be found, never more.
    #[test]
    fn nobody_is_counted_twice(ops in ops(), grouped in 0_usize..6) {
        let world = play(&ops, true, grouped, 1);
        prop_assert!(world.named_ms() * MS <= world.used, "{} of {}", world.named_ms(), world.used / MS);
    }

    /// Ticks round down: what is found is off by less than two ticks for each that reaps.
    #[test]
    fn rounded_counters_lose_and_add_little(ops in ops()) {
        let world = play(&ops, false, 0, 10 * MS);
        let slack = 20 * MS * world.all.len() as u64 + 20 * MS;
        prop_assert!((world.named_ms() * MS).abs_diff(world.used) <= slack, "{} of {}", world.named_ms(), world.used / MS);
    }
}
