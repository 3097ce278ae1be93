//! Which image a container runs. A tag is no identity: it points to another image tomorrow.

use crate::{
    kept,
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
    sources::containers::Daemon,
};
use bollard::{errors::Error, models::ContainerInspectResponse};

/// `container.digest`: that of the registry from which the image came, or to which it went. Images that were only built or
/// imported here have none.
pub async fn tell(table: &mut FactTable, daemon: &Daemon, told: &ContainerInspectResponse) {
    let asked = told.config.as_ref().and_then(|config| config.image.as_deref()).unwrap_or_default();
    let answer = match told.image.as_deref() {
        Some(id) => match daemon.docker.inspect_image(id).await {
            Ok(image) => digest(asked, image.repo_digests.as_deref().unwrap_or_default()),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => {
                Err(Gap::NotConfigured("docker: the image of the container has been removed; pull it again to learn its digest".into()))
            }
            Err(e) => Err(daemon.refused("show the image of the container", "GET /images/NAME/json", &e)),
        },
        None => Err(Gap::Malformed("docker: does not tell the image of the container; compare `docker inspect`".into())),
    };
    table.answer("container.digest", answer.map(|digest| digest.map(FactValue::Digest)), "docker image inspect: RepoDigests");
}

/// Of several registries' digests that of the one from which it was asked for. They may differ for one image: registries pack
/// it anew.
fn digest(asked: &str, all: &[String]) -> Result<Option<String>, Gap> {
    let repository = asked.split('@').next().unwrap_or_default();
    // A colon behind the last slash begins the tag; one before it a port.
    let repository = match repository.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => repository,
    };
    let pairs: Vec<(&str, &str)> = all.iter().filter_map(|one| one.split_once('@')).collect();
    let own = pairs.iter().find(|(of, _)| *of == repository);
    let mut digests: Vec<&str> = own.map_or_else(|| pairs.iter().map(|(_, digest)| *digest).collect(), |(_, digest)| vec![*digest]);
    digests.sort_unstable();
    digests.dedup();
    match digests.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(kept::plain(one))),
        many => Err(Gap::Malformed(format!(
            "docker: the image has {} digests, and none is of `{}`; start the container by the name of a registry",
            many.len(),
            kept::plain(asked)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn the_digest_is_that_of_the_registry_that_was_asked() {
        let all = [format!("localhost:5000/shop/app@{A}"), format!("registry.example/app@{B}")];
        assert_eq!(digest("localhost:5000/shop/app:1.2", &all), Ok(Some(A.into())));
        assert_eq!(digest("registry.example/app", &all), Ok(Some(B.into())));
        assert_eq!(digest(&format!("registry.example/app@{B}"), &all), Ok(Some(B.into())));
        assert!(matches!(digest("app:local", &all), Err(Gap::Malformed(why)) if why.contains("app:local")));
    }

    #[test]
    fn an_image_of_one_registry_has_its_digest_under_any_tag_and_one_of_none_has_none() {
        assert_eq!(digest("app:local", &[format!("registry.example/app@{B}")]), Ok(Some(B.into())));
        assert_eq!(digest("app:local", &[format!("r1/app@{B}"), format!("r2/app@{B}")]), Ok(Some(B.into())));
        assert_eq!((digest("app:local", &[]), digest("app", &["<none>".into()])), (Ok(None), Ok(None)));
    }
}
