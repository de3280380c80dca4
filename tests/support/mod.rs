//! What the integration tests share.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub mod cells;
pub mod machine;

use std::sync::LazyLock;

use onegpu::data::DataDirs;
use onegpu::render::{self, Engine, File};

use cells::Cell;

/// A cell and the files of each of its packages.
pub struct Rendered {
    pub cell: Cell,
    pub packages: Vec<(String, Vec<File>)>,
}

/// Every cell, rendered once for all tests of a binary.
pub fn matrix() -> &'static [Rendered] {
    static MATRIX: LazyLock<Vec<Rendered>> = LazyLock::new(|| render_all(cells::all));
    &MATRIX
}

/// The cells of distro files that users may write.
pub fn of_own_files() -> Vec<Rendered> {
    render_all(cells::of_own_files)
}

/// Renders the cells from the embedded data, on all CPUs. Fails with the
/// cells that cannot be rendered, all of them.
fn render_all(cells: fn(&DataDirs) -> onegpu::diag::Result<Vec<Cell>>) -> Vec<Rendered> {
    let data = DataDirs::embedded();
    let cells = cells(&data).unwrap_or_else(|error| panic!("{error}"));
    assert!(!cells.is_empty(), "no distro file is embedded");
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = cells.len().div_ceil(threads);
    let results: Vec<Result<Rendered, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            cells.chunks(part).map(|part| scope.spawn(|| render_cells(&data, part))).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let bad: Vec<&str> = results.iter().filter_map(|cell| cell.as_ref().err().map(String::as_str)).collect();
    assert!(bad.is_empty(), "{} of {} cells cannot be rendered:\n{}", bad.len(), cells.len(), bad.join("\n"));
    results.into_iter().flatten().collect()
}

/// Renders these cells one after the other with one engine: parsing the
/// templates again for each would take most of the time.
fn render_cells(data: &DataDirs, cells: &[Cell]) -> Vec<Result<Rendered, String>> {
    let mut engine = None;
    let mut render = |cell: &Cell| {
        let plan = cell.plan()?;
        let engine = match &mut engine {
            Some(engine) => engine,
            none => none.insert(Engine::new(data, &plan.setup)?),
        };
        let packages = render::all_with(engine, &plan)?;
        Ok::<_, onegpu::diag::Diagnostic>(Rendered { cell: cell.clone(), packages })
    };
    cells.iter().map(|cell| render(cell).map_err(|error| format!("{cell}: {error}"))).collect()
}

/// Where the regenerated files go, when they are asked for: `cargo xtask golden --regenerate`.
pub fn regenerate() -> Option<std::path::PathBuf> {
    std::env::var_os("ONEGPU_GOLDEN_OUT").map(Into::into)
}
