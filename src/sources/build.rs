//! From settings to sources. A source that cannot even be made answers every question with why.

use super::{
    access_log::Log,
    burn::OwnBurn,
    clock::Clock,
    cloud::Cloud,
    dashboards::Dashboards,
    docker_stats::DockerStats,
    environment::Environment,
    jaeger::Jaeger,
    kernel::Kernel,
    load::Load,
    network::{self, Network, NetworkSettings, Reach},
    noise::{Noise, Watching},
    otlp::{Otlp, OtlpFiles},
    postgres::Postgres,
    prometheus::Prometheus,
    scrape::Scrape,
    spans::Pace,
    truth::Truth,
};
use crate::{
    kept::variables::Variables,
    model::{
        audit::Effort,
        endpoint::NETWORK,
        environment::ENVIRONMENT,
        evidence::Gap,
        key::Query,
        name::{Name, name},
        rig::Rig,
        source::{Answer, Cost, Slot, Source, Timing},
        units::Ms,
        workload::{BURN, KERNEL, NOISE},
    },
    spec::settings::{Connection, OtlpPlace, Settings, SourceSettings},
};
use std::{path::Path, sync::Arc, time::Duration};

/// All sources of a rig, those of our own included: the load generator, this machine's kernel, the burn.
pub fn build(rig: &Rig, settings: &Settings) -> Vec<Arc<dyn Source>> {
    build_watched(rig, settings, None)
}

/// The same; somebody watches a quiet window while it lasts.
pub fn build_watched(rig: &Rig, settings: &Settings, watching: Option<Watching>) -> Vec<Arc<dyn Source>> {
    let reference = settings.sources.values().find_map(|s| if let SourceSettings::Truth { connection } = s { Some(connection) } else { None });
    let mut sources = vec![load(settings, reference)];
    let docker = docker_socket(settings);
    if rig.sources.contains_key(&name(KERNEL)) {
        sources.push(Arc::new(Kernel::new(rig.workloads.clone(), docker.clone())));
    }
    if rig.sources.contains_key(&name(BURN)) {
        sources.push(Arc::new(OwnBurn::new(docker.clone())));
    }
    if rig.sources.contains_key(&name(NOISE)) {
        let noise = Noise::new(docker);
        sources.push(Arc::new(match watching {
            Some(watching) => noise.watched_by(watching),
            None => noise,
        }));
    }
    if rig.sources.contains_key(&name(NETWORK)) {
        sources.push(Arc::new(Network::new(ways(settings))));
    }
    for (source, how) in &settings.sources {
        sources.push(or_silent(source, one(source, how, rig)));
    }
    if rig.sources.contains_key(&name(ENVIRONMENT)) {
        sources.push(Arc::new(Environment::new(rig, docker_socket(settings), settings)));
    }
    sources
}

/// How endpoints are reached: at the polite pace, unless all of them are in a laboratory.
fn ways(settings: &Settings) -> NetworkSettings {
    let Some(told) = &settings.network else { return NetworkSettings::default() };
    let of = told.reach.iter().map(|(name, reach)| (name.clone(), Reach { ca_file: reach.ca_file.clone(), proxy: reach.proxy.clone() })).collect();
    let pace = told.pace.map_or_else(network::Pace::default, |pace| {
        let duration = |ms: Ms| Duration::from_secs_f64(ms.0 / 1e3);
        network::Pace { mean_gap: duration(pace.mean_gap), between_rounds: duration(pace.between_rounds), ..network::Pace::default() }
    });
    NetworkSettings { of, pace, ..NetworkSettings::default() }
}

fn docker_socket(settings: &Settings) -> Option<String> {
    settings.sources.values().find_map(|s| if let SourceSettings::Docker { socket } = s { socket.as_deref() } else { None }).map(at_socket)
}

/// A socket as Docker's clients name it.
fn at_socket(path: &Path) -> String {
    format!("unix://{}", path.display())
}

fn load(settings: &Settings, reference: Option<&Connection>) -> Arc<dyn Source> {
    or_silent(&name("load"), Load::new(settings.target.as_ref(), reference).map(|s| Arc::new(s) as _))
}

fn one(source: &Name, how: &SourceSettings, rig: &Rig) -> Result<Arc<dyn Source>, Gap> {
    let claims = || rig.claims.iter().filter(|c| c.source == *source).cloned().collect::<Vec<_>>();
    let usage = || rig.usage.iter().filter(|c| c.source == *source).cloned().collect::<Vec<_>>();
    Ok(match how {
        SourceSettings::Prometheus { connection } => Arc::new(Prometheus::new(source.clone(), connection, claims())?.with_usage(usage())),
        SourceSettings::Scrape { connection, interval } => {
            Arc::new(Scrape::new(source.clone(), connection, *interval, claims())?.with_usage(usage()))
        }
        SourceSettings::Jaeger { connection, service, settle } => {
            Arc::new(Jaeger::new(source.clone(), connection, service.clone())?.with_pace(Pace::settling(*settle)))
        }
        SourceSettings::Otlp { from, service, settle } => {
            let (name, service, pace) = (source.clone(), service.clone(), Pace::settling(*settle));
            match from {
                OtlpPlace::Listen(at) => Arc::new(Otlp::new(name, *at, service)?.with_pace(pace)),
                OtlpPlace::File(path) => Arc::new(OtlpFiles::new(name, path.clone(), service).with_pace(pace)),
            }
        }
        SourceSettings::AccessLog(log) => Arc::new(Log::new(source.clone(), log)?),
        SourceSettings::Clock(by) => Arc::new(Clock::new(source.clone(), by)?),
        SourceSettings::Docker { socket } => Arc::new(DockerStats::new(source.clone(), socket.as_deref().map(at_socket), rig.workloads.clone())),
        SourceSettings::Cloud { path, period, settle } => Arc::new(Cloud::new(source.clone(), path.clone(), *period, *settle, usage())),
        SourceSettings::Dashboards { path } => Arc::new(Dashboards::new(source.clone(), path.clone())),
        SourceSettings::Postgres { server } => Arc::new(Postgres::new(source.clone(), server.clone(), Variables::default())),
        SourceSettings::Truth { connection } => Arc::new(Truth::new(source.clone(), connection)?),
    })
}

fn or_silent(source: &Name, made: Result<Arc<dyn Source>, Gap>) -> Arc<dyn Source> {
    made.unwrap_or_else(|gap| Arc::new(Silent { name: source.clone(), gap }))
}

/// A source that could not be made: declared, so never out of scope, and never an answer.
struct Silent {
    name: Name,
    gap: Gap,
}

impl Source for Silent {
    fn name(&self) -> &Name {
        &self.name
    }
    fn timing(&self, _: &Query) -> Timing {
        Timing::Recall { settle: Ms(0.0) }
    }
    fn ask<'a>(&'a self, _: &'a Query, _: Effort, _: &'a Slot) -> Answer<'a> {
        Box::pin(async { Err(self.gap.clone()) })
    }
    fn cost(&self) -> Cost {
        Cost::default()
    }
}
