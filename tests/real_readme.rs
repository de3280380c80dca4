//! What the README installs and takes out again, as it stands there, by a real apt in a real Debian.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

mod layer;
#[path = "readme/blocks.rs"]
mod readme;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use layer::Layer;
use readme::blocks;

/// Runs a command in the folder that the packages lie in; gives what it printed.
fn run(layer: &Layer, command: &str) -> String {
    let mut shell = layer.command(&["sh", "-euc", &format!("cd /root\n{command}")]);
    let done = shell.env("DEBIAN_FRONTEND", "noninteractive").output().unwrap();
    let out = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{command}: {}\n{out}", done.status);
    out
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn what_the_readme_installs_goes_in_and_out() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = blocks(&readme);
    let roots = PathBuf::from(std::env::var_os("ONEGPU_TEST_ROOTS").unwrap());
    let layer = Layer::new(&roots.join("trixie"), |_| (), "");
    // The profile that the README shows, and the packages that its command makes of it.
    let profile = blocks.iter().find(|block| block.language == "toml").unwrap();
    fs::write(layer.folder().join("win.toml"), profile.lines.join("\n")).unwrap();
    let package = blocks.iter().flat_map(|block| block.steps()).map(|step| step.command);
    let package = package.into_iter().find(|command| command.starts_with("onegpu package ")).unwrap();
    let words: Vec<&str> = package.split(' ').skip(1).collect();
    let mut onegpu = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    assert!(onegpu.args(words).current_dir(layer.folder()).status().unwrap().success());
    for built in fs::read_dir(layer.folder().join("packages")).unwrap() {
        let built = built.unwrap();
        let name = built.file_name().into_string().unwrap();
        layer.write(&format!("/root/packages/{name}"), fs::read(built.path()).unwrap());
    }
    // Nobody is there to type a password or a yes.
    layer.write("/usr/local/bin/sudo", "#!/bin/sh\nexec \"$@\"\n");
    fs::set_permissions(layer.path("/usr/local/bin/sudo"), fs::Permissions::from_mode(0o755)).unwrap();
    layer.write("/etc/apt/apt.conf.d/yes", "APT::Get::Assume-Yes \"true\";\n");

    let commands: Vec<String> =
        blocks.iter().filter(|block| block.in_a_root).flat_map(|block| block.lines.clone()).collect();
    let [install, purge] = commands.as_slice() else { panic!("{commands:?}") };
    let installed = |name: &str| {
        let shown = layer.command(&["dpkg-query", "-W", "-f", "${db:Status-Abbrev}", name]).output().unwrap();
        String::from_utf8(shown.stdout).unwrap().trim() == "ii"
    };
    let ours = ["onegpu-host", "onegpu-guest-win11"];
    assert!(!ours.iter().any(|name| installed(name)));
    let out = run(&layer, install);
    assert!(ours.iter().all(|name| installed(name)), "{out}");
    assert!(layer.path("/etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh").is_file(), "{out}");
    // What the README says that one may ask.
    let status = run(&layer, "sudo /usr/libexec/onegpu/status || :");
    assert!(status.contains("kernel-parameters") && status.contains("win11"), "{status}");
    let out = run(&layer, purge);
    assert!(!ours.iter().any(|name| installed(name)), "{out}");
    let left = run(&layer, "find /etc /usr/libexec /usr/share /var/lib -name '*onegpu*'");
    assert_eq!(left, "", "{out}");
}
