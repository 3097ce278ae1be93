//! Whose a control group is, by its path.

/// A group that is counted as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupName {
    /// A container, by its full id: Docker, containerd, CRI-O, Podman, by files or by systemd.
    Container(String),
    /// A service of systemd, by its path.
    Service(String),
    /// All containers of a runtime; what is not those that are known is of those that ended meanwhile.
    Runtime(String),
}

/// Digits of a container's id.
const ID: usize = 64;

impl GroupName {
    /// The counted group in which a group lies, and how many parts of its path that has. `None` where it belongs to none: sessions of users,
    /// the root, groups outside of our namespace.
    pub fn of(path: &str) -> Option<(GroupName, usize)> {
        let parts: Vec<&str> = parts_of(path).collect();
        if parts.first() == Some(&"..") {
            return None;
        }
        // A container in a container is a part of it.
        if let Some((at, id)) = parts.iter().enumerate().find_map(|(at, part)| Some((at, container(part)?))) {
            return Some((GroupName::Container(id), at + 1));
        }
        // A user's manager is no service, what it manages is.
        let at = parts.iter().position(|part| part.ends_with(".service") && !part.starts_with("user@"))?;
        Some((GroupName::Service(format!("/{}", parts[..=at].join("/"))), at + 1))
    }
}

/// The id in the name of a container's group: `ID`, `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, `libpod-ID.scope`.
fn container(part: &str) -> Option<String> {
    let name = part.strip_suffix(".scope").unwrap_or(part);
    let id = name.rsplit_once('-').map_or(name, |(_, id)| id);
    let helper = name.contains("conmon");
    (id.len() == ID && !helper && id.bytes().all(|b| b.is_ascii_hexdigit())).then(|| id.to_owned())
}

/// The groups of a path, the outermost first.
pub fn parts_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_of_all_runtimes_are_told_by_their_id() {
        let id = "0123456789abcdef".repeat(4);
        for (path, parts) in [
            (format!("/docker/{id}"), 2),
            (format!("/docker/{id}/init"), 2),
            (format!("/docker/{id}/docker/{}", "f".repeat(64)), 2),
            (format!("/system.slice/docker-{id}.scope"), 2),
            (format!("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-{id}.scope"), 4),
            (format!("/kubepods/besteffort/pod7/{id}"), 4),
            (format!("/kubepods.slice/kubepods-pod1.slice/crio-{id}.scope"), 3),
            (format!("/machine.slice/libpod-{id}.scope/container"), 2),
            (format!("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{id}.scope/container"), 5),
            (format!("/system.slice/docker.service/{id}"), 3),
        ] {
            assert_eq!(GroupName::of(&path), Some((GroupName::Container(id.clone()), parts)), "{path}");
        }
        assert_eq!(GroupName::of(&format!("/machine.slice/libpod-conmon-{id}.scope")), None);
    }

    #[test]
    fn services_are_told_by_their_path_and_sessions_are_none() {
        let service = |path: &str| GroupName::of(path);
        let found = |path: &str, parts| Some((GroupName::Service(path.into()), parts));
        assert_eq!(service("/system.slice/nginx.service"), found("/system.slice/nginx.service", 2));
        assert_eq!(service("/system.slice/k3s.service/child"), found("/system.slice/k3s.service", 2));
        let user = "/user.slice/user-1000.slice/user@1000.service";
        assert_eq!(service(&format!("{user}/app.slice/x.service")), found(&format!("{user}/app.slice/x.service"), 5));
        for none in
            ["/", "", "/init.scope", user, &format!("{user}/init.scope"), "/user.slice/user-1.slice/session-3.scope", "/../docker/x", "/docker/short"]
        {
            assert_eq!(service(none), None, "{none}");
        }
    }
}
