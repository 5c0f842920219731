//! The pool with doubles in the place of devices.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const SHAPE: SegmentShape = SegmentShape { leads: 1, samples: 2 };

/// Why a double fails, and from which of its batches on.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Never,
    From(usize, &'static str),
    /// Where it has more than so many batches at once.
    Beyond(usize),
}

/// Answers with twice the first value of each segment.
#[derive(Debug)]
struct DeviceDouble {
    name: &'static str,
    fault: Fault,
    free: u64,
    began: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl DeviceDouble {
    fn new(name: &'static str, fault: Fault) -> Self {
        Self {
            name,
            fault,
            free: 1,
            began: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    fn began(&self) -> usize {
        self.began.load(Ordering::SeqCst)
    }
}

const LOST: &str = "CUDA error: uncorrectable ECC error encountered. At /pytorch/x.cpp";
const NO_MEMORY: &str = "CUDA out of memory. Tried to allocate 20.00 MiB.";
const OF_THE_MODEL: &str = "shape '[4, 12]' is invalid for input of size 12";

impl Backend for DeviceDouble {
    fn labels(&self) -> usize {
        1
    }

    fn extras(&self) -> &[ExtraOutput] {
        &[]
    }

    fn prepare(&mut self, _: SegmentShape, _: &[usize]) -> Result<()> {
        match self.fault {
            Fault::From(0, words) => Err(Error::machine(words)),
            _ => Ok(()),
        }
    }

    fn allocate(&self, rows: usize, shape: SegmentShape) -> Result<SignalBuffer> {
        Ok(SignalBuffer::new(rows, shape, tch::Device::Cpu).unwrap())
    }

    fn run(&self, signals: &SignalBuffer, rows: usize) -> Result<BatchOutput, BackendError> {
        let before = self.began.fetch_add(1, Ordering::SeqCst);
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1));
        self.running.fetch_sub(1, Ordering::SeqCst);
        match self.fault {
            Fault::From(from, words) if before >= from => return Err(words.into()),
            Fault::Beyond(most) if running > most => return Err(NO_MEMORY.into()),
            _ => {}
        }
        let firsts = signals.values().chunks_exact(SHAPE.len()).take(rows);
        Ok(BatchOutput {
            logits: firsts.map(|segment| 2.0 * segment[0]).collect(),
            ..BatchOutput::default()
        })
    }

    fn free_memory(&self) -> Option<u64> {
        Some(self.free)
    }

    fn describe(&self) -> BackendDescription {
        BackendDescription {
            name: "double",
            device: self.name.to_owned(),
            precision: "float32",
            runtime: None,
        }
    }

    fn devices(&self) -> Vec<DeviceName> {
        vec![DeviceName {
            device: self.name.to_owned(),
            model: Some("a double".to_owned()),
        }]
    }
}

fn pool(faults: &[(&'static str, Fault)]) -> DevicePool<DeviceDouble> {
    let mut doubles = faults.iter().map(|(name, fault)| DeviceDouble::new(name, *fault));
    DevicePool::new(doubles.next().unwrap(), doubles)
}

/// Runs 40 batches of one segment, four at once; the answers that came, and the errors.
fn run_batches(pool: &DevicePool<DeviceDouble>) -> (Vec<(usize, f32)>, Vec<String>) {
    let (next, answers, errors) = (
        AtomicUsize::new(0),
        Mutex::new(Vec::new()),
        Mutex::new(Vec::new()),
    );
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut signals = pool.allocate(1, SHAPE).unwrap();
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= 40 {
                        return;
                    }
                    signals.values_mut().fill(number as f32);
                    match pool.run(&signals, 1) {
                        Ok(output) => answers.lock().unwrap().push((number, output.logits[0])),
                        Err(error) => errors.lock().unwrap().push(error.to_string()),
                    }
                }
            });
        }
    });
    let mut answers = answers.into_inner().unwrap();
    answers.sort_by_key(|(number, _)| *number);
    (answers, errors.into_inner().unwrap())
}

fn all_answers() -> Vec<(usize, f32)> {
    (0..40).map(|number| (number, 2.0 * number as f32)).collect()
}

