//! What the integration tests share.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub mod cells;

use onegpu::data::DataDirs;
use onegpu::render::{self, File};

use cells::Cell;

/// A cell and the files of each of its packages.
pub struct Rendered {
    pub cell: Cell,
    pub packages: Vec<(String, Vec<File>)>,
}

/// Renders every cell from the embedded data, on all CPUs. Fails with the
/// cells that cannot be rendered, all of them.
pub fn render_matrix() -> Vec<Rendered> {
    let data = DataDirs::embedded();
    let cells = cells::all(&data).unwrap_or_else(|error| panic!("{error}"));
    assert!(!cells.is_empty(), "no distro file is embedded");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<Result<Rendered, String>> = std::thread::scope(|scope| {
        let render = |cell: &Cell| {
            let packages = cell.plan().and_then(|plan| render::all(&data, &plan));
            packages
                .map(|packages| Rendered { cell: cell.clone(), packages })
                .map_err(|error| format!("{cell}: {error}"))
        };
        let workers: Vec<_> = cells
            .chunks(cells.len().div_ceil(threads))
            .map(|part| scope.spawn(move || part.iter().map(render).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|e| std::panic::resume_unwind(e)))
            .collect()
    });
    let (good, bad): (Vec<_>, Vec<_>) = results.into_iter().partition(Result::is_ok);
    let bad: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
    assert!(bad.is_empty(), "{} of {} cells cannot be rendered:\n{}", bad.len(), cells.len(), bad.join("\n"));
    good.into_iter().filter_map(Result::ok).collect()
}

/// Where the regenerated files go, when they are asked for: `cargo xtask golden --regenerate`.
pub fn regenerate() -> Option<std::path::PathBuf> {
    std::env::var_os("ONEGPU_GOLDEN_OUT").map(Into::into)
}
