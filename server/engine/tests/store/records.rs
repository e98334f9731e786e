//! Credentials, servers, projects, environments.

use launchway_domain::{
    CredentialForm, CredentialId, EnvironmentForm, EnvironmentId, EnvironmentKind, HookPoint, HookTemplateForm,
    ProjectForm, ProjectId, ServerForm, ServerId, Visible,
};
use launchway_engine::store::{Store, StoreError};

use crate::world::{Db, credential_form, environment, new_release, world};

fn taken<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Taken { field }) => field,
        other => panic!("expected a taken name, got {other:?}"),
    }
}

fn missing<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Missing { field }) => field,
        other => panic!("expected a missing thing, got {other:?}"),
    }
}

fn users<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Vec<String> {
    match result {
        Err(StoreError::InUse(users)) => users,
        other => panic!("expected it to be in use, got {other:?}"),
    }
}

fn server_form(hostname: &str, credential: CredentialId) -> ServerForm {
    ServerForm {
        hostname: hostname.to_owned(),
        address: "10.0.0.1".to_owned(),
        credential_id: credential,
        ..Default::default()
    }
}

pub(crate) async fn a_name_is_taken_once(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let blog = world(&store, "blog").await;
    let credential = store.server(shop.server).await.unwrap().credential_id;
    assert_eq!(taken(store.credential_create(&credential_form("shop"), b"x", false).await), "name");
    assert_eq!(taken(store.credential_update(credential, &credential_form("blog"), None, false).await), "name");
    assert_eq!(taken(store.server_create(&server_form("shop", credential)).await), "hostname");
    assert_eq!(taken(store.server_update(blog.server, &server_form("shop", credential)).await), "hostname");
    let project = ProjectForm { title: "shop".to_owned(), repo_url: "/x".to_owned(), ..Default::default() };
    assert_eq!(taken(store.project_create(&project).await), "title");
    assert_eq!(taken(store.project_update(blog.project, &project).await), "title");
    let form = EnvironmentForm { name: "test".to_owned(), path: "/srv/x".to_owned(), ..Default::default() };
    assert_eq!(taken(store.environment_create(shop.project, &form).await), "name");
    let live = environment(&store, shop.project, "live", &[]).await;
    assert_eq!(taken(store.environment_update(live, &form).await), "name");

    // A refused change left nothing behind, and the store goes on.
    assert_eq!(store.servers(&Visible::All).await.unwrap().len(), 2);
    assert_eq!(store.environment(live).await.unwrap().name, "live");
}

pub(crate) async fn what_is_used_is_not_deleted(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let credential = store.server(shop.server).await.unwrap().credential_id;
    assert_eq!(users(store.credential_delete(credential).await), ["shop"]);
    assert_eq!(users(store.server_delete(shop.server).await), ["shop / test"]);
    let release = shop.pending(&store).await;
    let name = format!("#{} v1.0", release.id);
    assert_eq!(users(store.project_delete(shop.project).await), [name.as_str()]);
    assert_eq!(users(store.environment_delete(shop.environment).await), [name.as_str()]);

    // What nothing uses goes, a project with its environments.
    let blog = world(&store, "blog").await;
    let credential = store.server(blog.server).await.unwrap().credential_id;
    store.project_delete(blog.project).await.unwrap();
    assert!(matches!(store.environment(blog.environment).await, Err(StoreError::NotFound)));
    store.server_delete(blog.server).await.unwrap();
    store.credential_delete(credential).await.unwrap();
    assert!(matches!(store.credential(credential).await, Err(StoreError::NotFound)));

    assert!(matches!(store.credential_delete(credential).await, Err(StoreError::NotFound)));
    assert!(matches!(store.server_delete(blog.server).await, Err(StoreError::NotFound)));
    assert!(matches!(store.project_delete(blog.project).await, Err(StoreError::NotFound)));
    assert!(matches!(store.environment_delete(blog.environment).await, Err(StoreError::NotFound)));
}