#[test]
fn batches_are_shared_out_and_each_is_answered_once() {
    let pool = pool(&[("cuda:0", Fault::Never), ("cuda:2", Fault::Never)]);
    assert_eq!(run_batches(&pool), (all_answers(), Vec::new()));
    let began: Vec<usize> = pool.members.iter().map(DeviceDouble::began).collect();
    assert_eq!(began.iter().sum::<usize>(), 40);
    assert!(began.iter().all(|count| *count >= 5), "{began:?}");
    assert!(pool.take_warnings().is_empty());
    assert_eq!(pool.describe().device, "cuda:0,2");
    assert_eq!(pool.devices().len(), 2);
}

#[test]
fn a_device_that_fails_is_left_out_and_its_batches_are_computed_by_the_other() {
    let pool = pool(&[("cuda:0", Fault::Never), ("cuda:1", Fault::From(3, LOST))]);
    assert_eq!(run_batches(&pool), (all_answers(), Vec::new()));
    let failing = &pool.members[1];
    assert!((4..=7).contains(&failing.began()), "{}", failing.began());
    assert_eq!(
        pool.take_warnings(),
        [
            "cuda:1 (a double) is left out from here on, and 1 of 2 devices go on: CUDA error: uncorrectable ECC error encountered"
        ]
    );
    assert!(pool.take_warnings().is_empty(), "told once");
}

#[test]
fn a_device_without_memory_gets_fewer_batches_at_once() {
    let pool = pool(&[("cuda:0", Fault::Never), ("cuda:1", Fault::Beyond(1))]);
    assert_eq!(run_batches(&pool), (all_answers(), Vec::new()));
    let small = &pool.members[1];
    assert!(
        small.most.load(Ordering::SeqCst) <= 4 && small.began() > 5,
        "it goes on"
    );
    let warnings = pool.take_warnings();
    assert_eq!(
        warnings.last().unwrap(),
        "cuda:1 (a double) computes 1 at a time from here on: CUDA out of memory"
    );
}

#[test]
fn a_device_that_has_no_memory_for_a_single_batch_is_left_out() {
    let pool = pool(&[("cuda:0", Fault::Never), ("cuda:1", Fault::Beyond(0))]);
    assert_eq!(run_batches(&pool), (all_answers(), Vec::new()));
    let warnings = pool.take_warnings();
    assert!(
        warnings.last().unwrap().contains("cuda:1 (a double) is left out"),
        "{warnings:?}"
    );
}

#[test]
fn where_all_devices_fail_the_failure_is_told() {
    let lost = pool(&[("cuda:0", Fault::From(2, LOST)), ("cuda:1", Fault::From(5, LOST))]);
    let (answers, errors) = run_batches(&lost);
    assert!((7..=14).contains(&(answers.len())), "{answers:?}");
    assert_eq!(answers.len() + errors.len(), 40);
    assert!(errors.iter().all(|error| error == LOST), "{errors:?}");
    let alone = pool(&[("cuda:0", Fault::Beyond(0))]);
    let (answers, errors) = run_batches(&alone);
    assert!(answers.is_empty() && errors.iter().all(|error| error == NO_MEMORY));
}

#[test]
fn a_fault_of_the_model_is_nobody_elses() {
    let pool = pool(&[
        ("cuda:0", Fault::From(0, OF_THE_MODEL)),
        ("cuda:1", Fault::From(0, OF_THE_MODEL)),
    ]);
    let (answers, errors) = run_batches(&pool);
    assert!(answers.is_empty() && errors.iter().all(|error| error == OF_THE_MODEL));
    assert!(pool.take_warnings().is_empty(), "no device is left out for it");
    assert_eq!(pool.members.iter().map(DeviceDouble::began).sum::<usize>(), 40);
}

#[test]
fn a_batch_that_two_devices_fail_on_takes_no_third_with_it() {
    let lost = Fault::From(0, LOST);
    let pool = pool(&[("cuda:0", lost), ("cuda:1", lost), ("cuda:2", lost)]);
    let signals = pool.allocate(1, SHAPE).unwrap();
    assert_eq!(pool.run(&signals, 1).unwrap_err().to_string(), LOST);
    assert_eq!(pool.members.iter().map(DeviceDouble::began).sum::<usize>(), 2);
}

#[test]
fn a_device_that_fails_before_the_first_batch_is_named() {
    let mut pool = pool(&[("cuda:0", Fault::Never), ("cuda:1", Fault::From(0, NO_MEMORY))]);
    let error = pool.prepare(SHAPE, &[1]).unwrap_err();
    assert!(
        error.to_string().starts_with("cuda:1: CUDA out of memory"),
        "{error}"
    );
    pool.members[1].free = 0;
    assert_eq!(pool.smallest_mut().name, "cuda:1");
}
