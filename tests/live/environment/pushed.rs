//! An image that went to a registry has a digest there.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts a registry on loopback")]

use super::{
    engine::{Engine, Image, docker},
    tool::{Tool, cells},
};
use crate::{
    rig::Turn,
    stack::{NotUp, or_skip},
};
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A registry on loopback, which Docker takes without TLS; ended when dropped.
struct Registry {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Registry {
    fn start() -> Result<Registry, NotUp> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.path().join("registry.yml");
        let images = folder.path().join("images");
        let text = format!("version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:{port}\"}}\n", images.display());
        fs::write(&config, text).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|e| NotUp::Missing(format!("docker-registry: {e} (tests/stack/install)")))?;
        let registry = Registry { child, port, _folder: folder };
        let until = Instant::now() + Duration::from_secs(30);
        while !registry.ask("GET", "/v2/").is_ok_and(|answer| answer.contains(" 200 ")) {
            assert!(Instant::now() < until, "the registry does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(registry)
    }

    fn ask(&self, method: &str, path: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        let accept = "application/vnd.docker.distribution.manifest.v2+json";
        stream.write_all(format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\nAccept: {accept}\r\n\r\n", self.port).as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_pushed_image_has_its_digest() {
    let test = "a_pushed_image_has_its_digest";
    let _turn = Turn::take(1);
    let Some(engine) = or_skip(test, Engine::up()) else { return };
    let Some(busybox) = or_skip(test, Engine::busybox()) else { return };
    let Some(registry) = or_skip(test, Registry::start()) else { return };
    let there = Image(format!("127.0.0.1:{}/shop/server:1.2", registry.port));
    docker(&["tag", &busybox.0, &there.0]).unwrap();
    let tool = Tool::new();
    let digest = |container: &str| {
        let told = tool.run(&["snapshot", "capture", "-", "--workload", &format!("gateway=container:{container}")]).ends(0);
        cells(&told.out, "gateway")["container.digest"].clone()
    };
    let sleep = ["/bin/busybox", "sleep", "600"];
    let before = engine.run(&there.0, &["--network=none"], &sleep);
    assert_eq!(digest(&before.name), "absent", "only imported here");

    docker(&["push", "-q", &there.0]).unwrap();
    let head = registry.ask("HEAD", "/v2/shop/server/manifests/1.2").unwrap();
    let truth = head.lines().find_map(|line| line.strip_prefix("Docker-Content-Digest: ")).unwrap_or_else(|| panic!("{head}")).trim();
    assert!(truth.starts_with("sha256:"), "{truth}");
    let after = engine.run(&there.0, &["--network=none"], &sleep);
    assert_eq!(digest(&after.name)["value"]["digest"], truth);
    let by_digest = format!("127.0.0.1:{}/shop/server@{truth}", registry.port);
    let by_digest = engine.run(&by_digest, &["--network=none"], &sleep);
    assert_eq!(digest(&by_digest.name)["value"]["digest"], truth, "and started by it");
}
