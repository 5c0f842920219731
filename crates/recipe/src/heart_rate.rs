//! Heart rate of a recording, where it can be told for sure.

use crate::beats::BeatTiming;
use crate::excerpt::Excerpt;
use crate::rate_check::HEART_RATES;

/// Limb leads; the chest leads come after them.
const LIMB_LEADS: usize = 6;
/// Largest difference of the rates of limb and chest leads, as a share, at which they are one rate.
const AGREEMENT: f64 = 0.05;

/// Beats a minute of a recording, lead-major in [standard order](crate::leads::NAMES): 60 s divided by the median interval between
/// beats. The beats are found in all leads, in the limb leads alone and in the chest leads alone. None where one of the three
/// finds fewer than four, where they differ by more than 5 %, and where no heart beats so: noise and pauses of an electrode are
/// rarely alike in both.
pub fn measure_heart_rate(leads: &[Vec<f32>], sample_rate: f64) -> Option<f64> {
    let (limb, chest) = leads.split_at_checked(LIMB_LEADS)?;
    let rate_of = |leads: &[Vec<f32>]| {
        BeatTiming::measure(&Excerpt::of_leads(leads), sample_rate).map(|timing| timing.heart_rate)
    };
    let all = rate_of(leads)?;
    let agrees = |part: f64| (part / all - 1.0).abs() <= AGREEMENT;
    (agrees(rate_of(limb)?) && agrees(rate_of(chest)?) && HEART_RATES.contains(&all)).then_some(all)
}
