//! How long to wait before the next try to connect.

/// The first wait, in milliseconds.
const FIRST: f64 = 500.0;
/// The longest wait, in milliseconds.
const LONGEST: f64 = 15_000.0;

/// Milliseconds until try number `failed` + 1, after `failed` failed ones; `random` from 0 to 1 spreads
/// the browsers that one restart has cut off over half of the wait.
pub fn delay(failed: u32, random: f64) -> u32 {
    let full = (FIRST * 2_f64.powi(failed.min(16) as i32)).min(LONGEST);
    (full * (0.5 + random.clamp(0.0, 1.0) / 2.0)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_its_bound_and_is_spread() {
        assert_eq!(delay(0, 1.0), 500);
        assert_eq!(delay(0, 0.0), 250);
        assert_eq!(delay(1, 1.0), 1000);
        assert_eq!(delay(u32::MAX, 1.0), 15_000);
        assert_eq!(delay(9, 7.0), 15_000);
    }
}
