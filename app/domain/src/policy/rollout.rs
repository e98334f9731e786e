//! How a release goes from server to server.

use garde::{Error, Validate};
use serde::{Deserialize, Serialize};

use super::health::Health;
use super::share::Share;
use crate::time::Timestamp;
use crate::word::words;

/// The longest time that a release waits between two batches by itself: a week, in seconds.
const MAX_WAIT: i64 = 7 * 24 * 60 * 60;
/// No environment has more servers than this.
const MAX_SERVERS: i64 = 100_000;

words! {
    /// In which order the servers get a release. A rollback goes to all of them at once.
    Strategy {
        /// All of them at once.
        AllAtOnce: "all_at_once", "all servers at once", "所有服务器同时";
        /// One batch after another.
        Batches: "batches", "in batches", "分批";
        /// A first batch; then a wait; then the others.
        Canary: "canary", "canary: a first batch, then a wait", "金丝雀：首批之后等待";
    }
}

words! {
    /// What becomes of the servers that have switched when a release stops since too many failed.
    OnFailure {
        /// They stay as they are.
        Stop: "stop", "stop", "停止";
        /// Each is switched back to what it had.
        SwitchBack: "switch_back", "switch back", "切换回原版本";
    }
}

/// How a release goes from server to server, and what stops it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Rollout {
    /// In which order the servers get it.
    #[garde(skip)]
    pub strategy: Strategy,
    /// Of `canary`: the first batch; one server where absent.
    #[garde(custom(good_first))]
    pub first: Option<Share>,
    /// How many servers a batch has. Of `canary`: of those after the first; where absent they are one batch.
    #[garde(custom(good_batch(self.strategy)))]
    pub batch: Option<Share>,
    /// Of `canary`: how long it waits after the first batch, in seconds; where absent until somebody lets it go on.
    #[garde(custom(wait))]
    pub wait_seconds: Option<i64>,
    /// How many servers may fail (all batches taken together) with the release still going on to the others. Those that
    /// failed are left behind, and the release has not succeeded.
    #[garde(custom(budget))]
    pub failure_budget: Share,
    /// What becomes of the servers that have switched when more have failed.
    #[garde(skip)]
    pub on_failure: OnFailure,
    /// What says that a server is well after the switch; where absent, nothing is asked.
    #[garde(dive)]
    pub health: Option<Health>,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            strategy: Strategy::AllAtOnce,
            first: None,
            batch: None,
            wait_seconds: None,
            failure_budget: Share::Servers(0),
            on_failure: OnFailure::Stop,
            health: None,
        }
    }
}

impl Rollout {
    /// How many servers each batch has, in their order; of `total` servers in all.
    pub fn batches(&self, total: usize) -> Vec<usize> {
        let (mut sizes, mut left) = (Vec::new(), total);
        if self.strategy == Strategy::Canary && left > 0 {
            sizes.push(self.first.unwrap_or(Share::Servers(1)).batch_of(total));
            left = left.saturating_sub(sizes[0]);
        }
        let size = match (self.strategy, self.batch) {
            (Strategy::Batches | Strategy::Canary, Some(batch)) => batch.batch_of(total),
            _ => total,
        };
        while left > 0 {
            let next = size.clamp(1, left);
            sizes.push(next);
            left -= next;
        }
        sizes
    }

    /// Whether the release waits after a batch, counted from 1, before the next one.
    pub fn holds_after(&self, batch: u32) -> bool {
        self.strategy == Strategy::Canary && batch == 1
    }
}

/// A release that waits between two batches, for a person or for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hold {
    /// The batch that is done, counted from 1.
    pub batch: u32,
    /// How many batches there are.
    pub of: u32,
    /// Since when it waits.
    pub since: Timestamp,
    /// When it goes on by itself; without it, when a person says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

fn fail(code: &str) -> garde::Result {
    Err(Error::new(code))
}

fn some(share: Share) -> garde::Result {
    match share {
        Share::Servers(1..=MAX_SERVERS) | Share::Percent(1..=100) => Ok(()),
        Share::Servers(_) => fail("batch_servers"),
        Share::Percent(_) => fail("batch_percent"),
    }
}

fn good_first(value: &Option<Share>, _: &()) -> garde::Result {
    value.map_or(Ok(()), some)
}

fn good_batch(strategy: Strategy) -> impl Fn(&Option<Share>, &()) -> garde::Result {
    move |value, _| match value {
        None if strategy == Strategy::Batches => fail("batch_missing"),
        None => Ok(()),
        Some(share) => some(*share),
    }
}

fn wait(value: &Option<i64>, _: &()) -> garde::Result {
    match value {
        Some(seconds) if !(1..=MAX_WAIT).contains(seconds) => fail("wait"),
        _ => Ok(()),
    }
}

