//! This program again, in a container of its own: made from nothing but itself, bounded, and removed.
#![allow(clippy::disallowed_methods, reason = "puts this program's own file into an image")]

pub mod burning;
mod elf;
mod image;
mod refused;

use crate::{
    model::{evidence::Gap, payload::CgroupReading},
    sources::cgroup::{Cgroup, Sampler, Who},
};
use bollard::{
    Docker, body_try_stream,
    container::LogOutput,
    models::{ContainerCreateBody, HostConfig, HostConfigLogConfig},
    query_parameters::{
        CreateContainerOptions, CreateImageOptions, KillContainerOptions, ListImagesOptions, LogsOptionsBuilder, RemoveContainerOptions,
        RemoveImageOptions, StartContainerOptions, WaitContainerOptionsBuilder,
    },
};
use futures_util::{StreamExt as _, stream};
use image::{Image, LIBRARIES, PROGRAM};
use refused::{MAKE, refused};
use std::{collections::HashMap, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// What is run.
#[derive(Clone, Debug, Default)]
pub struct Contained {
    /// Arguments of this program.
    pub arguments: Vec<String>,
    /// Name of the container; without one Docker finds one.
    pub name: Option<String>,
    /// CPU quota, cores.
    pub cpus: Option<f64>,
    /// Memory limit, bytes, swap included.
    pub memory: Option<u64>,
    /// Remove the image, too.
    pub remove_image: bool,
    /// Where the daemon is (`unix://PATH`); none for that of `DOCKER_HOST`, or the usual socket.
    pub host: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub struct Ended {
    /// Its id.
    pub id: String,
    /// Its image, `rigcheck-burn:DIGEST`.
    pub image: String,
    /// All of its standard output.
    pub out: String,
    /// How it ended; `None` where it was gone before that could be asked.
    pub code: Option<i64>,
    /// What its control group's files said from outside, each 200 ms, or why nobody could read them.
    pub cgroup: Result<Vec<CgroupReading>, Gap>,
}

/// Why nothing was run, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// No daemon.
    #[error("docker: {0}")]
    Absent(String),
    /// It may not be asked.
    #[error("docker: {0}")]
    Denied(String),
    /// There is one of this name already.
    #[error("docker: {0}")]
    Taken(String),
    /// It could not, or would not.
    #[error("docker: {0}")]
    Failed(String),
    /// This program cannot be put into an image.
    #[error("{0}")]
    Program(String),
}

/// Repository of the images; each has the digest of its files as its tag.
const REPOSITORY: &str = "rigcheck-burn";
/// Time between two readings of the control group from outside.
const SAMPLED: Duration = Duration::from_millis(200);
/// A container is told to end again after so long, since the first process of one ignores signals until it asks for them; and so
/// often, before it is killed.
const AGAIN: Duration = Duration::from_millis(500);
const TOLD: u32 = 20;
/// The most that it may write, bytes: a curve of an hour has about 10 MB.
const MOST: usize = 64 << 20;
/// The longest line that is said.
const LINE: usize = 64 << 10;
/// Containers that remove themselves, and waiting for one to be gone, are as old as this API: Docker 17.06.
const OLDEST_API: (usize, usize) = (1, 30);

/// Runs it to its end, which its own arguments must bound: should this process be killed, the container ends by itself and is
/// removed by the daemon. What it writes to standard error goes to `say`, line by line; cancelling sends it SIGTERM. `None` if that
/// was cancelled before it began.
pub async fn run(what: &Contained, cancel: &CancellationToken, say: &mut (dyn FnMut(&str) + Send)) -> Result<Option<Ended>, ContainerError> {
    let docker = connect(what.host.as_deref()).await?;
    let image = Image::of_this_program()?;
    let tag = format!("{REPOSITORY}:{}", image.digest());
    provide(&docker, &image, &tag).await?;
    if cancel.is_cancelled() {
        return Ok(None);
    }
    let created =
        docker.create_container(Some(CreateContainerOptions { name: what.name.clone(), ..CreateContainerOptions::default() }), body(what, &tag));
    let id = created.await.map_err(|e| refused(MAKE, &e))?.id;
    let ended = follow(&docker, &id, &tag, cancel, say).await;
    if ended.is_err() {
        // Whatever went wrong, nothing is left behind.
        let force = RemoveContainerOptions { force: true, ..RemoveContainerOptions::default() };
        drop(docker.remove_container(&id, Some(force)).await);
    }
    if what.remove_image {
        docker.remove_image(&tag, None::<RemoveImageOptions>, None).await.map_err(|e| refused("remove the image", &e))?;
    }
    ended.map(Some)
}

async fn connect(host: Option<&str>) -> Result<Docker, ContainerError> {
    let docker = host.map_or_else(Docker::connect_with_defaults, Docker::connect_with_host).map_err(|e| refused("connect", &e))?;
    let docker = docker.negotiate_version().await.map_err(|e| refused("tell its version", &e))?;
    let version = docker.client_version();
    if (version.major_version, version.minor_version) < OLDEST_API {
        let (major, minor) = OLDEST_API;
        return Err(ContainerError::Failed(format!("its API {version} is too old; a burn needs {major}.{minor}, which is Docker 17.06")));
    }
    Ok(docker)
}

/// Makes the image unless it is there, and removes those of other builds, so that nothing piles up.
async fn provide(docker: &Docker, image: &Image, tag: &str) -> Result<(), ContainerError> {
    let filters = HashMap::from([("reference".to_owned(), vec![REPOSITORY.to_owned()])]);
    let there = docker.list_images(Some(ListImagesOptions { filters: Some(filters), ..ListImagesOptions::default() }));
    let tags: Vec<String> = there.await.map_err(|e| refused("list images", &e))?.into_iter().flat_map(|image| image.repo_tags).collect();
    for other in tags.iter().filter(|other| *other != tag) {
        // One that another burn runs on stays until the next time.
        drop(docker.remove_image(other, None::<RemoveImageOptions>, None).await);
    }
    if tags.iter().any(|there| there == tag) {
        return Ok(());
    }
    let options = CreateImageOptions {
        from_src: Some("-".into()),
        repo: Some(REPOSITORY.into()),
        tag: Some(image.digest().into()),
        ..CreateImageOptions::default()
    };
    let mut made = Box::pin(docker.create_image(Some(options), Some(body_try_stream(stream::iter(image.tar()))), None));
    while let Some(step) = made.next().await {
        step.map_err(|e| refused("make the image", &e))?;
    }
    Ok(())
}

/// As little as it needs: nobody's rights, no network but its own loopback, nothing to write to.
fn body(what: &Contained, tag: &str) -> ContainerCreateBody {
    let command = [PROGRAM.to_owned()].into_iter().chain(what.arguments.iter().cloned()).collect();
    let memory = what.memory.and_then(|bytes| i64::try_from(bytes).ok());
    ContainerCreateBody {
        image: Some(tag.into()),
        cmd: Some(command),
        env: Some(vec![format!("LD_LIBRARY_PATH={LIBRARIES}")]),
        user: Some("65534:65534".into()),
        labels: Some(HashMap::from([("rigcheck.burn".to_owned(), String::new())])),
        host_config: Some(HostConfig {
            auto_remove: Some(true),
            network_mode: Some("none".into()),
            nano_cpus: what.cpus.map(|cpus| (cpus * 1e9) as i64),
            memory,
            memory_swap: memory,
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".into()]),
            security_opt: Some(vec!["no-new-privileges".into()]),
            log_config: Some(HostConfigLogConfig { typ: Some("json-file".into()), config: None }),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    }
}

async fn follow(
    docker: &Docker,
    id: &str,
    tag: &str,
    cancel: &CancellationToken,
    say: &mut (dyn FnMut(&str) + Send),
) -> Result<Ended, ContainerError> {
    docker.start_container(id, None::<StartContainerOptions>).await.map_err(|e| refused("start the container", &e))?;
    let sampler = Cgroup::of(&Who::Container(id.into()))
        .and_then(|cgroup| Sampler::start(cgroup, SAMPLED).map_err(|e| Gap::Unreachable(format!("cgroup: no thread to read it: {e}"))));
    let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
    let mut frames = Box::pin(docker.logs(id, Some(options)));
    let mut gone = Box::pin(docker.wait_container(id, Some(WaitContainerOptionsBuilder::new().condition("removed").build())));
    let (mut out, mut err, mut code, mut times) = (vec![], vec![], None, 0);
    let mut asked_to_wait = true;
    let mut telling = tokio::time::interval(AGAIN);
    telling.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            frame = frames.next() => match frame {
                Some(Ok(LogOutput::StdErr { message })) => lines(&mut err, &message, say),
                Some(Ok(LogOutput::StdOut { message } | LogOutput::Console { message })) if out.len() < MOST => out.extend_from_slice(&message),
                Some(Ok(LogOutput::StdOut { .. } | LogOutput::Console { .. })) => return Err(ContainerError::Failed("the container writes without end".into())),
                Some(Ok(LogOutput::StdIn { .. })) => {}
                Some(Err(e)) => return Err(refused("read what the container writes", &e)),
                None => break,
            },
            ended = gone.next(), if asked_to_wait => {
                code = code_of(ended);
                asked_to_wait = false;
            }
            _ = async { cancel.cancelled().await; telling.tick().await } => {
                times += 1;
                let signal = if times > TOLD { "SIGKILL" } else { "SIGTERM" };
                // If it ended at this very moment, there is nothing to tell it.
                drop(docker.kill_container(id, Some(KillContainerOptions { signal: signal.into() })).await);
            }
        }
    }
    if asked_to_wait {
        code = tokio::time::timeout(Duration::from_secs(10), gone.next()).await.ok().and_then(code_of);
    }
    let out = String::from_utf8_lossy(&out).into_owned();
    Ok(Ended { id: id.into(), image: tag.into(), out, code, cgroup: sampler.map(Sampler::stop) })
}

/// The client takes an exit code other than 0 for an error.
fn code_of(ended: Option<Result<bollard::models::ContainerWaitResponse, bollard::errors::Error>>) -> Option<i64> {
    match ended? {
        Ok(response) => Some(response.status_code),
        Err(bollard::errors::Error::DockerContainerWaitError { code, .. }) => Some(code),
        Err(_) => None,
    }
}

/// Whole lines go on, the rest waits for its end.
fn lines(rest: &mut Vec<u8>, piece: &[u8], say: &mut (dyn FnMut(&str) + Send)) {
    rest.extend_from_slice(piece);
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let line: Vec<u8> = rest.drain(..=end).collect();
        say(String::from_utf8_lossy(&line).trim_end());
    }
    rest.truncate(LINE);
}
