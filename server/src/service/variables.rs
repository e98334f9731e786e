//! What the hooks of an environment are given.

use std::sync::Arc;

use async_trait::async_trait;
use launchway_app::ports::{Answer, Variables};
use launchway_domain::variable::{MAX_VALUES, MAX_VARIABLES, name_error};
use launchway_domain::{Actor, EnvironmentId, Fault, Form, Permission, Text, Variable, VariableForm, text};
use launchway_engine::store::StoreError;
use launchway_engine::variable;

use super::Core;
use super::fault::{internal, noun, of_store};

pub(super) struct VariableService(pub(super) Arc<Core>);

fn thing(name: &str) -> Text {
    noun("variable", "变量", name)
}

#[async_trait]
impl Variables for VariableService {
    async fn list(&self, actor: &Actor, id: EnvironmentId) -> Answer<Vec<Variable>> {
        self.0.environment_for(actor, Permission::ViewProjects, id).await?;
        self.0.store.variables(id).await.map_err(|e| of_store(e, &Text::new("variables", "变量")))
    }

    async fn set(&self, actor: &Actor, id: EnvironmentId, name: String, form: VariableForm) -> Answer<Variable> {
        self.0.environment_for(actor, Permission::ManageProjects, id).await?;
        let mut errors = form.errors();
        errors.extend(name_error(&name));
        if !errors.is_empty() {
            return Err(Fault::Invalid { errors });
        }
        let kept = variable::keep(&self.0.vault, id, &name, &form).map_err(|e| internal("sealing a variable", &e))?;
        match self.0.store.by(actor).variable_set(id, &name, &kept).await {
            Err(StoreError::Full) => Err(full()),
            set => set.map_err(|e| of_store(e, &noun("environment", "环境", id))),
        }
    }

    async fn remove(&self, actor: &Actor, id: EnvironmentId, name: String) -> Answer<()> {
        self.0.environment_for(actor, Permission::ManageProjects, id).await?;
        self.0.store.by(actor).variable_remove(id, &name).await.map_err(|e| of_store(e, &thing(&name)))
    }
}

fn full() -> Fault {
    let together = MAX_VALUES >> 10;
    Fault::conflict(text!(
        "An environment has at most {MAX_VARIABLES} variables, of {together} KiB together. Delete one first, or keep large files in shared/ on the servers.",
        "每个环境最多 {MAX_VARIABLES} 个变量，总计 {together} KiB。请先删除一些，或将较大的文件放在服务器的 shared/ 中。"
    ))
}