fn budget(value: &Share, _: &()) -> garde::Result {
    match value {
        Share::Servers(0..=MAX_SERVERS) | Share::Percent(0..=100) => Ok(()),
        Share::Servers(_) => fail("budget_servers"),
        Share::Percent(_) => fail("budget_percent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_server_once() {
        let all = Rollout::default();
        let by = |share| Rollout { strategy: Strategy::Batches, batch: Some(share), ..Rollout::default() };
        let canary = |first, batch| Rollout { strategy: Strategy::Canary, first, batch, ..Rollout::default() };
        for (rollout, total, expected) in [
            (all.clone(), 12, vec![12]),
            (all, 0, vec![]),
            (by(Share::Servers(5)), 12, vec![5, 5, 2]),
            (by(Share::Percent(25)), 12, vec![3, 3, 3, 3]),
            (by(Share::Percent(40)), 3, vec![2, 1]),
            (by(Share::Servers(99)), 3, vec![3]),
            (canary(None, None), 12, vec![1, 11]),
            (canary(None, None), 1, vec![1]),
            (canary(Some(Share::Percent(10)), Some(Share::Servers(4))), 12, vec![2, 4, 4, 2]),
            (canary(Some(Share::Servers(20)), None), 12, vec![12]),
        ] {
            assert_eq!(rollout.batches(total), expected, "{rollout:?} of {total}");
        }
    }

    /// Every share that a policy may hold, and some that it may not: the sums have to come out for those as well.
    fn shares() -> impl Iterator<Item = Share> + Clone {
        let edges = [i64::MIN, -1, 0, i64::MAX];
        let counts = (1..=70).chain(edges).map(Share::Servers);
        counts.chain((1..=100).chain([101, 1_000]).chain(edges).map(Share::Percent))
    }

    #[test]
    fn whatever_the_policy_says_each_server_is_in_one_batch_and_no_batch_is_empty() {
        let batches = shares().map(|share| (Strategy::Batches, None, Some(share)));
        let canaries = shares().flat_map(|first| {
            [None, Some(Share::Servers(3)), Some(Share::Percent(30))]
                .map(|batch| (Strategy::Canary, Some(first), batch))
        });
        let all = [(Strategy::AllAtOnce, None, None)];
        for (strategy, first, batch) in batches.chain(canaries).chain(all) {
            let rollout = Rollout { strategy, first, batch, ..Rollout::default() };
            for total in 0..=65_usize {
                let sizes = rollout.batches(total);
                assert_eq!(sizes.iter().sum::<usize>(), total, "{rollout:?} of {total}: {sizes:?}");
                assert!(!sizes.contains(&0), "{rollout:?} of {total}: {sizes:?}");
                // All but a canary and the rest are as large as the policy says.
                let begin = usize::from(strategy == Strategy::Canary);
                let even = sizes.get(begin..sizes.len().saturating_sub(1)).unwrap_or_default();
                let size = batch.map_or(total, |batch| batch.batch_of(total));
                assert!(even.iter().all(|one| *one == size), "{rollout:?} of {total}: {sizes:?}");
                assert!(sizes.iter().skip(begin).all(|one| *one <= size), "{rollout:?} of {total}: {sizes:?}");
            }
        }
    }

    #[test]
    fn a_budget_is_never_more_than_was_said_and_a_batch_never_less() {
        for share in shares() {
            for total in 1..=65_usize {
                let (batch, budget) = (share.batch_of(total), share.budget_of(total));
                assert!((1..=total).contains(&batch) && budget <= total, "{share} of {total}");
                match share {
                    Share::Servers(servers) => {
                        let said = usize::try_from(servers).unwrap_or(0);
                        assert_eq!((batch, budget), (said.clamp(1, total), said.min(total)), "{share} of {total}");
                    }
                    Share::Percent(percent @ 0..=100) => {
                        // In hundredths of a server, where nothing is rounded.
                        let (exact, hundred) = (percent as usize * total, 100);
                        assert!(budget * hundred <= exact && (budget + 1) * hundred > exact, "{share} of {total}");
                        assert!(batch * hundred >= exact, "{share} of {total}");
                        assert!(batch == 1 || (batch - 1) * hundred < exact, "{share} of {total}");
                    }
                    Share::Percent(_) => {}
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_says_why() {
        let codes = |json: &str| -> Vec<String> {
            let rollout: Rollout = serde_json::from_str(json).unwrap();
            let report = rollout.validate().err();
            report.iter().flat_map(|r| r.iter()).map(|(path, e)| format!("{path} {}", e.message())).collect()
        };
        for (json, expected) in [
            (r#"{"strategy":"batches","batch":0}"#, "batch batch_servers"),
            (r#"{"strategy":"batches","batch":-1}"#, "batch batch_servers"),
            (r#"{"strategy":"batches","batch":"0%"}"#, "batch batch_percent"),
            (r#"{"strategy":"batches","batch":"101%"}"#, "batch batch_percent"),
            (r#"{"strategy":"batches"}"#, "batch batch_missing"),
            (r#"{"strategy":"canary","first":0}"#, "first batch_servers"),
            (r#"{"strategy":"canary","wait_seconds":0}"#, "wait_seconds wait"),
            (r#"{"strategy":"canary","wait_seconds":604801}"#, "wait_seconds wait"),
            (r#"{"failure_budget":-1}"#, "failure_budget budget_servers"),
            (r#"{"failure_budget":"101%"}"#, "failure_budget budget_percent"),
            (r#"{"health":{"kind":"tcp"}}"#, "health.port required"),
        ] {
            assert_eq!(codes(json), [expected], "{json}");
        }
        for good in [
            "{}",
            r#"{"strategy":"canary"}"#,
            r#"{"strategy":"canary","first":"10%","batch":3,"wait_seconds":60}"#,
            r#"{"failure_budget":"100%","on_failure":"switch_back"}"#,
        ] {
            assert!(codes(good).is_empty(), "{good}");
        }
        assert!(serde_json::from_str::<Rollout>(r#"{"batches":3}"#).is_err());
    }
}
