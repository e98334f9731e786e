//! From a configuration to a running program: the parts, put together and taken apart in order.

use std::future::IntoFuture;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::ListenerExt;
use launchway_domain::{By, GuardKind, HookGuard, Text};
use launchway_engine::data::DataDir;
use launchway_engine::guard::Guard;
use launchway_engine::runner::{Runner, RunnerConfig, RunnerHandle};
use launchway_engine::secret::Vault;
use launchway_engine::store::Store;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::say::Failure;
use crate::config::Config;
use crate::service::Services;
use crate::{AppState, TlsListener};

/// How long open connections are given to end once the program is asked to.
const GRACE: Duration = Duration::from_secs(10);

/// Data folder, store, vault and services: what every command stands on, beside a running server too.
pub(super) struct Ground {
    pub(super) data: DataDir,
    pub(super) vault: Vault,
    pub(super) services: Services,
}

impl Ground {
    /// For a command, which the audit knows by the account of the system that runs it.
    pub(super) async fn open(config: &Config) -> Result<Self, Failure> {
        let uid = nix::unistd::getuid();
        let account = nix::unistd::User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
        Self::open_by(config, By::command_line(account)).await
    }

    async fn open_by(config: &Config, by: By) -> Result<Self, Failure> {
        let shown = config.data.display();
        let data = DataDir::open(&config.data)
            .map_err(|e| Failure::new(&launchway_domain::text!("the data folder {shown}", "数据目录 {shown}"), e))?;
        let vault = Vault::open(data.root(), config.master_key.clone())
            .map_err(|e| Failure::new(&Text::new("opening the vault for secrets", "打开密钥库"), e))?;
        let opening = Text::new("opening the database", "打开数据库");
        let url = config.database(&data).map_err(|e| Failure::new(&opening, e))?;
        let store = Store::open(url.expose_secret()).await.map_err(|e| Failure::new(&opening, e))?;
        let services = Services::open(store.by(by), vault.clone(), data.clone(), config.outward())?;
        Ok(Self { data, vault, services })
    }
}

/// A program that serves and runs releases.
pub(super) struct Program {
    pub(super) services: Services,
    /// Where it listens.
    pub(super) address: SocketAddr,
    runner: RunnerHandle,
    stop: CancellationToken,
    http: JoinHandle<io::Result<()>>,
}

impl Program {
    /// Starts everything on a socket that listens already.
    pub(super) async fn start(config: Config, listener: TcpListener) -> Result<Self, Failure> {
        let ground = Ground::open_by(&config, By::system()).await?;
        let Ground { data, vault, services } = ground;
        let instance = data.lock().map_err(|e| {
            let doing = Text::new("taking the data folder", "占用数据目录");
            if e.kind() == io::ErrorKind::WouldBlock {
                Failure::Said(Text::new(
                    "Another launchway serves this data folder. Stop it, or choose another folder by --data.",
                    "另一个 launchway 正在使用此数据目录，请先停止它，或用 --data 指定其他目录。",
                ))
            } else {
                Failure::new(&doing, e)
            }
        })?;
        let address = listener.local_addr().map_err(|e| Failure::new(&Text::new("the socket", "套接字"), e))?;
        let guard = choose_guard(&config, &data).await?;
        services.hooks_are_kept_by(guard.report().clone());
        let settling = Text::new("settling what ran before", "处理此前运行的命令");
        services.serve_as(instance.name()).await.map_err(|e| Failure::new(&settling, e))?;
        let mut runner = RunnerConfig::new(services.store().clone(), vault, data, instance, guard);
        runner.limits.hook = config.hook_timeout;
        runner.parallel = config.parallel;
        let runner = Runner::spawn(runner);
        let beginning = Text::new("beginning the audit", "开始审计");
        services.store().audit_begin().await.map_err(|e| Failure::new(&beginning, e))?;
        services.resume();
        if let Some(every) = config.live_check {
            services.look_every(every);
        }
        let stop = CancellationToken::new();
        let tls = config.tls.clone();
        let state = AppState::new(config, services.clone(), runner.progress(), stop.clone());
        let app = crate::router(state).into_make_service_with_connect_info::<SocketAddr>();
        let asked = stop.clone();
        let asked = async move { asked.cancelled().await };
        let http = match tls {
            None => tokio::spawn(axum::serve(listener, app).with_graceful_shutdown(asked).into_future()),
            Some(files) => {
                let doing = Text::new("the certificate for HTTPS", "HTTPS 证书");
                // Tapped for nothing: that is what tells the router who is at the other end.
                let listener = TlsListener::new(listener, files).map_err(|e| Failure::new(&doing, e))?.tap_io(|_| ());
                tokio::spawn(axum::serve(listener, app).with_graceful_shutdown(asked).into_future())
            }
        };
        Ok(Self { services, address, runner, stop, http })
    }

