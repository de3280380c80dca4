//! Distro files, templates and texts are embedded: a new one must be noticed, not only
//! a changed one.

fn main() {
    println!("cargo::rerun-if-changed=distros");
    println!("cargo::rerun-if-changed=templates");
    println!("cargo::rerun-if-changed=texts");
}
