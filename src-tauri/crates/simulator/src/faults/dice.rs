//! Random choices that repeat: the same seed and number give the same dice, whatever was thrown before.

/// Throws for one frame. SplitMix64, which no other version of a library can change.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        Self(mixed(seed ^ mixed(number.wrapping_add(STEP))))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// From 0 to 1, without 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        // 32 bits, which `f64` holds exactly.
        let high = u32::try_from(self.next() >> 32).unwrap_or_default();
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    /// From 0 to `bound`, without `bound`; 0 when that is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound.max(1)).unwrap_or_default()
    }
}

/// A seed of its own for each of several parts.
pub(crate) fn derived(seed: u64, parts: [u64; 3]) -> u64 {
    parts.into_iter().fold(seed, |seed, part| {
        mixed(seed ^ mixed(part.wrapping_add(STEP)))
    })
}

fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throws_repeat_and_are_spread() {
        let throws = |seed| -> Vec<usize> {
            (0..1000)
                .map(|number| Dice::new(seed, number).below(10))
                .collect()
        };
        assert_eq!(throws(1), throws(1));
        assert_ne!(throws(1), throws(2));
        for face in 0..10 {
            let count = throws(1).iter().filter(|throw| **throw == face).count();
            assert!((60..140).contains(&count), "{face}: {count}");
        }
        let mean = (0..1000).map(|n| Dice::new(7, n).fraction()).sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
