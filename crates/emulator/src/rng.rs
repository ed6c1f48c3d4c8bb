//! A seeded source of randomness (SplitMix64), so that a run with the same seed and calls repeats itself.

use uuid::Uuid;

/// Not for secrets: its output is predictable by design.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn next_u128(&mut self) -> u128 {
        (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64())
    }

    /// True with the given probability; draws nothing where the answer is certain.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        if probability >= 1.0 {
            return true;
        }
        // 53 bits are all a double can tell apart.
        let unit = (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        unit < probability
    }

    /// A version 4 GUID in lowercase, as both gateways print theirs.
    pub(crate) fn guid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.next_u128().to_be_bytes())
            .into_uuid()
            .to_string()
    }

    /// 32 lowercase hex digits.
    pub(crate) fn hex_token(&mut self) -> String {
        Uuid::from_u128(self.next_u128()).simple().to_string()
    }
}
