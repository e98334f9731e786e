//! How often somebody may try to sign in.
//!
//! The generic cell rate algorithm, as in the `governor` crate, with one thing that it lacks: a try
//! that succeeded is given back, so that only failures count and a script that signs in properly a
//! hundred times is not shut out. The try is taken before the password is verified, so that many at
//! once cannot slip past.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// More keys than this, and those that have recovered are dropped.
const MANY: usize = 10_000;

/// Counts tries by key.
pub(super) struct Tries<K> {
    /// How many at once.
    burst: u32,
    /// After how long one more is allowed.
    period: Duration,
    /// When each key will have recovered wholly. Absent: it has.
    recovered: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Tries<K> {
    pub(super) fn new(burst: u32, period: Duration) -> Self {
        Self { burst, period, recovered: Mutex::default() }
    }

    /// Takes one try, or says how long to wait.
    pub(super) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut recovered = self.recovered.lock().unwrap_or_else(PoisonError::into_inner);
        if recovered.len() >= MANY {
            recovered.retain(|_, at| *at > now);
        }
        let at = recovered.get(&key).copied().map_or(now, |at| at.max(now));
        let room = self.period * (self.burst - 1);
        let ahead = at - now;
        if ahead > room {
            return Err(ahead - room);
        }
        recovered.insert(key, at + self.period);
        Ok(())
    }

    /// Gives one try back.
    pub(super) fn give_back(&self, key: &K) {
        let mut recovered = self.recovered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = recovered.get_mut(key) {
            *at = at.checked_sub(self.period).unwrap_or(*at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_a_period() {
        let tries = Tries::new(3, Duration::from_secs(10));
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(tries.take("kim", start), Ok(()));
        }
        assert_eq!(tries.take("kim", start), Err(Duration::from_secs(10)));
        assert_eq!(tries.take("lee", start), Ok(()), "each key for itself");
        let later = start + Duration::from_secs(10);
        assert_eq!(tries.take("kim", later), Ok(()));
        assert_eq!(tries.take("kim", later), Err(Duration::from_secs(10)));
    }

    #[test]
    fn a_try_that_was_given_back_does_not_count() {
        let tries = Tries::new(2, Duration::from_secs(10));
        let now = Instant::now();
        for _ in 0..100 {
            assert_eq!(tries.take("kim", now), Ok(()));
            tries.give_back(&"kim");
        }
        assert_eq!(tries.take("kim", now), Ok(()));
        assert_eq!(tries.take("kim", now), Ok(()));
        assert!(tries.take("kim", now).is_err());
    }

    #[test]
    fn keys_that_recovered_are_dropped() {
        let tries = Tries::new(1, Duration::from_secs(1));
        let now = Instant::now();
        for key in 0..MANY {
            tries.take(key, now).unwrap();
        }
        tries.take(MANY, now + Duration::from_secs(2)).unwrap();
        assert_eq!(tries.recovered.lock().unwrap().len(), 1);
    }
}