    /// Returns when somebody asks for the end, or the server breaks.
    pub(super) async fn wait(&mut self, ending: &Ending) -> Result<(), Failure> {
        tokio::select! {
            () = ending.asked() => Ok(()),
            ended = &mut self.http => {
                let doing = Text::new("serving", "提供服务");
                match ended {
                    Ok(Ok(())) => Ok(()),
                    Ok(Err(error)) => Err(Failure::new(&doing, error)),
                    Err(error) => Err(Failure::new(&doing, error)),
                }
            }
        }
    }

    /// Ends everything in order: no new requests, then the runner hands its releases back, then what
    /// goes on in the background.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        let served = async {
            if !self.http.is_finished() && tokio::time::timeout(GRACE, &mut self.http).await.is_err() {
                // Whoever still holds a connection was told; the rest is theirs.
                self.http.abort();
            }
        };
        tokio::join!(served, self.runner.shutdown());
        self.services.shutdown().await;
    }
}

/// Finds what keeps local hooks from this host, and tells the log.
async fn choose_guard(config: &Config, data: &DataDir) -> Result<Guard, Failure> {
    let doing = Text::new("finding what local hooks can be kept by", "检测本地钩子的隔离方式");
    let helper = std::env::current_exe().map_err(|e| Failure::new(&doing, e))?;
    let (data, user) = (data.clone(), config.hook_user.clone());
    let guard = tokio::task::spawn_blocking(move || Guard::choose(&helper, user.as_deref(), &data)).await;
    let guard = guard.map_err(|e| Failure::new(&doing, e))?.map_err(Failure::Said)?;
    let HookGuard { kind, detail, .. } = guard.report();
    match kind {
        GuardKind::None => tracing::warn!("{detail}"),
        GuardKind::User | GuardKind::Landlock => tracing::info!("{detail}"),
    }
    Ok(guard)
}

/// Listens on an address.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            Failure::Said(launchway_domain::text!(
                "Something else listens on {address}. Choose another address by --listen.",
                "{address} 已被占用，请用 --listen 指定其他地址。"
            ))
        } else {
            Failure::new(&launchway_domain::text!("listening on {address}", "监听 {address}"), error)
        }
    })
}

/// Hears from the moment it is made on when somebody asks for the end (Ctrl-C, SIGTERM, SIGHUP): who asks between two
/// things that wait for it is heard by the second.
#[derive(Clone)]
pub(super) struct Ending(CancellationToken);

impl Ending {
    pub(super) fn listen() -> Result<Self, Failure> {
        let doing = Text::new("listening for signals", "等待信号");
        let on = |kind| signal(kind).map_err(|e| Failure::new(&doing, e));
        let (mut interrupt, mut terminate, mut hangup) =
            (on(SignalKind::interrupt())?, on(SignalKind::terminate())?, on(SignalKind::hangup())?);
        let asked = CancellationToken::new();
        let telling = asked.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            telling.cancel();
        });
        Ok(Self(asked))
    }

    /// Returns when somebody asks, or has asked.
    pub(super) async fn asked(&self) {
        self.0.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_before_anything_waits_is_heard() {
        let ending = Ending::listen().unwrap();
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGHUP).unwrap();
        for _ in 0..2 {
            tokio::time::timeout(Duration::from_secs(60), ending.asked()).await.unwrap();
        }
    }
}
