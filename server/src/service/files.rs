//! Files from servers, as one archive.

use std::fs::File;
use std::time::Duration;

use futures::{StreamExt, stream};
use launchway_app::ports::{Answer, FilesArchive};
use launchway_domain::{
    Actor, Environment, EnvironmentId, Fault, FilesForm, FilesOn, FilesPreview, Form, Permission, ReleaseId, Server,
    ServerId, Text, Timestamp, text,
};
use launchway_engine::bundle::{self, Part};
use launchway_engine::shell::{Limits, ShellError};
use launchway_engine::ssh::Session;
use launchway_engine::target::{self, Extent, Pulled, Site, Wanted};
use tokio::sync::Semaphore;

use super::Core;
use super::environments::thing;
use super::fault::{internal, of_store};
use super::permission::permit_of;

/// How long connecting may take, counting, and reading from one server.
const CONNECT: Duration = Duration::from_secs(20);
const COUNT: Duration = Duration::from_secs(30);
const READ: Duration = Duration::from_secs(10 * 60);
/// How many servers are read from at once.
const PARALLEL: usize = 8;
/// How many archives are made at once.
pub(super) const ARCHIVES: usize = 4;
/// The most bytes of all servers together.
const MAX_TOTAL: u64 = 1 << 30;

impl Core {
    /// Who may fetch what: the environment, and whether the path may lie anywhere.
    async fn files_of(&self, actor: &Actor, id: EnvironmentId, form: &FilesForm) -> Answer<(Environment, Vec<Server>)> {
        let environment = self.environment_for(actor, Permission::FetchFiles, id).await?;
        form.check()?;
        if form.is_absolute() && permit_of(actor, Permission::ManageSystem, None).is_err() {
            return Err(Fault::field(
                "path",
                "outside",
                Text::new(
                    "Name a path below the environment's folder, such as current/logs/app.log. Only administrators may fetch from anywhere.",
                    "请填写环境目录之下的路径，例如 current/logs/app.log。只有管理员可以获取任意位置的文件。",
                ),
            ));
        }
        let servers = self.chosen(&environment, &form.server_ids).await?;
        Ok((environment, servers))
    }

    /// The servers of an environment that somebody chose; all where none is named.
    pub(super) async fn chosen(&self, environment: &Environment, ids: &[ServerId]) -> Answer<Vec<Server>> {
        if let Some(stranger) = ids.iter().find(|id| !environment.server_ids.contains(id)) {
            let message =
                text!("Server {stranger} is not one of this environment's.", "服务器 {stranger} 不属于此环境。");
            return Err(Fault::field("server_ids", "not_found", message));
        }
        let mut known = self.servers_by_id().await?;
        let wanted = environment.server_ids.iter().filter(|id| ids.is_empty() || ids.contains(id));
        let servers: Vec<Server> = wanted.filter_map(|id| known.remove(&id.0)).collect();
        if servers.is_empty() {
            return Err(Fault::conflict(Text::new(
                "This environment has no servers yet. Add one first.",
                "此环境还没有服务器，请先添加。",
            )));
        }
        Ok(servers)
    }

