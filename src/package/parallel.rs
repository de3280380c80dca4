//! Independent pieces of work on all CPUs, their results in order.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::diag::Result;

/// Does the pieces 0 to `count` with `work`; each thread has a state of its own,
/// made by `begin`.
///
/// # Errors
/// The error of the first piece that failed, whichever thread came to it first.
pub fn parallel<S, T: Send>(
    count: usize,
    begin: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let take = || -> Vec<(usize, Result<T>)> {
        let mut state = None;
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return done;
            }
            let result = match &mut state {
                Some(state) => work(state, at),
                none => begin().and_then(|state| work(none.insert(state), at)),
            };
            done.push((at, result));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(count);
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let own = take();
        others.into_iter().fold(own, |mut done, other| {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            done
        })
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Diagnostic;

    #[test]
    fn results_come_in_order_and_the_first_error_counts() {
        let begin = || Ok(());
        assert_eq!(
            parallel(100, begin, |(), at| Ok(at * 2)).unwrap(),
            (0..100).map(|at| at * 2).collect::<Vec<_>>()
        );
        assert!(parallel(0, begin, |(), at| Ok(at)).unwrap().is_empty());
        let failing = |(): &mut (), at: usize| match at % 10 {
            7 => Err(Diagnostic::input(at.to_string())),
            _ => Ok(at),
        };
        assert_eq!(parallel(100, begin, failing).unwrap_err().message(), "7");
    }
}
