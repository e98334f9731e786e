//! Whether a release may start: what the policy of its environment asks for, and who may break it.

use launchway_app::ports::Answer;
use launchway_domain::policy::{Rule, RuleState};
use launchway_domain::{
    Actor, Environment, Fault, FieldError, Permission, Release, ReleaseKind, StartForm, Text, Timestamp, text,
};
use launchway_engine::calendar;
use launchway_engine::store::Start;

use super::Core;
use super::fault::{noun, of_store};
use super::permission::permit_in;

/// The digits of a commit that a sentence names.
const SHORT: usize = 10;

/// What is to start, before or after it was written down.
pub(super) struct Coming<'a> {
    /// Built, or a rollback.
    pub(super) kind: ReleaseKind,
    /// Its commit.
    pub(super) commit: &'a str,
    /// Whether it was in the queue before: then it has passed what is asked for once.
    pub(super) again: bool,
    /// When it is to start, where that is not now.
    pub(super) at: Option<Timestamp>,
}

impl<'a> From<&'a Release> for Coming<'a> {
    fn from(release: &'a Release) -> Self {
        Self { kind: release.kind, commit: &release.commit, again: release.queued_at.is_some(), at: None }
    }
}

impl Core {
    /// How what comes stands to each rule that applies to it.
    pub(super) async fn rules(&self, environment: &Environment, coming: &Coming<'_>) -> Answer<Vec<RuleState>> {
        let states = [self.tested_first(environment, coming).await?, not_frozen(environment, coming.at)];
        Ok(states.into_iter().flatten().collect())
    }

    /// Whether it may start now. With an exception it may although a rule says no, where the actor may decide that; the
    /// reason is then to be kept with the release.
    pub(super) async fn may_start(
        &self,
        actor: &Actor,
        environment: &Environment,
        coming: &Coming<'_>,
        exception: Option<&str>,
    ) -> Answer<Start> {
        let states = self.rules(environment, coming).await?;
        let Some(why) = broken(&states) else { return Ok(Start::default()) };
        match exception.map(str::trim).filter(|reason| !reason.is_empty()) {
            Some(reason) => {
                permit_in(actor, Permission::OverridePolicy, environment.project_id)?;
                Ok(Start { exception: Some(reason.to_owned()), ..Start::default() })
            }
            None => {
                let Text { en, zh } = why;
                let detail = text!(
                    "{en} An administrator may start it all the same, with a written reason.",
                    "{zh}管理员可以书面说明理由后仍然开始。"
                );
                let message = Text::new(
                    "An administrator writes down here why it is to start all the same.",
                    "管理员在此书面说明仍要开始的理由。",
                );
                Err(Fault::Conflict { detail, errors: vec![FieldError::new("exception", "required", message)] })
            }
        }
    }

    /// The same for a release that is written down.
    pub(super) async fn may_start_release(&self, actor: &Actor, release: &Release, form: &StartForm) -> Answer<Start> {
        if let Some(at) = form.at {
            ahead("at", at, Timestamp::now())?;
        }
        let environment = self.store.environment(release.environment_id).await;
        let environment = environment.map_err(|e| of_store(e, &noun("environment", "环境", release.environment_id)))?;
        let coming = Coming { at: form.at, ..release.into() };
        let settled = self.may_start(actor, &environment, &coming, form.exception.as_deref()).await?;
        Ok(Start { start_at: form.at, ..settled })
    }

