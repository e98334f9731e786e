//! What the hooks of an environment are given, sealed and opened.

use launchway_domain::{EnvironmentId, Text, VariableForm, text};
use secrecy::SecretString;

use crate::secret::{Vault, VaultError};
use crate::store::{Kept, Store, StoreError};

/// One variable as a hook gets it.
#[derive(Clone, Debug)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: SecretString,
    /// Whether logs are masked.
    pub secret: bool,
}

/// A value as the store keeps it: a secret one sealed for its environment and name, so that it opens nowhere else.
///
/// # Errors
/// As [`Vault::seal`].
pub fn keep(vault: &Vault, environment: EnvironmentId, name: &str, form: &VariableForm) -> Result<Kept, VaultError> {
    if !form.secret {
        return Ok(Kept::Plain(form.value.clone()));
    }
    let sealed = vault.seal(&purpose(environment, name), form.value.as_bytes())?;
    Ok(Kept::Sealed { sealed, bytes: form.value.len() })
}

/// Opens an environment's variables, as they are now; a text for people where one does not open.
///
/// # Errors
/// [`StoreError::Db`].
pub async fn given(
    store: &Store,
    vault: &Vault,
    environment: EnvironmentId,
) -> Result<Result<Vec<Given>, Text>, StoreError> {
    let kept = store.variables_kept(environment).await?;
    Ok(kept.into_iter().map(|(name, kept)| open(vault, environment, name, kept)).collect())
}

fn open(vault: &Vault, environment: EnvironmentId, name: String, kept: Kept) -> Result<Given, Text> {
    let (value, secret) = match kept {
        Kept::Plain(value) => (value.into(), false),
        Kept::Sealed { sealed, .. } => {
            let opened = vault.unseal(&purpose(environment, &name), &sealed);
            let value = opened.ok().and_then(|bytes| std::str::from_utf8(&bytes).map(SecretString::from).ok());
            let closed = || {
                text!(
                    "The variable {name} does not open with this master key. Set it again.",
                    "变量 {name} 无法用当前主密钥解开，请重新设置。"
                )
            };
            (value.ok_or_else(closed)?, true)
        }
    };
    Ok(Given { name, value, secret })
}

fn purpose(environment: EnvironmentId, name: &str) -> String {
    format!("variable:{environment}:{name}")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_opens_where_it_belongs_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path(), None).unwrap();
        let form = VariableForm { value: "hunter2".into(), secret: true };
        let kept = keep(&vault, EnvironmentId(1), "A", &form).unwrap();
        let opened = |id, name: &str| open(&vault, EnvironmentId(id), name.into(), kept.clone());
        assert_eq!(opened(1, "A").unwrap().value.expose_secret(), "hunter2");
        assert!(opened(2, "A").is_err() && opened(1, "B").unwrap_err().en.contains("variable B"));
    }
}
