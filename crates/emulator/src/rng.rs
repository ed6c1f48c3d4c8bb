//! A seeded source of randomness (SplitMix64), so that a run with the same seed and calls repeats itself.

use uuid::Uuid;

/// Its output is predictable by design: not for secrets.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// What [`new`](Self::new) would have to be given for what comes next.
    pub(crate) const fn seed(&self) -> u64 {
        self.0
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
        // A double has 53 bits.
        let unit = (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        unit < probability
    }

    /// A version 4 GUID in lowercase, as both gateways print theirs.
    pub(crate) fn guid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.next_u128().to_be_bytes())
            .into_uuid()
            .to_string()
    }

    /// Ten capital letters and digits, as operators of mobile money number payments.
    pub(crate) fn operator_code(&mut self) -> String {
        const LETTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let letter = |_| char::from(LETTERS[usize::try_from(self.next_u64() % 36).unwrap_or(0)]);
        (0..10).map(letter).collect()
    }

    /// 32 lowercase hex digits.
    pub(crate) fn hex_token(&mut self) -> String {
        Uuid::from_u128(self.next_u128()).simple().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_splitmix64s() {
        // The first outputs for the seed 1234567, as other implementations print them.
        let mut rng = Rng::new(1_234_567);
        let first = [rng.next_u64(), rng.next_u64(), rng.next_u64()];
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_chance_comes_up_about_as_often_as_it_says() {
        let mut rng = Rng::new(7);
        let hits = (0..10_000).filter(|_| rng.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!((0..100).all(|_| rng.chance(1.0)));
    }

    #[test]
    fn a_guid_is_a_lowercase_version_4() {
        let guid = Rng::new(7).guid();
        assert_eq!(guid, guid.to_ascii_lowercase());
        assert_eq!(Uuid::parse_str(&guid).unwrap().get_version_num(), 4);
    }
}
