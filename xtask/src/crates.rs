//! The crates that the program is made of, by cargo's own account.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId};
use onegpu::diag::{Diagnostic, Result};

use crate::process::{failure, root};

/// The targets that onegpu is for: Linux on 64 bit, with either C library.
pub const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
];

/// What `cargo metadata` says for one target, from the lock file alone.
pub fn metadata(target: Option<&str>) -> Result<Metadata> {
    let mut words = vec!["--locked".to_owned()];
    // What is vendored is all there is.
    words.extend(is_vendored().then(|| "--offline".to_owned()));
    words.extend(target.into_iter().flat_map(|target| ["--filter-platform".to_owned(), target.to_owned()]));
    MetadataCommand::new().current_dir(root()).other_options(words).exec().map_err(failure)
}

/// Whether this is the tarball of a release, which has its crates with it.
pub fn is_vendored() -> bool {
    root().join("vendor").is_dir()
}

/// The packages that are compiled into the program, or that compile it: the
/// tests' own are left out. With what each needs of the others; the program first.
pub struct Compiled<'a> {
    /// The program's own package.
    pub program: &'a Package,
    /// Every other one by name and version.
    pub crates: Vec<&'a Package>,
    /// What a package needs, sorted.
    pub needs: BTreeMap<&'a PackageId, BTreeSet<&'a PackageId>>,
}

impl<'a> Compiled<'a> {
    /// Follows the dependencies of the program.
    ///
    /// # Errors
    /// When cargo's answer has no such program in it.
    pub fn of(metadata: &'a Metadata) -> Result<Self> {
        let missing = || Diagnostic::machine("cargo metadata does not know the package onegpu");
        let program =
            metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == "onegpu");
        let program = program.ok_or_else(missing)?;
        let nodes: BTreeMap<&PackageId, &Node> =
            metadata.resolve.iter().flat_map(|graph| &graph.nodes).map(|node| (&node.id, node)).collect();
        let mut needs: BTreeMap<&PackageId, BTreeSet<&PackageId>> = BTreeMap::new();
        let mut waiting = vec![&program.id];
        while let Some(id) = waiting.pop() {
            let node = nodes.get(id).ok_or_else(missing)?;
            let used = node.deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
            });
            let used: BTreeSet<&PackageId> = used.map(|dependency| &dependency.pkg).collect();
            waiting.extend(used.iter().filter(|id| !needs.contains_key(*id)));
            needs.insert(id, used);
        }
        let is_used = |package: &&Package| package.id != program.id && needs.contains_key(&package.id);
        let mut crates: Vec<&Package> = metadata.packages.iter().filter(is_used).collect();
        crates.sort_by(|a, b| (&*a.name, &a.version).cmp(&(&*b.name, &b.version)));
        Ok(Self { program, crates, needs })
    }
}
