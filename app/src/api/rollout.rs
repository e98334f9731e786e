//! Changing how releases go over the servers: the fields of the form, and the call that reads them.

use launchway_domain::{
    EnvironmentId, FieldError, Health, HealthKind, OnFailure, Rollout, Share, Strategy, Text, form,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::codec::Json;
use super::{ApiError, needs};

/// What the form has: text, as it is typed. What belongs to another choice than the one that was made is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RolloutFields {
    /// The strategy's word.
    pub strategy: String,
    /// Of a canary: the first batch.
    pub first: String,
    /// How many servers a batch has.
    pub batch: String,
    /// Of a canary: how long it waits; minutes, or with `s` or `h` behind it seconds or hours. Empty: for a person.
    pub wait_seconds: String,
    /// How many servers may fail.
    pub failure_budget: String,
    /// What becomes of the others then.
    pub on_failure: String,
    /// How a server is asked whether it is well; empty where it is not.
    pub gate: String,
    /// The address to call.
    pub url: String,
    /// The port to connect to.
    pub port: String,
    /// The command to run.
    pub command: String,
    /// The expected status.
    pub status: String,
    /// The pause between two tries, in seconds.
    pub interval_seconds: String,
    /// How often it is tried.
    pub tries: String,
    /// How long a try may take, in seconds.
    pub timeout_seconds: String,
}

/// A time as it is typed.
fn time_of(seconds: i64) -> String {
    if seconds % 60 == 0 { (seconds / 60).to_string() } else { format!("{seconds}s") }
}

/// Reads [`time_of`] back.
fn seconds_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('s') => (number, 1),
        Some(number) if text.ends_with('h') => (number, 3_600),
        Some(number) => (number, 60),
        None => (text, 60),
    };
    number.trim().parse::<i64>().ok()?.checked_mul(unit)
}

impl From<&Rollout> for RolloutFields {
    fn from(rollout: &Rollout) -> Self {
        let share = |share: Option<Share>| share.map(|share| share.to_string()).unwrap_or_default();
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let health = rollout.health.clone();
        let gate = health.as_ref().map(|health| health.kind.as_str().to_owned()).unwrap_or_default();
        let health = health.unwrap_or_default();
        Self {
            strategy: rollout.strategy.as_str().to_owned(),
            first: share(rollout.first),
            batch: share(rollout.batch),
            wait_seconds: rollout.wait_seconds.map(time_of).unwrap_or_default(),
            failure_budget: rollout.failure_budget.to_string(),
            on_failure: rollout.on_failure.as_str().to_owned(),
            gate,
            url: health.url.unwrap_or_default(),
            port: number(health.port),
            command: health.command.unwrap_or_default(),
            status: number(health.status),
            interval_seconds: health.interval_seconds.to_string(),
            tries: health.tries.to_string(),
            timeout_seconds: health.timeout_seconds.to_string(),
        }
    }
}

