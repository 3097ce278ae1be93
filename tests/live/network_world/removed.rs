//! Nothing is left of a world.

use super::{plain, world};
use crate::support::netns::{Plan, remove_left_over};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

#[test]
fn nothing_is_left_of_a_world_that_ends_or_of_a_test_that_fails() {
    let mut gone = vec![];
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let Some(world) = world("nothing_is_left_of_a_world_that_ends_or_of_a_test_that_fails", Plan { routers: 1, ..Plan::default() }) else {
            return;
        };
        let _server = plain(&world, 1);
        world.client().resolves_by(&[world.server_v4()]).expect("a file");
        // a program that nobody remembers, and that ends by no one's hand
        let forgotten = world.server().start("sleep", &["600"]).expect("it starts");
        gone = vec![Path::new("/proc").join(forgotten.pid().to_string()).join("ns/net")];
        std::mem::forget(forgotten);
        for host in [world.client(), world.router(0), world.server()] {
            gone.push(Path::new("/run/netns").join(host.name()));
        }
        gone.push(Path::new("/etc/netns").join(world.client().name()));
        thread::sleep(Duration::from_millis(100));
        assert!(gone.iter().all(|path| path.symlink_metadata().is_ok()), "{gone:?}");
        panic!("a test that fails");
    }));
    if gone.is_empty() {
        return;
    }
    assert!(failed.is_err());
    thread::sleep(Duration::from_millis(100));
    // a killed program that its parent has not asked for has no namespaces any more
    let left: Vec<_> = gone.iter().filter(|path| fs::read_link(path).is_ok() || path.extension().is_none() && path.is_dir()).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(gone[1..].iter().all(|path| path.symlink_metadata().is_err()), "{gone:?}");
}

#[test]
fn what_a_killed_run_left_is_removed_and_what_a_living_one_has_is_not() {
    let Some(world) = world("what_a_killed_run_left_is_removed_and_what_a_living_one_has_is_not", Plan::default()) else { return };
    let mut ended = Command::new("true").spawn().expect("it starts");
    ended.wait().expect("it ends");
    let name = format!("rc-{}-0-client", ended.id());
    let added = Command::new("ip").args(["netns", "add", &name]).status().expect("ip starts");
    assert!(added.success());
    remove_left_over();
    assert!(!Path::new("/run/netns").join(name).exists());
    assert!(Path::new("/run/netns").join(world.client().name()).exists());
}
