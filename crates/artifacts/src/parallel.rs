//! Tasks that run at the same time, such as the writing of several files.

/// Task that [`run_parallel`] runs.
pub type ParallelTask<'a, E> = Box<dyn FnOnce() -> std::result::Result<(), E> + Send + 'a>;

/// Runs all tasks at once, each on a thread of its own: while one file waits for the disk, another is formatted.
///
/// # Errors
/// The error of the first task that failed, in the order of `tasks`; the others run to their end all the same.
pub fn run_parallel<E: Send>(tasks: Vec<ParallelTask<'_, E>>) -> std::result::Result<(), E> {
    std::thread::scope(|scope| {
        let running: Vec<_> = tasks.into_iter().map(|task| scope.spawn(task)).collect();
        let done: Vec<_> = running.into_iter().map(|thread| thread.join()).collect();
        let result = |done| match done {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        done.into_iter().try_for_each(result)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_and_the_first_failure_told() {
        let done = std::sync::atomic::AtomicUsize::new(0);
        let task = |result: std::result::Result<(), &'static str>| -> ParallelTask<'_, &'static str> {
            let done = &done;
            Box::new(move || {
                done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                result
            })
        };
        assert_eq!(
            run_parallel(vec![task(Ok(())), task(Err("one")), task(Err("two"))]),
            Err("one")
        );
        assert_eq!(done.into_inner(), 3);
    }
}