impl RolloutFields {
    /// What the fields say.
    ///
    /// # Errors
    /// The fields that cannot be read. Whether the rest makes sense is the policy's own rules' to say.
    pub fn read(&self) -> Result<Rollout, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, message: Text| errors.push(FieldError::new(field, "type", message));
        let mut share = |field: &str, text: &str| match text.trim() {
            "" => None,
            text => text.parse::<Share>().map_err(|()| wrong(field, form::message("batch_missing"))).ok(),
        };
        let strategy = Strategy::parse(&self.strategy).unwrap_or(Strategy::AllAtOnce);
        let first = (strategy == Strategy::Canary).then(|| share("first", &self.first)).flatten();
        let batch = (strategy != Strategy::AllAtOnce).then(|| share("batch", &self.batch)).flatten();
        let failure_budget = share("failure_budget", &self.failure_budget).unwrap_or(Share::Servers(0));
        let wait_seconds = match self.wait_seconds.trim() {
            text if strategy == Strategy::Canary && !text.is_empty() => {
                let seconds = seconds_of(text);
                if seconds.is_none() {
                    wrong("wait_seconds", form::message("wait"));
                }
                seconds
            }
            _ => None,
        };
        let mut number = |field: &str, text: &str| match text.trim() {
            "" => None,
            text => text.parse::<i64>().map_err(|_| wrong(field, Text::new("Write a number.", "请填写数字。"))).ok(),
        };
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let standard = Health::default();
        let health = HealthKind::parse(&self.gate).map(|kind| Health {
            kind,
            url: (kind == HealthKind::Http).then(|| text(&self.url)).flatten(),
            port: (kind == HealthKind::Tcp).then(|| number("port", &self.port)).flatten(),
            command: (kind == HealthKind::Command).then(|| text(&self.command.replace("\r\n", "\n"))).flatten(),
            status: (kind != HealthKind::Tcp).then(|| number("status", &self.status)).flatten(),
            interval_seconds: number("interval_seconds", &self.interval_seconds).unwrap_or(standard.interval_seconds),
            tries: number("tries", &self.tries).unwrap_or(standard.tries),
            timeout_seconds: number("timeout_seconds", &self.timeout_seconds).unwrap_or(standard.timeout_seconds),
        });
        let on_failure = OnFailure::parse(&self.on_failure).unwrap_or(OnFailure::Stop);
        if errors.is_empty() {
            Ok(Rollout { strategy, first, batch, wait_seconds, failure_budget, on_failure, health })
        } else {
            Err(errors)
        }
    }
}

/// Changes how releases go over the servers.
#[server(prefix = "/api/fn", output = Json)]
pub async fn save_rollout(id: EnvironmentId, version: Option<i64>, form: RolloutFields) -> Result<i64, ApiError> {
    use launchway_domain::Fault;
    let rollout = form.read().map_err(|errors| ApiError::Fault(Fault::Invalid { errors }))?;
    super::policy::change(id, version, |policy| policy.rollout = rollout).await.map_err(|error| match error {
        // As the form's own fields are called.
        ApiError::Fault(Fault::Invalid { errors }) => {
            let named = errors.into_iter().map(|error| {
                let name = error.field.strip_prefix("policy.rollout.").unwrap_or(&error.field);
                let name = name.strip_prefix("health.").unwrap_or(name).to_owned();
                FieldError { field: name, ..error }
            });
            ApiError::Fault(Fault::Invalid { errors: named.collect() })
        }
        error => error,
    })
}
needs!(SaveRollout, ManageProjects);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_form_shows_is_read_back() {
        for json in [
            "{}",
            r#"{"strategy":"batches","batch":"25%","failure_budget":2,"on_failure":"switch_back"}"#,
            r#"{"strategy":"canary","first":2,"batch":5,"wait_seconds":90,
                "health":{"kind":"http","url":"http://{address}/","status":204,"tries":3}}"#,
            r#"{"strategy":"canary","wait_seconds":600,"health":{"kind":"command","command":"true"}}"#,
            r#"{"health":{"kind":"tcp","port":8080,"interval_seconds":0}}"#,
        ] {
            let rollout: Rollout = serde_json::from_str(json).unwrap();
            assert_eq!(RolloutFields::from(&rollout).read(), Ok(rollout), "{json}");
        }
    }

    #[test]
    fn times_have_units() {
        for (text, seconds) in
            [("10", Some(600)), ("90s", Some(90)), ("2h", Some(7_200)), ("1 m", Some(60)), ("x", None)]
        {
            assert_eq!(seconds_of(text), seconds, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_stands_at_its_field() {
        let fields = RolloutFields {
            strategy: "canary".into(),
            first: "some".into(),
            wait_seconds: "soon".into(),
            gate: "tcp".into(),
            port: "http".into(),
            ..RolloutFields::default()
        };
        let names: Vec<String> = fields.read().unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(names, ["first", "wait_seconds", "port"]);
    }
}
