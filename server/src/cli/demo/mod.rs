//! `launchway demo`: everything that a release needs, on this machine, gone when it ends.

mod first;
mod repository;
mod servers;

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use launchway_domain::{Actor, ReleaseFilter, ReleaseStatus, SetupForm, Text, text};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::program::{Ending, Program, listen};
use super::say::{self, Failure};
use super::{Listen, Place};
use crate::config::DEFAULT_LISTEN;
use crate::service::Services;
use servers::ThrowAways;

/// The servers' names.
const HOSTNAMES: [&str; 3] = ["web-1", "web-2", "web-3"];
/// Who signs in.
const USER: &str = "demo";
/// How long releases that run are given to stop when the demo ends.
const GRACE: Duration = Duration::from_secs(15);

/// What stands around the program: servers first, so that they end before their folder goes.
struct Stage {
    servers: ThrowAways,
    repository: PathBuf,
    /// Where the servers keep their files.
    targets: PathBuf,
    data: PathBuf,
    _temporary: Option<TempDir>,
}

pub(super) async fn run(place: Place, asked: Listen) -> Result<(), Failure> {
    let ending = Ending::listen()?;
    say::line(&Text::new(
        "Making a sample repository and three SSH servers on loopback …",
        "正在创建示例仓库和三台本机 SSH 服务器……",
    ));
    let data = place.data.clone();
    let setting = tokio::task::spawn_blocking(move || Stage::set(data));
    let stage = tokio::select! {
        () = ending.asked() => return Ok(()),
        set = setting => set.map_err(|e| Failure::new(&Text::new("setting the stage", "准备演示环境"), e))??,
    };
    let listener = match asked.listen {
        Some(address) => listen(address).await?,
        None => anywhere().await?,
    };
    let mut config = place.config(Some(asked));
    config.data = stage.data.clone();
    let mut program = Program::start(config, listener).await?;
    let outcome = show(&stage, &mut program, &ending).await;
    say::line(&Text::new("Ending the demo …", "正在结束演示……"));
    stop_releases(&program.services).await;
    program.stop().await;
    let ended = tokio::task::spawn_blocking(move || drop(stage)).await;
    outcome.and(ended.map_err(|e| Failure::new(&Text::new("ending the servers", "停止服务器"), e)))
}

/// The usual port where it is free, else any.
async fn anywhere() -> Result<TcpListener, Failure> {
    match TcpListener::bind(DEFAULT_LISTEN).await {
        Ok(listener) => Ok(listener),
        Err(_) => listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await,
    }
}

impl Stage {
    /// Blocks.
    fn set(data: Option<PathBuf>) -> Result<Self, Failure> {
        let doing = Text::new("the demo's data folder", "演示的数据目录");
        let (data, temporary) = match data {
            Some(data) => (empty(&data).map_err(|e| Failure::new(&doing, e))?, None),
            None => {
                let folder = tempfile::Builder::new().prefix("launchway-demo-").tempdir();
                let folder = folder.map_err(|e| Failure::new(&doing, e))?;
                (folder.path().canonicalize().map_err(|e| Failure::new(&doing, e))?, Some(folder))
            }
        };
        let around = data.join("demo");
        let repository = around.join("shop");
        let doing = Text::new("making the sample repository", "创建示例仓库");
        repository::make(&repository).map_err(|e| Failure::new(&doing, e))?;
        let servers = ThrowAways::start(&around.join("sshd"), &HOSTNAMES)?;
        Ok(Self { servers, repository, targets: around.join("servers"), data, _temporary: temporary })
    }
}

/// The folder, made where there is none; an error where something is in it already.
fn empty(data: &Path) -> io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    if fs::read_dir(data)?.next().is_some() {
        let shown = data.display();
        return Err(io::Error::other(format!("{shown} is not empty; the demo wants a folder of its own")));
    }
    data.canonicalize()
}

/// Registers everything, runs the first release, and stays up until somebody asks for the end.
async fn show(stage: &Stage, program: &mut Program, ending: &Ending) -> Result<(), Failure> {
    let password = password();
    let (services, here) = (program.services.clone(), program.address.ip());
    let preparing = async {
        let form = SetupForm { name: USER.to_owned(), password: password.clone() };
        let user = services.accounts().setup(form, here).await?;
        first::release(&services, &Actor::from(user), stage).await
    };
    tokio::select! {
        () = ending.asked() => return Ok(()),
        prepared = preparing => prepared?,
    }
    let address = program.address;
    let live = stage.targets.join(HOSTNAMES[0]).join("test/current/index.html");
    let live = live.display();
    println!();
    say::line(&text!("Launchway is at  http://{address}/", "Launchway 地址：http://{address}/"));
    say::line(&text!("Sign in as       {USER}  with the password  {password}", "登录用户：{USER}  密码：{password}"));
    say::line(&text!("What is live     file://{live}", "线上内容：file://{live}"));
    say::line(&text!("Ctrl-C ends the demo and everything that it started.", "按 Ctrl-C 结束演示并清理其启动的一切。"));
    program.wait(ending).await
}

/// Stops what runs, so that no hook outlives the demo.
async fn stop_releases(services: &Services) {
    let running = ReleaseFilter { status: Some(ReleaseStatus::Running), ..ReleaseFilter::default() };
    let stopping = async {
        let mut bell = services.store().bell();
        loop {
            let Ok(page) = services.releases().list(&Actor::System, running.clone()).await else { return };
            if page.items.is_empty() {
                return;
            }
            for release in page.items.iter().filter(|release| !release.cancel_requested) {
                let _ = services.releases().cancel(&Actor::System, release.id).await;
            }
            if bell.changed().await.is_err() {
                return;
            }
        }
    };
    if tokio::time::timeout(GRACE, stopping).await.is_err() {
        tracing::warn!("a release did not stop in time");
    }
}

/// Sixteen characters that nobody confuses, in groups of four: 80 bits.
fn password() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; 16] = rand::random();
    let letters: Vec<u8> = bytes.iter().map(|byte| LETTERS[usize::from(byte % 32)]).collect();
    letters.chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_long_and_never_the_same() {
        let (one, two) = (password(), password());
        assert_eq!(one.len(), 19);
        assert_ne!(one, two);
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(empty(folder.path()).is_ok());
        fs::write(folder.path().join("launchway.db"), "").unwrap();
        assert!(empty(folder.path()).is_err());
    }
}
