//! Shamir's secret sharing as sops does it (spec 6.4): GF(2^8) modulo x^8+x^4+x^3+x+1, one independent polynomial a
//! byte, the x of a share as its last byte. No table is indexed and no branch taken by secret bytes.

use zeroize::Zeroizing;

use super::KeyShare;
use crate::base::ports::{NoRandomness, Random};

/// Shares at the most: x is one byte, and never 0.
pub const MOST_SHARES: usize = 255;

/// Shares that do not fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CombineError {
    /// Fewer than two: one share says nothing.
    #[error("fewer than two key shares")]
    TooFew,
    /// They differ in length, or hold no secret byte.
    #[error("key shares of different lengths")]
    Length,
    /// Two stand for the same point, or one for the secret itself.
    #[error("two key shares are the same one")]
    SamePoint,
}

/// Splits `secret` into `count` shares, of which any `threshold` give it back. Share number i has x = i, from 1.
/// Callers keep `2 <= threshold <= count <= MOST_SHARES`.
///
/// # Errors
/// When there is no randomness.
pub fn split(
    secret: &[u8],
    threshold: usize,
    count: usize,
    random: &dyn Random,
) -> Result<Vec<KeyShare>, NoRandomness> {
    let degree = threshold.saturating_sub(1);
    let mut coefficients = Zeroizing::new(vec![0; secret.len() * degree]);
    random.fill(&mut coefficients)?;
    let points = (1..=u8::MAX).take(count);
    let share = |x: u8| {
        let mut share = Zeroizing::new(Vec::with_capacity(secret.len() + 1));
        for (at, byte) in secret.iter().enumerate() {
            let own = coefficients.iter().skip(at * degree).take(degree);
            // Horner: the highest coefficient first, the secret byte last.
            let y = own.fold(0, |sum, coefficient| multiply(sum, x) ^ coefficient);
            share.push(multiply(y, x) ^ byte);
        }
        share.push(x);
        share
    };
    Ok(points.map(share).collect())
}

/// The secret that all of `shares` together stand for. Nothing tells whether they were enough, or belong together:
/// the MAC of the file will.
///
/// # Errors
/// When they cannot belong together.
pub fn combine(shares: &[KeyShare]) -> Result<KeyShare, CombineError> {
    let split: Option<Vec<(u8, &[u8])>> =
        shares.iter().map(|share| share.split_last().map(|(x, ys)| (*x, ys))).collect();
    let points = split.ok_or(CombineError::Length)?;
    let [(_, first), _, ..] = points.as_slice() else { return Err(CombineError::TooFew) };
    if first.is_empty() || points.iter().any(|(_, ys)| ys.len() != first.len()) {
        return Err(CombineError::Length);
    }
    let mut secret = Zeroizing::new(vec![0; first.len()]);
    for (at, (x, ys)) in points.iter().enumerate() {
        let mut weight = 1;
        for (_, (other, _)) in points.iter().enumerate().filter(|(place, _)| *place != at) {
            if other == x || *other == 0 || *x == 0 {
                return Err(CombineError::SamePoint);
            }
            // The Lagrange basis at 0; subtraction is exclusive or.
            weight = multiply(weight, multiply(*other, inverse(x ^ other)));
        }
        for (sum, y) in secret.iter_mut().zip(*ys) {
            *sum ^= multiply(*y, weight);
        }
    }
    Ok(secret)
}

/// The product in the field, in the same steps for all factors.
fn multiply(one: u8, two: u8) -> u8 {
    let (mut left, mut product) = (one, 0);
    for bit in 0..8 {
        product ^= left & ((two >> bit) & 1).wrapping_neg();
        left = (left << 1) ^ ((left >> 7).wrapping_neg() & 0x1b);
    }
    product
}

/// The inverse: the power of 254, for the group has 255 elements. Of 0, 0.
fn inverse(byte: u8) -> u8 {
    let mut result = 1;
    for _ in 0..7 {
        result = multiply(result, byte);
        result = multiply(result, result);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ports::CountedRandom;

    #[test]
    fn every_byte_times_its_inverse_is_one() {
        for byte in 1..=255 {
            assert_eq!(multiply(byte, inverse(byte)), 1, "{byte}");
        }
        // FIPS 197, section 4.2.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
    }

    #[test]
    fn any_two_of_three_give_the_secret_back() {
        let secret = [7, 0, 255, 1];
        let shares = split(&secret, 2, 3, &CountedRandom::default()).unwrap();
        for (one, two) in [(0, 1), (0, 2), (1, 2), (2, 0)] {
            let pair = [shares[one].clone(), shares[two].clone()];
            assert_eq!(combine(&pair).unwrap().as_slice(), secret);
        }
        assert_eq!(combine(&shares).unwrap().as_slice(), secret);
        assert_eq!(shares.iter().map(|share| share[4]).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn fewer_shares_than_the_threshold_give_something_else() {
        let secret = [7; 32];
        let shares = split(&secret, 3, 5, &CountedRandom::default()).unwrap();
        assert_ne!(combine(&shares[..2]).unwrap().as_slice(), secret);
        assert_eq!(combine(&shares[2..]).unwrap().as_slice(), secret);
    }

    #[test]
    fn shares_that_cannot_belong_together_are_refused() {
        let share = |bytes: &[u8]| Zeroizing::new(bytes.to_vec());
        for (shares, error) in [
            (vec![], CombineError::TooFew),
            (vec![share(&[1, 1])], CombineError::TooFew),
            (vec![share(&[]), share(&[1, 1])], CombineError::Length),
            (vec![share(&[1]), share(&[2])], CombineError::Length),
            (vec![share(&[1, 1]), share(&[1, 2, 2])], CombineError::Length),
            (vec![share(&[1, 1]), share(&[2, 1])], CombineError::SamePoint),
            (vec![share(&[1, 0]), share(&[2, 1])], CombineError::SamePoint),
        ] {
            assert_eq!(combine(&shares), Err(error));
        }
    }
}
