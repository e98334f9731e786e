//! How often the API may be called: by each token, by each person's sessions, and by each address that is nobody's.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use launchway_domain::{UserId, WallLinkId};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::auth::{Identity, Proof};
use super::client;
use super::problem::Problem;
use super::rest::BASE;
use crate::AppState;
use crate::config::Rate;

/// After so many calls, those who have not called for a while are forgotten.
const SWEEP: u32 = 4096;

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Caller {
    /// By the token's SHA-256.
    Token([u8; 32]),
    User(UserId),
    Wall(WallLinkId),
    System,
}

impl Caller {
    fn of(identity: &Identity) -> Self {
        use launchway_domain::Actor;
        match (&identity.proof, &identity.actor) {
            (Proof::Token(token), _) => Self::Token(Sha256::digest(token.expose_secret()).into()),
            (_, Actor::Wall(link)) => Self::Wall(*link),
            (_, actor) => actor.user_id().map_or(Self::System, Self::User),
        }
    }
}

/// The counts, of this process.
pub(crate) struct Limits {
    callers: Counted<Caller>,
    strangers: Counted<IpAddr>,
}

impl Limits {
    pub(crate) fn new(callers: Rate, strangers: Rate) -> Self {
        Self { callers: Counted::new(callers), strangers: Counted::new(strangers) }
    }
}

struct Counted<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    calls: AtomicU32,
}

impl<K: Hash + Eq + Clone> Counted<K> {
    fn new(rate: Rate) -> Self {
        let quota = Quota::per_second(at_least_one(rate.per_second)).allow_burst(at_least_one(rate.burst));
        Self { limiter: RateLimiter::keyed(quota), calls: AtomicU32::new(0) }
    }

    /// Counts a call, or says after how many seconds the next one is heard.
    fn take(&self, key: &K) -> Result<(), u64> {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        self.limiter.check_key(key).map_err(|wait| {
            let wait = wait.wait_time_from(DefaultClock::default().now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }
}

fn at_least_one(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN)
}

/// Middleware, behind the one that finds out who asks: so many calls of each.
pub(crate) async fn callers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if let Some(identity) = request.extensions().get::<Identity>()
        && let Err(seconds) = state.limits.callers.take(&Caller::of(identity))
    {
        return refused(seconds);
    }
    next.run(request).await
}

/// Middleware, before the one that finds out who asks: so many calls from an address without anything that lets them in.
pub(crate) async fn strangers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(BASE) {
        return next.run(request).await;
    }
    let client = client::address(request.extensions());
    let response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED
        && let Err(seconds) = state.limits.strangers.take(&client)
    {
        return refused(seconds);
    }
    response
}

fn refused(seconds: u64) -> Response {
    let seconds = seconds.max(1);
    let detail = launchway_domain::text!(
        "Too many calls at once. Go on after {seconds} s, as Retry-After says.",
        "请求过于频繁，请按 Retry-After 的提示在 {seconds} 秒后继续。"
    );
    Problem { retry_after: Some(seconds), ..Problem::new(StatusCode::TOO_MANY_REQUESTS, detail) }.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_heard_and_each_is_counted_alone() {
        let counted = Counted::new(Rate { burst: 3, per_second: 1 });
        for _ in 0..3 {
            assert_eq!(counted.take(&"kim"), Ok(()));
        }
        assert_eq!(counted.take(&"kim"), Err(1));
        assert_eq!(counted.take(&"lee"), Ok(()));
    }

    #[test]
    fn a_rate_of_nothing_still_lets_one_in() {
        assert_eq!(Counted::new(Rate { burst: 0, per_second: 0 }).take(&"kim"), Ok(()));
    }
}
