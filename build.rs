//! Distro files and templates are embedded: a new one must be noticed, not only
//! a changed one.

fn main() {
    println!("cargo::rerun-if-changed=distros");
    println!("cargo::rerun-if-changed=templates");
}
