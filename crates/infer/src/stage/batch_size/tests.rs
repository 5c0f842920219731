//! Sweeps over made-up devices, and how batches are padded.

use super::*;
use crate::Error;
use std::cell::Cell;

/// A device that has nothing to do once only.
fn warm(_: usize) -> Result<()> {
    Ok(())
}

/// A device that takes `fixed` microseconds a batch and `each` a segment.
fn device(fixed: f64, each: f64) -> impl FnMut(usize) -> Result<(Duration, Option<usize>)> {
    move |size| {
        let micros = fixed + each * size as f64;
        Ok((Duration::from_secs_f64(micros * 1e-6), None))
    }
}

#[test]
fn a_device_that_starves_on_small_batches_gets_large_ones_and_no_larger_than_pay() {
    let chosen = sweep_sizes(
        &GPU_SIZES,
        1_000_000,
        MOST_SWEEP_TIME,
        warm,
        device(5000.0, 100.0),
    )
    .unwrap();
    assert_eq!((chosen.size, chosen.chosen_by), (512, "sweep"));
    let chosen = sweep_sizes(&GPU_SIZES, 1_000_000, MOST_SWEEP_TIME, warm, device(10.0, 1000.0)).unwrap();
    assert_eq!(
        (chosen.size, chosen.rates.len()),
        (64, 2),
        "one more to see that it does not pay"
    );
}

#[test]
fn a_short_run_is_not_measured() {
    let never = |_: usize| -> Result<(Duration, Option<usize>)> { panic!("measured") };
    let chosen = sweep_sizes(&GPU_SIZES, 511, MOST_SWEEP_TIME, |_| panic!("warmed up"), never).unwrap();
    assert_eq!((chosen.size, chosen.chosen_by), (64, "few segments"));
}

#[test]
fn a_sweep_takes_no_longer_than_it_may() {
    // A batch of 4 takes 10 ms: the run of 4,000 takes 10 s, of which 3 % are 300 ms.
    let slow = |size: usize| {
        let took = Duration::from_millis(10) * u32::try_from(size).unwrap() / 4;
        std::thread::sleep(took * 2);
        // Twice the size is always worth it here.
        Ok((took / u32::try_from(size).unwrap(), None))
    };
    for most in [Duration::from_millis(60), MOST_SWEEP_TIME] {
        let started = Instant::now();
        let chosen = sweep_sizes(&[4, 8, 16, 32, 64], 4000, most, warm, slow).unwrap();
        assert!(started.elapsed() < most + Duration::from_millis(500));
        assert!(chosen.rates.len() < 5, "{chosen:?}");
    }
}

#[test]
fn what_a_device_does_once_is_not_held_against_its_first_size() {
    let (is_cold, most) = (Cell::new(true), Duration::from_millis(500));
    let run = |size: usize| {
        if is_cold.replace(false) {
            std::thread::sleep(most * 2);
        }
        // A batch takes as long whatever its size: the largest is best.
        Ok((Duration::from_millis(1), Some(10 * size)))
    };
    let warm_up = |size| run(size).map(drop);
    let chosen = sweep_sizes(&GPU_SIZES, 1_000_000, most, warm_up, run).unwrap();
    assert_eq!(
        (chosen.size, chosen.rates.len()),
        (1024, GPU_SIZES.len()),
        "{chosen:?}"
    );
}

#[test]
fn memory_bounds_the_size() {
    // 100 bytes a segment and 8,000 free: two batches of 32 in flight take 6,400 of them.
    assert_eq!(largest_size_for_memory(8000, 8000 - 16 * 100, 16), Some(32));
    assert_eq!(
        largest_size_for_memory(8000, 8000, 16),
        None,
        "nothing was taken: nothing is known"
    );
    let bounded = |_: usize| Ok((Duration::from_micros(1000), Some(300)));
    let chosen = sweep_sizes(&GPU_SIZES, 1_000_000, MOST_SWEEP_TIME, warm, bounded).unwrap();
    assert_eq!(chosen.rates.last().unwrap().0, 256, "512 would not fit");
    let full = |size: usize| match size {
        64 | 128 => Ok((Duration::from_micros(1000), None)),
        _ => Err(Error::device("out of memory")),
    };
    assert_eq!(
        sweep_sizes(&GPU_SIZES, 1_000_000, MOST_SWEEP_TIME, warm, full)
            .unwrap()
            .size,
        128
    );
    assert!(
        sweep_sizes(&GPU_SIZES, 1_000_000, MOST_SWEEP_TIME, warm, |_| Err(
            Error::device("out of memory")
        ))
        .is_err()
    );
}

#[test]
fn a_gpu_sees_one_shape_and_a_cpu_whole_groups_of_rows() {
    let counts = |size, segments, on_cpu| Batching::new(size, segments, on_cpu).row_counts(segments);
    assert_eq!(counts(64, 1000, false), [64]);
    assert_eq!(counts(64, 14, false), [14]);
    assert_eq!(counts(8, 29, true), [8]);
    assert_eq!(counts(8, 27, true), [8, 4]);
    assert_eq!(counts(8, 3, true), [4]);
    assert_eq!(counts(1, 3, true), [1]);
    assert_eq!(counts(3, 8, true), [3]);
    assert_eq!(counts(100_000, 14, true), [16]);
}
