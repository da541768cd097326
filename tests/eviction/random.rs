//! A small generator, so that a failure can be repeated.

pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % bound
    }

    /// Two thirds fall on the smallest numbers.
    pub(crate) fn mostly_below(&mut self, few: u32, all: u32) -> u32 {
        if self.below(3) == 0 {
            self.below(all)
        } else {
            self.below(few)
        }
    }
}
