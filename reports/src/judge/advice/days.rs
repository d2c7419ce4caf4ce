//! The same question asked on two days: a machine is slower as a whole on one than on another, and
//! noisier.

use super::tests::{Workload, workload};
use super::{Confidence, Evidence, advise};
use crate::sample::advice::World;
use crate::sample::pair::Noise;

/// How much slower a machine is at the most, as a share, for all engines alike.
const SLOWER_MOST: f64 = 0.3;

/// So many times as much scatters what is measured on the noisier of two days.
const NOISIER: f64 = 2.0;

/// What is true of a workload on a day on which everything takes so many times as long.
fn on_a_day(world: &World, slow: f64, noisy: f64, seed: u64) -> World {
    World {
        engines: world.engines.iter().map(|truth| truth.slower(slow)).collect(),
        scatter: (world.scatter.0 * noisy, world.scatter.1 * noisy),
        astray: world.astray * noisy,
        seed,
        ..world.clone()
    }
}

/// Who is to be taken, as the first sentence says it behind how sure that is, and how sure it is.
fn answer(world: &World) -> (String, Confidence) {
    let (record, runs) = world.asked();
    let advice = advise(&Evidence { record, runs });
    let first = advice.sentences[0].text.clone();
    let (_, answer) = first.split_once(": ").unwrap_or(("", &first));
    (answer.to_owned(), advice.confidence)
}

#[test]
fn what_is_certain_or_likely_on_one_day_is_said_on_another() {
    let (mut sure, mut changed) = (0, 0);
    for seed in 0..400 {
        let Workload { world, .. } = workload(10_000 + seed);
        let mut noise = Noise(seed.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        let mut slow = || 1.0 + SLOWER_MOST * noise.uniform();
        let days = [slow(), slow()];
        let disturbed = if noise.uniform() < 0.5 { [NOISIER, 1.0] } else { [1.0, NOISIER] };
        let [(first, confidence), (second, _)] = [0, 1]
            .map(|day| answer(&on_a_day(&world, days[day], disturbed[day], 2 * seed + day as u64)));
        if confidence <= Confidence::Likely {
            sure += 1;
            changed += usize::from(first != second);
        }
    }
    assert!(sure >= 150, "{sure} of 400 are told");
    assert!(changed * 20 <= sure, "{changed} of {sure} are other answers on another day");
}
