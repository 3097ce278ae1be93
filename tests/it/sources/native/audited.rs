//! Whole audits of the reference rig by its native histograms only.

use crate::embedded::{Run, audit};
use rigcheck::{
    engine,
    model::outcome::Status,
    reference::{faults::ALL, rig::ReferenceRig},
};

/// As many requests as LAT-04 and LAT-05 need to tell.
const REQUESTS: u64 = 220;

/// Hold-ups of the load generator from which on they move its figures beyond the margins, ms.
const HELD_UP: f64 = 50.0;

async fn audited(fault: Option<&str>) -> Run {
    let fault = fault.map(|wanted| ALL.iter().find(|f| f.name == wanted).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let rig = ReferenceRig::start(folder.path(), fault, REQUESTS).unwrap();
    let spec = rig.spec().replace("/metrics,", "/metrics/native,");
    let spec: String =
        spec.lines().filter(|l| !l.contains("rigcheck_mock_inter_chunk") && !l.contains("RESOURCE_ACCURACY")).flat_map(|l| [l, "\n"]).collect();
    let run = audit(&spec, folder.path(), engine::PATIENCE).await;
    rig.stop().await;
    run
}

fn statuses(run: &Run, rule: &str) -> Vec<Status> {
    run.outcomes(rule, "").filter(|o| o.subject.as_str().starts_with("scrape")).map(|o| o.status).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_native_histogram_is_judged_as_a_classic_one() {
    let (clean, lost, background) = tokio::join!(audited(None), audited(Some("lost-worker")), audited(Some("background-task")));
    for rule in ["LAT-02", "LAT-03", "LAT-04", "LAT-05", "LAT-06"] {
        assert_eq!(statuses(&clean, rule), [Status::Pass; 2], "{rule}\n{}", clean.told());
    }
    let of_schema = clean.outcomes("LAT-05", "").filter_map(|o| Some(&o.finding.as_ref()?.observed)).collect::<Vec<_>>();
    assert!(of_schema.iter().all(|said| said.contains("2.19 % wide, as all of a native histogram of schema 5")), "{of_schema:?}");

    assert!(statuses(&lost, "LAT-02").contains(&Status::Fail), "{}", lost.told());
    // A client that is itself held up sees longer times, up to which the histogram may reach.
    let held_up = background.held_up() >= HELD_UP;
    for rule in ["LAT-03", "LAT-04"] {
        assert!(statuses(&background, rule).contains(&Status::Fail) || held_up, "{rule}\n{}", background.told());
    }
    assert!(!statuses(&background, "LAT-02").contains(&Status::Fail), "{}", background.told());
}
