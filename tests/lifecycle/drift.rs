//! Another package brings a file that a step has made: `status` names the package.

use std::fs;
use std::process::Command;

use onegpu::package::SetupPackage;
use onegpu::plan::Kind;
use onegpu::render::File;

use super::setups::Variant;
use super::{Family, text};
use crate::fakes::Sample;

const ROM: &str = "/usr/share/vgabios/onegpu.rom";
const OTHER: &str = "card-firmware";

/// Asked from outside the machine, where every package manager's own tool is.
pub fn whose_file_it_is_is_told<F: Family>() {
    let family = F::new();
    let layer = family.layer();
    family.ok(family.install(&Variant::First.packages(F::DISTRO, &["host"])));
    let status = || {
        let program = ["/usr/libexec", "/usr/lib"].map(|folder| format!("{folder}/onegpu/status"));
        let program = program.iter().find(|path| layer.path(path).exists()).unwrap();
        let mut command: Command = layer.beside(60);
        command.arg("sh").arg(layer.inside().join(&program[1..])).arg("--root").arg(layer.inside());
        // Where Debian's rpm is to look.
        fs::write(layer.folder().join(".rpmmacros"), "%_dbpath /var/lib/rpm\n").unwrap();
        text(&command.args(["host"]).env("HOME", layer.folder()).output().unwrap())
    };
    assert!(status().contains("host: rom: applied"), "{}", status());

    let rom = File { path: ROM.into(), kind: Kind::Plain, bytes: b"another image\n".into() };
    let other = Sample { revision: 1, auto_apply: false }.host(&[]);
    let other = SetupPackage { name: OTHER.into(), files: vec![rom], ..other };
    family.ok(family.install_over(std::slice::from_ref(&other)));
    let said = status();
    let line = said.lines().find(|line| line.starts_with("host: rom: drifted")).unwrap_or(&said);
    assert!(line.contains(", a file of the package ") && line.contains(OTHER), "{}: {said}", F::DISTRO);
}