pub(crate) async fn what_does_not_exist_is_not_referred_to(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let blog = world(&store, "blog").await;
    assert_eq!(missing(store.server_create(&server_form("web", CredentialId(999))).await), "credential_id");
    let project = ProjectForm {
        title: "x".to_owned(),
        repo_url: "/x".to_owned(),
        credential_id: Some(CredentialId(999)),
        ..Default::default()
    };
    assert_eq!(missing(store.project_create(&project).await), "credential_id");
    let form = EnvironmentForm {
        name: "live".to_owned(),
        path: "/srv/x".to_owned(),
        server_ids: vec![shop.server, ServerId(999)],
        ..Default::default()
    };
    assert_eq!(missing(store.environment_create(shop.project, &form).await), "server_ids");
    assert_eq!(missing(store.environment_update(shop.environment, &form).await), "server_ids");
    assert_eq!(store.environments(shop.project).await.unwrap().len(), 1, "nothing half-done");
    assert_eq!(store.environment(shop.environment).await.unwrap().server_ids, [shop.server]);
    let form = EnvironmentForm { server_ids: Vec::new(), ..form };
    assert!(matches!(store.environment_create(ProjectId(999), &form).await, Err(StoreError::NotFound)));
    assert!(matches!(store.environment_update(EnvironmentId(999), &form).await, Err(StoreError::NotFound)));
    let foreign = store.release_create(&new_release(shop.project, blog.environment, "v1")).await;
    assert_eq!(missing(foreign), "environment_id");
}

pub(crate) async fn an_environment_keeps_the_order_of_its_servers(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let credential = store.server(shop.server).await.unwrap().credential_id;
    let mut servers = vec![shop.server];
    for name in ["web-1", "web-2", "web-3"] {
        servers.push(store.server_create(&server_form(name, credential)).await.unwrap().id);
    }
    servers.reverse();
    let form = EnvironmentForm {
        name: "live".to_owned(),
        kind: EnvironmentKind::Prod,
        path: "/srv/{hostname}".to_owned(),
        server_ids: servers.clone(),
        package_root: Some("  ".to_owned()),
        keep: None,
        ..Default::default()
    };
    let made = store.environment_create(shop.project, &form).await.unwrap();
    assert_eq!((made.server_ids.as_slice(), made.package_root.as_deref(), made.keep), (servers.as_slice(), None, 5));
    servers.swap(0, 2);
    servers.pop();
    let form =
        EnvironmentForm { server_ids: servers.clone(), package_root: Some("dist".to_owned()), keep: Some(9), ..form };
    let changed = store.environment_update(made.id, &form).await.unwrap();
    assert_eq!(changed.server_ids, servers);
    assert_eq!((changed.package_root.as_deref(), changed.keep), (Some("dist"), 9));
    let all = store.environments(shop.project).await.unwrap();
    assert_eq!(all.iter().map(|e| e.name.as_str()).collect::<Vec<_>>(), ["live", "test"]);
    assert_eq!(all[0], changed);
}

pub(crate) async fn a_new_address_loses_the_pinned_key(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let pinned = store.server_pin(shop.server, Some("SHA256:abc")).await.unwrap();
    let mut form = ServerForm {
        hostname: "renamed".to_owned(),
        address: pinned.address.clone(),
        port: pinned.port,
        credential_id: pinned.credential_id,
        tags: vec!["web".to_owned(), "北京".to_owned()],
        project_id: None,
    };
    let renamed = store.server_update(shop.server, &form).await.unwrap();
    assert_eq!(renamed.host_key.as_deref(), Some("SHA256:abc"), "another name is the same host");
    assert_eq!(renamed.tags, form.tags);
    form.port = 2222;
    assert_eq!(store.server_update(shop.server, &form).await.unwrap().host_key, None);

    store.project_pin(shop.project, Some("SHA256:def")).await.unwrap();
    let mut form = ProjectForm {
        title: "new title".to_owned(),
        repo_url: "/srv/shop.git".to_owned(),
        credential_id: None,
        ..Default::default()
    };
    let retitled = store.project_update(shop.project, &form).await.unwrap();
    assert_eq!(retitled.host_key.as_deref(), Some("SHA256:def"));
    form.repo_url = "ssh://git@host/shop.git".to_owned();
    assert_eq!(store.project_update(shop.project, &form).await.unwrap().host_key, None);
    assert!(matches!(store.project_pin(ProjectId(999), None).await, Err(StoreError::NotFound)));
    assert!(matches!(store.server_pin(ServerId(999), None).await, Err(StoreError::NotFound)));
}

pub(crate) async fn a_credential_keeps_its_secret_unless_a_new_one_comes(db: Db) {
    let store = db.open().await;
    let made = store.credential_create(&credential_form("key"), b"\x00sealed\xff", true).await.unwrap();
    assert!(made.has_passphrase);
    let form = CredentialForm { username: "root".to_owned(), ..credential_form("key 2") };
    let changed = store.credential_update(made.id, &form, None, true).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.username.as_str()), ("key 2", "root"));
    assert_eq!(store.credential_sealed(made.id).await.unwrap(), (changed, b"\x00sealed\xff".to_vec()));
    store.credential_update(made.id, &form, Some(b"other"), false).await.unwrap();
    let (credential, sealed) = store.credential_sealed(made.id).await.unwrap();
    assert_eq!((credential.has_passphrase, sealed.as_slice()), (false, b"other".as_slice()));
    assert!(matches!(
        store.credential_update(CredentialId(999), &credential_form("x"), None, false).await,
        Err(StoreError::NotFound)
    ));
}