    /// Whether the commit has succeeded in a test environment, where that is asked for. Going back to what was live
    /// never waits for a test, and a retry goes on with what was let through.
    async fn tested_first(&self, environment: &Environment, coming: &Coming<'_>) -> Answer<Option<RuleState>> {
        if coming.again || coming.kind == ReleaseKind::Rollback {
            return Ok(None);
        }
        let (project, id) = (environment.project_id, environment.id);
        let tests = self.store.tests_of(project, id, coming.commit).await;
        let tests = tests.map_err(|e| of_store(e, &noun("environment", "环境", id)))?;
        if !environment.policy.rules.needs_test(environment.kind, tests.environments > 0) {
            return Ok(None);
        }
        let (name, commit) = (&environment.name, coming.commit.get(..SHORT).unwrap_or(coming.commit));
        let text = match &tests.passed {
            Some(passed) => {
                let (number, tested) = (passed.id, &passed.environment_name);
                text!(
                    "Commit {commit} has succeeded in {tested} (release #{number}).",
                    "提交 {commit} 已在 {tested} 发布成功（发布 #{number}）。"
                )
            }
            None if tests.environments == 0 => text!(
                "{name} takes only what has succeeded in a test environment, and the project has none. Add one, or change the policy of {name}.",
                "{name} 只接受已在测试环境发布成功的提交，而本项目没有其他测试环境。请添加测试环境，或修改 {name} 的发布策略。"
            ),
            None => text!(
                "{name} takes only what has succeeded in a test environment, and commit {commit} has not. Release it to a test environment first.",
                "{name} 只接受已在测试环境发布成功的提交，而提交 {commit} 尚未成功。请先将其发布到测试环境。"
            ),
        };
        let passed = tests.passed.map(|passed| passed.id);
        Ok(Some(RuleState { rule: Rule::TestedFirst, ok: passed.is_some(), text, release_id: passed }))
    }
}

/// Whether the calendar lets releases start at a time, or now; nothing to say where there is no calendar.
fn not_frozen(environment: &Environment, at: Option<Timestamp>) -> Option<RuleState> {
    let calendar = &environment.policy.calendar;
    if calendar.is_open() {
        return None;
    }
    let name = &environment.name;
    let Some(freeze) = calendar::freeze_at(calendar, at.unwrap_or_else(Timestamp::now)) else {
        let text = text!("{name} is not frozen then.", "{name} 届时不在封网期内。");
        return Some(RuleState { rule: Rule::Calendar, ok: true, text, release_id: None });
    };
    let called = freeze.label.map(|label| text!(" ({label})", "（{label}）")).unwrap_or(Text::new("", ""));
    let (then_en, then_zh) = if at.is_some() { (" then", "届时") } else { ("", "") };
    let (called_en, called_zh) = (&called.en, &called.zh);
    let text = match freeze.until {
        Some(until) => {
            let until = calendar::local(until, calendar.zone());
            text!(
                "{name} is frozen{then_en} until {until}{called_en}. Start the release afterwards, or choose a time after that.",
                "{name} {then_zh}处于封网期，直到 {until}{called_zh}。请在此之后开始，或预定此后的时间。"
            )
        }
        None => text!(
            "{name} is frozen{then_en} until further notice{called_en}. Change the freeze windows of its policy first.",
            "{name} {then_zh}处于封网期，未定结束时间{called_zh}。请先修改其发布策略中的封网时段。"
        ),
    };
    Some(RuleState { rule: Rule::Calendar, ok: false, text, release_id: None })
}

/// A time that somebody chose lies ahead, and not further than a year.
///
/// # Errors
/// [`Fault::Invalid`] at `field`.
pub(super) fn ahead(field: &str, at: Timestamp, now: Timestamp) -> Answer<()> {
    /// A year, in milliseconds.
    const YEAR: i64 = 366 * 24 * 3600 * 1000;
    if at <= now {
        let message = Text::new("This time has passed. Choose a later one.", "此时间已过，请选择更晚的时间。");
        return Err(Fault::field(field, "past", message));
    }
    if at.millis() - now.millis() > YEAR {
        let message = Text::new("At most a year ahead. Choose an earlier time.", "最多提前一年，请选择更早的时间。");
        return Err(Fault::field(field, "too_far", message));
    }
    Ok(())
}

/// Why a release may not start, where a rule does not hold.
pub(super) fn broken(states: &[RuleState]) -> Option<Text> {
    states.iter().find(|state| !state.ok).map(|state| state.text.clone())
}
