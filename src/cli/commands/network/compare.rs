use crate::{
    audits::network_baseline::NetworkBaseline,
    cli::{
        args::SpecArgs,
        commands::{home, load},
        outputs::{Output, Pages},
        recordings,
    },
    engine,
    model::{
        audit::{AnyCase, Audit as _, Context},
        capability::Capability,
        case::{Case, RuleSpec},
        evidence::Evidence,
        key::{Key, World},
        name::{Name, name},
        network::{FarEnd, Network},
        outcome::Status,
        rig::Rig,
    },
    report::{
        Style, ways,
        ways_beside::{Alike, Beside, FORMATS, Row},
    },
    spec::{Exec, catalogue::Catalogue, discover::NotFound},
};
use anyhow::{anyhow, bail};
use std::{collections::BTreeMap, path::Path, process::ExitCode};

/// `rigcheck network compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 0 where they are equivalent, 1 where one differs, 3 where that could not be told. The margins are those of the \
                  case PERF_INFRA_ENVIRONMENT_NETWORK_BASELINE_002, with what the spec changes of them.")]
pub struct Compare {
    /// The ways under test: a file that `network record` wrote, or the name of a baseline
    pub here: String,
    /// Those that they stand for: the same, or a document
    pub there: String,
    /// As FORMAT or FORMAT:PATH; repeatable, one without a path goes to standard output. Formats: human, json, markdown
    #[arg(long, short, value_name = "FORMAT[:PATH]")]
    pub output: Vec<Output>,
    /// Say of what passes, too, what is expected
    #[arg(long, short)]
    pub verbose: bool,
    /// End with 0 whatever differs
    #[arg(long)]
    pub exit_zero: bool,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
}

/// The rules that lay two records beside one another.
const RULES: [&str; 6] = ["like_reference_rtt", "like_reference_loss", "like_reference_place", "in_the_way", "no_interception", "stable_path"];

pub fn run(args: &Compare, color: bool) -> anyhow::Result<ExitCode> {
    let pages = Pages::new(&args.output, &FORMATS)?;
    let home = home(args.spec.spec.as_deref())?;
    let [here, there] = [&args.here, &args.there].map(|wanted| recordings::find(wanted, &home));
    let (here, there) = (recordings::open(&here?)?, recordings::open(&there?)?);
    if ways::endpoints(&here).next().is_none() {
        bail!("{} is declared, not measured: lay a record beside it, and not it beside a record", args.here);
    }
    let found = beside(case(args)?, &here, &there, [&args.here, &args.there])?;
    pages.write(|format, width| found.render(format, &Style { color, verbose: args.verbose, width, ..Style::default() }))?;
    Ok(match found.alike() {
        _ if args.exit_zero => ExitCode::SUCCESS,
        Alike::Equivalent => ExitCode::SUCCESS,
        Alike::Different => 1.into(),
        Alike::Inconclusive => 3.into(),
    })
}

/// The case with its margins: of the spec, if there is one; a broken one is an error.
fn case(args: &Compare) -> anyhow::Result<Case> {
    let of = |cases: &[Case]| cases.iter().find(|case| case.audit.as_str() == NetworkBaseline::NAME).cloned();
    let loaded = match load(&args.spec, Exec::NotRun) {
        Ok((_, loaded)) => of(&loaded.profile.cases),
        Err(error) if matches!(error.downcast_ref(), Some(NotFound::Nowhere { .. })) => None,
        Err(error) => return Err(error),
    };
    let checks: Option<&Path> = args.spec.checks.checks.as_deref();
    match loaded {
        Some(case) => Ok(case),
        None => {
            of(&Catalogue::load(checks)?.cases).ok_or_else(|| anyhow!("none of the cases compares ways: there is nothing to judge a difference by"))
        }
    }
}

/// Judges one recording as this run and the other one as its reference.
fn beside(case: Case, here: &Evidence, there: &Evidence, names: [&str; 2]) -> anyhow::Result<Beside> {
    let rules: Vec<RuleSpec> = case.rules.iter().filter(|rule| RULES.contains(&rule.judge.as_str()) && !rule.deselected).cloned().collect();
    let rig = rig(here, there);
    let bound = bind(Case { rules, ..case })?;
    let reference = World::Reference(name(OTHER));
    let endpoints = rig.network.as_ref().map(|network| network.endpoints.clone()).unwrap_or_default();
    let mut evidence = Evidence::default();
    for (key, answer) in here.iter() {
        evidence.put(key.clone(), answer.clone());
    }
    for (key, answer) in recordings::asked_alike(there, &endpoints).iter() {
        evidence.put(Key { world: reference.clone(), ..key.clone() }, answer.clone());
    }
    let judged = bound.judge(&Context { rig: &rig, evidence: &evidence, as_of: engine::wall_now() });
    let called = |evidence: &Evidence, fallback: &str| ways::recording(evidence).map_or_else(|| fallback.to_owned(), |about| about.name);
    let mut rows: Vec<Row> = judged.findings.into_iter().map(|(nth, endpoint, said)| row(&bound.case().rules[nth], &endpoint, said)).collect();
    rows.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
    let (mut here, mut there) = (called(here, names[0]), called(there, names[1]));
    if here == there {
        (here, there) = (names[0].to_owned(), names[1].to_owned());
    }
    Ok(Beside { here, there, rows })
}

/// No baseline has this name.
const OTHER: &str = "(other)";

fn row(rule: &RuleSpec, endpoint: &Name, said: Result<crate::model::audit::Judgement, String>) -> Row {
    let of = |status, figure, observed: String, expected: String, because| Row {
        endpoint: endpoint.to_string(),
        rule: rule.id.to_string(),
        title: rule.title.clone(),
        status,
        figure,
        observed,
        expected,
        because,
    };
    match said {
        Ok(Ok(found)) => of(found.status, Some(found.figure), found.observed, found.expected, found.because),
        Ok(Err(unknown)) => of(Status::NoData, None, unknown.gap.to_string(), String::new(), vec![]),
        Err(broken) => of(Status::Error, None, broken, String::new(), vec![]),
    }
}

/// A rig with the endpoints of both: one that only the other side has is not told here.
fn rig(here: &Evidence, there: &Evidence) -> Rig {
    let about = ways::recording(here).unwrap_or_default();
    let far = |endpoint: &crate::model::endpoint::Endpoint| {
        let region = about.endpoints.get(&endpoint.name).and_then(|far| far.region.clone());
        (endpoint.name.clone(), FarEnd { endpoint: endpoint.clone(), from: None, region, issuers: vec![] })
    };
    let mut endpoints: BTreeMap<Name, FarEnd> = ways::endpoints(there).map(far).collect();
    endpoints.extend(ways::endpoints(here).map(far));
    Rig {
        name: name(about.name),
        network: Some(Network { endpoints, reference: Some(name(OTHER)), ttft: None }),
        capabilities: [Capability::NetworkEndpoints, Capability::NetworkReference].into(),
        ..Rig::default()
    }
}

fn bind(case: Case) -> anyhow::Result<Box<dyn AnyCase>> {
    let entry = crate::audits::ALL.iter().find(|entry| entry.name == NetworkBaseline::NAME);
    let entry = entry.ok_or_else(|| anyhow!("this release has no audit of ways"))?;
    (entry.bind)(case)
        .map_err(|bad| anyhow!("the case of ways cannot be read: {}", bad.iter().map(|bad| bad.why.as_str()).collect::<Vec<_>>().join("; ")))
}
