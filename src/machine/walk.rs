//! `openat2` with `RESOLVE_IN_ROOT`, step by step, for kernels before 5.6 and
//! sandboxes that refuse it.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{self, Mode, OFlags};
use rustix::io::{Errno, Result};

/// As the kernel: a path through more links than this leads round in a circle.
const MOST_LINKS: usize = 40;

/// Opens `path` as if `root` were `/`.
pub(super) fn open(root: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd> {
    let step = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let top = || fs::openat(root, ".", step | OFlags::DIRECTORY, Mode::empty());
    // The folders from the root down to where the walk stands, for `..`.
    let mut way = vec![top()?];
    let mut rest: Vec<String> = parts(path);
    let mut links = 0;
    while let Some(part) = rest.pop() {
        let Some(here) = way.last() else { return Err(Errno::NOENT) };
        match part.as_str() {
            ".." if way.len() > 1 => {
                way.pop();
                continue;
            }
            ".." => continue,
            _ => {}
        }
        match fs::readlinkat(here, &part, Vec::new()) {
            Ok(target) => {
                links += 1;
                let target = target.into_string().map_err(|_| Errno::ILSEQ)?;
                if links > MOST_LINKS || target.len() + rest.len() > 1 << 16 {
                    return Err(Errno::LOOP);
                }
                if target.starts_with('/') {
                    way.truncate(1);
                }
                rest.extend(parts(&target));
            }
            Err(Errno::INVAL) if rest.is_empty() => {
                return fs::openat(here, &part, flags | OFlags::NOFOLLOW, Mode::empty());
            }
            Err(Errno::INVAL) => {
                let next = fs::openat(here, &part, step | OFlags::DIRECTORY, Mode::empty())?;
                way.push(next);
            }
            Err(error) => return Err(error),
        }
    }
    // The path ended in `..` or was the root itself.
    let here = way.pop().ok_or(Errno::NOENT)?;
    fs::openat(&here, ".", flags, Mode::empty())
}

/// The parts of a path, the last first.
fn parts(path: &str) -> Vec<String> {
    path.split('/').rev().filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
}