pub(crate) async fn odd_texts_come_back_as_they_were(db: Db) {
    let store = db.open().await;
    let odd = r#"v1;$(touch owned) '"\ %s $1 ? 发布 🚀 ' OR '1'='1"#;
    let project = store
        .project_create(&ProjectForm {
            title: odd.to_owned(),
            repo_url: odd.to_owned(),
            credential_id: None,
            ..Default::default()
        })
        .await
        .unwrap();
    assert_eq!((project.title.as_str(), project.repo_url.as_str()), (odd, odd));
    let environment = environment(&store, project.id, odd, &[]).await;
    let mut new = new_release(project.id, environment, odd);
    new.note = Some(odd.to_owned());
    new.created_by_name = odd.to_owned();
    let release = store.release_create(&new).await.unwrap();
    assert_eq!(release.git_ref.name, odd);
    assert_eq!(release.note.as_deref(), Some(odd));
    assert_eq!((release.project_title.as_str(), release.environment_name.as_str()), (odd, odd));
    assert_eq!(store.release(release.id).await.unwrap(), release);
}

pub(crate) async fn everything_is_there_after_a_restart(db: Db) {
    // Two processes open a new database at the same instant.
    let (first, second) = tokio::join!(Store::open(&db.url), Store::open(&db.url));
    let (first, second) = (first.unwrap(), second.unwrap());
    let shop = world(&first, "shop").await;
    let release = shop.pending(&second).await;
    drop((first, second));
    let store = db.open().await;
    store.ping().await.unwrap();
    assert_eq!(store.release(release.id).await.unwrap(), release);
    let head = store.head().await.unwrap();
    assert_eq!(*store.bell().borrow(), head);
    assert!(Store::open("mysql://localhost/x").await.is_err());
}

pub(crate) async fn a_template_is_kept_under_one_name(db: Db) {
    let store = db.open().await;
    let form = |name: &str| HookTemplateForm {
        name: name.to_owned(),
        description: Some("说明 <b>".to_owned()),
        point: Some(HookPoint::BeforeDeploy),
        body: "echo 'hello'\n".to_owned(),
    };
    let made = store.template_create(&form("check")).await.unwrap();
    assert_eq!((made.point, made.body.as_str()), (Some(HookPoint::BeforeDeploy), "echo 'hello'\n"));
    assert_eq!(taken(store.template_create(&form("check")).await), "name");
    let other = store.template_create(&HookTemplateForm { point: None, ..form("build") }).await.unwrap();
    assert_eq!(taken(store.template_update(other.id, &form("check")).await), "name");
    assert_eq!(store.templates().await.unwrap(), [other.clone(), made.clone()]);
    let changed =
        store.template_update(made.id, &HookTemplateForm { description: None, ..form("test") }).await.unwrap();
    assert_eq!(store.template(made.id).await.unwrap(), changed);
    assert_eq!((changed.name.as_str(), changed.description), ("test", None));
    store.template_delete(made.id).await.unwrap();
    assert_eq!(store.template_count().await.unwrap(), 1);
    assert!(matches!(store.template(made.id).await, Err(StoreError::NotFound)));
    assert!(matches!(store.template_update(made.id, &form("x")).await, Err(StoreError::NotFound)));
    assert!(matches!(store.template_delete(made.id).await, Err(StoreError::NotFound)));
}

pub(crate) async fn a_release_and_its_templates_come_together(db: Db) {
    let store = db.open().await;
    let shop = world(&store, "shop").await;
    let form = |name: &str| HookTemplateForm { name: name.to_owned(), body: "true".to_owned(), ..Default::default() };
    let new = new_release(shop.project, shop.environment, "v1");
    let both = [(HookPoint::BeforeDeploy, form("a")), (HookPoint::AfterDeploy, form("b"))];
    let release = store.release_create_with(&new, &both, None).await.unwrap();
    assert_eq!(store.templates().await.unwrap().len(), 2);
    let both = [(HookPoint::BeforeDeploy, form("c")), (HookPoint::AfterDeploy, form("b"))];
    assert_eq!(taken(store.release_create_with(&new, &both, None).await), "save_as.after_deploy");
    assert_eq!(store.templates().await.unwrap().len(), 2, "nothing half-done");
    let list = store.releases(&Default::default(), &Visible::All).await.unwrap();
    assert_eq!(list.items.iter().map(|r| r.id).collect::<Vec<_>>(), [release.id]);
}
