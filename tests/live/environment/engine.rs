//! Docker with the gateway's interpreter in an image, and containers of it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "starts containers and asks the daemon what it made of them")]

use crate::stack::{NotUp, Stack};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Two servers as they are started in production: one with FastAPI, one without anything that is bound to one Python.
const APPS: &str = "async def plain(scope, receive, send):\n    assert scope['type'] == 'http'\n    await receive()\n    \
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    await send({'type': 'http.response.body', 'body': b'ok'})\n";
const FASTAPI: &str = "from fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/')\ndef root():\n    return {'ok': True}\n";

/// A daemon that runs, and what containers are made of. What is left of it when it is dropped, `tests/stack/down` finds.
pub struct Engine {
    stack: Stack,
    /// The gateway's image, from which others may be built.
    pub image: String,
    /// Its interpreter.
    pub python: String,
    folder: tempfile::TempDir,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);
/// The image is made once.
static MAKING: Mutex<()> = Mutex::new(());

impl Engine {
    /// The daemon, started if none runs.
    pub fn up() -> Result<Engine, NotUp> {
        let stack = Stack::up(&["docker"])?;
        let (python, image) = {
            let _one = MAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let told = in_stack("[[ -e $(gateway_venv)/complete ]] && echo \"$(gateway_venv)/bin/python\" && gateway_image");
            let told = told.map_err(|why| NotUp::Missing(format!("the gateway's image cannot be made (tests/stack/install): {why}")))?;
            let (python, image) = told.split_once('\n').ok_or_else(|| NotUp::Broken(format!("tests/stack/resources.sh: {told}")))?;
            (python.to_owned(), image.to_owned())
        };
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bare.py"), APPS).unwrap();
        fs::write(folder.path().join("served.py"), FASTAPI).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Ok(Engine { stack, image, python, folder })
    }

    /// A container of an image; its options are Docker's own.
    pub fn run(&self, image: &str, options: &[&str], command: &[&str]) -> Container {
        let name = format!("rigcheck-environment-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let label = format!("rigcheck.stack={}", self.stack.dir().display());
        let mount = format!("{}:/app:ro", self.folder.path().display());
        let mut args = vec!["run", "-d", "--name", &name, "--label", &label, "-v", &mount];
        args.extend(options);
        args.push(image);
        args.extend(command);
        let container = Container { name: name.clone() };
        docker(&args).unwrap_or_else(|why| panic!("docker {args:?}: {why}"));
        container
    }

    /// Uvicorn with FastAPI, once all of its workers serve.
    pub fn serve(&self, image: &str, options: &[&str], workers: usize, more: &[&str]) -> Container {
        let count = workers.to_string();
        let mut command = vec![self.python.as_str(), "-m", "uvicorn", "served:app", "--app-dir", "/app", "--workers", &count];
        command.extend(more);
        let container = self.run(image, options, &command);
        container.says("Application startup complete", workers);
        container
    }

    /// The site-packages of the image's interpreter.
    pub fn packages(&self) -> String {
        let version = fs::read_dir(Path::new(&self.python).parent().unwrap().parent().unwrap().join("lib")).unwrap();
        let version = version.filter_map(Result::ok).find(|e| e.file_name().to_string_lossy().starts_with("python")).unwrap();
        version.path().join("site-packages").display().to_string()
    }

    /// An image of its own: the gateway's after this script of Python, which has `site` as its site-packages.
    pub fn changed(&self, script: &str) -> Image {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("rigcheck-environment:{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let whole = format!("import json, pathlib, shutil\nsite = pathlib.Path({:?})\n{script}", self.packages());
        fs::write(folder.path().join("change.py"), whole).unwrap();
        let run = serde_json::to_string(&[&self.python, "/change.py"]).unwrap();
        fs::write(folder.path().join("Dockerfile"), format!("FROM {}\nCOPY change.py /change.py\nRUN {run}\n", self.image)).unwrap();
        docker(&["build", "-q", "--network", "none", "--force-rm", "-t", &name, &folder.path().display().to_string()]).unwrap();
        Image(name)
    }

    /// An image with nothing but busybox in it.
    pub fn busybox() -> Result<Image, NotUp> {
        if !Path::new("/bin/busybox").exists() {
            return Err(NotUp::Missing("busybox-static is not installed".into()));
        }
        let name = format!("rigcheck-environment:{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let import = format!("set -o pipefail; tar -C / -ch bin/busybox | docker import - {name}");
        let made = Command::new("bash").args(["-c", &import]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Ok(Image(name))
    }
}

/// What a line of bash says that knows the stack's own words.
fn in_stack(line: &str) -> Result<String, String> {
    let stack = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack").display().to_string();
    let script = format!(". '{stack}/lib.sh'; . '{stack}/resources.sh'; {line}");
    said(Command::new("bash").args(["-c", &script]))
}

/// What Docker's own client says.
pub fn docker(args: &[&str]) -> Result<String, String> {
    // The daemon of Debian 12 builds without the newer builder.
    said(Command::new("docker").args(args).env("DOCKER_BUILDKIT", "0"))
}

fn said(command: &mut Command) -> Result<String, String> {
    let out = command.output().map_err(|e| e.to_string())?;
    if out.status.success() {
        return Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned());
    }
    Err(String::from_utf8_lossy(&out.stderr).trim().to_owned())
}

/// A container; removed when dropped.
pub struct Container {
    /// Its name.
    pub name: String,
}

impl Container {
    /// Waits until it has said something so many times.
    pub fn says(&self, what: &str, times: usize) {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let out = Command::new("docker").args(["logs", &self.name]).output().unwrap();
            let log = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
            if log.matches(what).count() >= times {
                return;
            }
            assert!(Instant::now() < until, "{} has not said `{what}` {times} times:\n{log}", self.name);
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = docker(&["rm", "-f", &self.name]);
    }
}

/// An image of one test; removed when dropped.
pub struct Image(pub String);

impl Drop for Image {
    fn drop(&mut self) {
        let _ = docker(&["rmi", "-f", &self.0]);
    }
}