    pub(super) async fn preview(&self, actor: &Actor, id: EnvironmentId, form: FilesForm) -> Answer<FilesPreview> {
        let (environment, servers) = self.files_of(actor, id, &form).await?;
        let count = |session: &mut Session, site: &Site, wanted: &Wanted<'_>, limits: &Limits| {
            target::extent(session, site, wanted, &Limits { deadline: COUNT, ..limits.clone() })
        };
        let counted = stream::iter(servers)
            .map(|server| async {
                let found = self.on_server(&environment, &server, &form, count).await;
                let (server_id, hostname) = (server.id, server.hostname);
                match found {
                    Ok(Extent { files, bytes, .. }) => FilesOn { server_id, hostname, files, bytes, error: None },
                    Err(error) => FilesOn { server_id, hostname, files: 0, bytes: 0, error: Some(error) },
                }
            })
            .buffered(PARALLEL);
        let servers: Vec<FilesOn> = counted.collect().await;
        Ok(FilesPreview {
            files: servers.iter().map(|server| server.files).sum(),
            bytes: servers.iter().map(|server| server.bytes).sum(),
            servers,
        })
    }

    pub(super) async fn fetch(&self, actor: &Actor, id: EnvironmentId, form: FilesForm) -> Answer<FilesArchive> {
        let (environment, servers) = self.files_of(actor, id, &form).await?;
        let Ok(_place) = self.archives.try_acquire() else {
            return Err(Fault::TooMany { retry_after: 10 });
        };
        let audited = self.store.by(actor).files_fetched(&environment, &form.path, &servers).await;
        audited.map_err(|e| of_store(e, &thing(id)))?;
        let each = form.limit().min(MAX_TOTAL / servers.len().max(1) as u64);
        let folder = self.data.root().to_owned();
        let read = move |session: &mut Session, site: &Site, wanted: &Wanted<'_>, limits: &Limits| {
            // Without a name from the first moment: nothing of it can be left behind.
            let file =
                tempfile::tempfile_in(&folder).map_err(|error| target::TargetError::Shell(ShellError::Input(error)))?;
            let pulled = target::pull(session, site, wanted, &mut &file, each, limits)?;
            Ok((pulled, file))
        };
        let parts: Vec<Part> = stream::iter(servers)
            .map(|server| {
                let read = read.clone();
                let (environment, form) = (&environment, &form);
                async move {
                    let pulled: Result<(Pulled, File), Text> = self.on_server(environment, &server, form, read).await;
                    Part { hostname: server.hostname, pulled }
                }
            })
            .buffered(PARALLEL)
            .collect()
            .await;
        if let Some(first) = parts.iter().find_map(|part| part.pulled.as_ref().err())
            && parts.iter().all(|part| part.pulled.is_err())
        {
            return Err(Fault::conflict(match parts.len() {
                1 => first.clone(),
                count => text!("Nothing came of any of {count} servers. {}", "{count} 台服务器均未取得文件。{}"; first),
            }));
        }
        let name = name(&environment, &form.path, Timestamp::now());
        let (folder, path, mtime) = (self.data.root().to_owned(), form.path, Timestamp::now().millis() / 1000);
        let packed = tokio::task::spawn_blocking(move || {
            let file = tempfile::tempfile_in(folder)?;
            let failed = bundle::bundle(parts, &path, mtime.unsigned_abs(), &file)?;
            let bytes = file.metadata()?.len();
            std::io::Result::Ok((file, bytes, failed))
        });
        let packed = packed.await.map_err(|e| internal("packing files", &e))?;
        let (file, bytes, failed) = packed.map_err(|e| internal("packing files", &e))?;
        Ok(FilesArchive { file, bytes, name, failed })
    }

    /// Does something with what is wanted on one server; a sentence where that did not go well.
    async fn on_server<T: Send + 'static>(
        &self,
        environment: &Environment,
        server: &Server,
        form: &FilesForm,
        work: impl FnOnce(&mut Session, &Site, &Wanted<'_>, &Limits) -> Result<T, target::TargetError> + Send + 'static,
    ) -> Result<T, Text> {
        let endpoint = self.endpoint(server).await.map_err(|fault| fault.detail())?;
        let base = Environment::path_on(environment.path.trim_end_matches('/'), &server.hostname).into_bytes();
        let site = Site { base, release: ReleaseId(0), hostname: server.hostname.clone() };
        let (path, anywhere) = (form.path.replace("{hostname}", &server.hostname), form.is_absolute());
        let limits = Limits::within(READ, &self.stopping.child_token());
        let done = self.outward(move || {
            let mut session = Session::connect(&endpoint, CONNECT, &limits.cancel).map_err(|error| error.text)?;
            work(&mut session, &site, &Wanted { path: &path, anywhere }, &limits).map_err(|error| error.text())
        });
        done.await.map_err(|fault| fault.detail())?
    }
}

/// Places for making archives.
pub(super) fn places() -> Semaphore {
    Semaphore::new(ARCHIVES)
}

/// `prod-app.log-20261121-1345.tar.gz`, of harmless characters alone.
fn name(environment: &Environment, path: &str, at: Timestamp) -> String {
    let last = path.rsplit('/').find(|part| !matches!(*part, "" | ".")).unwrap_or("files");
    let at = at.rfc3339();
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' }).take(60).collect()
    };
    let (date, time) = (at[..10].replace('-', ""), at[11..16].replace(':', ""));
    format!("{}-{}-{date}-{time}.tar.gz", plain(&environment.name), plain(last).trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_a_harmless_name() {
        let environment = Environment { name: "产线 \"a\"".into(), ..sample() };
        assert_eq!(name(&environment, "logs/my app.log/", Timestamp(0)), "____a_-my_app.log-19700101-0000.tar.gz");
        assert_eq!(name(&environment, ".", Timestamp(0)), "____a_-files-19700101-0000.tar.gz");
    }

    fn sample() -> Environment {
        Environment {
            id: EnvironmentId(1),
            project_id: launchway_domain::ProjectId(1),
            name: String::new(),
            kind: launchway_domain::EnvironmentKind::Test,
            path: "/srv".into(),
            server_ids: vec![],
            package_root: None,
            keep: 5,
            auto_start: false,
            policy: Default::default(),
            version: 1,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }
}
