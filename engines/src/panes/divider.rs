//! From a time to the number of its pane, without a division.

/// Floor division by a constant that is only known at run time, by multiplication.
#[derive(Copy, Clone, Debug)]
pub(super) struct Divider {
    pub(super) divisor: i64,
    inverse: u64,
    /// A multiple of the divisor that lifts every acceptable time above zero, and that multiple.
    lift: i64,
    lift_quotient: i64,
}

impl Divider {
    pub(super) fn new(divisor: i64) -> Self {
        let lift_quotient = (1 << 61) / divisor + 1;
        Self {
            divisor,
            inverse: u64::MAX / divisor.unsigned_abs(),
            lift: lift_quotient * divisor,
            lift_quotient,
        }
    }

    /// `value.div_euclid(divisor)`, for values between the earliest and the latest timestamp.
    #[inline]
    pub(super) fn floor(self, value: i64) -> i64 {
        let lifted = (value + self.lift).cast_unsigned();
        // Too small by one at most: the inverse is cut off by less than one part in 2^64.
        let estimate = ((u128::from(lifted) * u128::from(self.inverse)) >> 64) as u64;
        let divisor = self.divisor.unsigned_abs();
        let short = lifted - estimate * divisor >= divisor;
        (estimate + u64::from(short)).cast_signed() - self.lift_quotient
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dividing_by_multiplication_is_dividing(
            divisor in prop_oneof![1_i64..100, 1_i64..(1 << 60), Just(1), Just(1 << 60)],
            value in prop_oneof![
                -1000_i64..1000,
                -(1_i64 << 61)..=(1 << 61),
                Just(-(1 << 61)),
                Just(1 << 61),
            ],
            near in -1_i64..=1,
        ) {
            let divider = Divider::new(divisor);
            prop_assert_eq!(divider.floor(value), value.div_euclid(divisor));
            let multiple = value.div_euclid(divisor) * divisor + near;
            if multiple.abs() <= 1 << 61 {
                prop_assert_eq!(divider.floor(multiple), multiple.div_euclid(divisor));
            }
        }
    }
}
