use super::burn_act;
use rigcheck::{
    model::{
        act::{Act, BurnAct},
        audit::Effort,
        evidence::{Gap, Seen},
        key::{Burn, Query, Question},
        payload::{BurnPattern, Burned},
        rows::InMemory,
        source::{Slot, Source},
    },
    sources::burn::OwnBurn,
};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

fn query(act: BurnAct) -> Query {
    Burn { act: Act::Burn(act) }.into()
}

fn lasting(lasting_ms: u64) -> Effort {
    Effort { lasting_ms, ..Effort::default() }
}

fn slot() -> Slot {
    Slot::detached(Instant::now() + Duration::from_secs(30), Arc::new(InMemory::default()))
}

fn burned(seen: &Seen) -> &Burned {
    Burn::pick(&seen.payload).unwrap()
}

#[tokio::test]
async fn it_lasts_as_long_as_the_audit_asks_and_tells_what_it_was() {
    let said = Arc::new(Mutex::new(vec![]));
    let heard = Arc::clone(&said);
    let slot = Slot { progress: Arc::new(move |done, total| heard.lock().unwrap().push((done, total))), ..slot() };
    let act = BurnAct { memory: 4 << 20, network: 100_000, ..burn_act(false) };
    let source = OwnBurn::new(None);
    let estimate = source.estimate(&query(act.clone()), lasting(1_500));
    assert!((1_500.0..2_000.0).contains(&estimate.lasting.0) && estimate.requests == 0, "{estimate:?}");
    let begun = Instant::now();
    let seen = source.ask(&query(act), lasting(1_500), &slot).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(1_450), "{:?}", begun.elapsed());
    let told = burned(&seen);
    assert!(seen.partial.is_none() && !told.interrupted && seen.covered.from == told.started, "{seen:?}");
    assert!((1.4..6.0).contains(&told.lasted_s()), "{}", told.lasted_s());
    assert_eq!((told.asked.pattern, told.asked.cpu_cores, told.touched_bytes), (BurnPattern::Irregular { seed: 1 }, 0.3, 4 << 20));
    assert!(told.last().unwrap().workers_cpu_s > 0.0 && told.last().unwrap().sent_bytes > 0, "{:?}", told.last());
    assert!(seen.origin.request.contains("--cpu 0.3") && seen.origin.request.contains("in this process"), "{}", seen.origin.request);
    assert_eq!(said.lock().unwrap().last(), Some(&(1_500, 1_500)));
}

#[tokio::test]
async fn an_interruption_ends_it_with_what_was_achieved() {
    let slot = slot();
    let cancel = slot.cancel.clone();
    let (source, query) = (OwnBurn::new(None), query(burn_act(false)));
    let (seen, ()) = tokio::join!(source.ask(&query, lasting(60_000), &slot), async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        cancel.cancel();
    });
    let seen = seen.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::NotReached(why)) if why.contains("interrupted after")), "{:?}", seen.partial);
    assert!(burned(&seen).interrupted && burned(&seen).lasted_s() < 20.0);
}

#[tokio::test]
async fn what_cannot_be_given_is_refused_before_anything_is_burned() {
    let refused = async |act: BurnAct, ms: u64| OwnBurn::new(None).ask(&query(act), lasting(ms), &slot()).await.map(|_| ()).unwrap_err();
    let cores = refused(BurnAct { millicores: 1_000_000, ..burn_act(false) }, 1_000).await;
    assert!(matches!(&cores, Gap::Refused(why) if why.contains("resources.burner.burn.cpu asks for 1000 cores")), "{cores}");
    let memory = refused(BurnAct { memory: 1 << 50, ..burn_act(false) }, 1_000).await;
    assert!(matches!(&memory, Gap::Refused(why) if why.contains("resources.burner.burn.memory")), "{memory}");
    assert!(matches!(refused(burn_act(false), 0).await, Gap::Refused(_)));
    // No daemon for a burn in a container.
    let source = OwnBurn::new(Some("unix:///no/such/docker.sock".into()));
    let gap = source.ask(&query(burn_act(true)), lasting(1_000), &slot()).await.map(|_| ()).unwrap_err();
    assert!(matches!(&gap, Gap::Unreachable(why) if why.contains("in: process")), "{gap}");
}
