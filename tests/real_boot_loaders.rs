//! Boot loaders' own tools in a root: openSUSE's update-bootloader, and ukify.
//!
//! update-bootloader is shell: `make install` of github.com/openSUSE/perl-bootloader puts it, with
//! its folder of scripts, anywhere below a prefix; the test copies both from the machine.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod chroot;
mod sample;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use chroot::{Root, same};
use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::plan::{Kind, Plan};
use onegpu::setup::Setup;
use onegpu::{profile, render};

const PROFILE: &str = r#"
[host]
init = "systemd"
bootloader = "LOADER"
cpu = "intel"
display-manager = "sddm"
[gpu]
address = "0000:01:00.0"
driver = "xe"
"#;

/// A root with the host's part for this boot loader of this distro, and of its steps only the kernel's parameters.
fn machine(distro: &str, loader: &str) -> Root {
    let root = Root::copy("bookworm");
    let profile = profile::parse("profile.toml", &PROFILE.replace("LOADER", loader)).unwrap();
    let data = DataDirs::embedded();
    let setup = Setup::new(&profile, Distro::load(&data, distro).unwrap()).unwrap();
    for (_, files) in render::all(&data, &Plan::new(setup)).unwrap() {
        for file in files {
            let step = file.path.contains("/steps/");
            if step && !file.path.ends_with("-kernel-parameters") {
                continue;
            }
            let path = root.at(&file.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if file.kind == Kind::Link {
                symlink(String::from_utf8(file.bytes).unwrap(), path).unwrap();
            } else {
                fs::write(&path, file.bytes).unwrap();
                fs::set_permissions(path, fs::Permissions::from_mode(file.kind.mode())).unwrap();
            }
        }
    }
    root
}

fn program(root: &Root, path: &str, script: &str) {
    fs::create_dir_all(root.at(path).parent().unwrap()).unwrap();
    root.write(path, format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(root.at(path), fs::Permissions::from_mode(0o755)).unwrap();
}

fn verb(root: &Root, verb: &str) -> String {
    let libexec = ["/usr/libexec", "/usr/lib"].map(|folder| format!("{folder}/onegpu/{verb}"));
    let path = libexec.iter().find(|path| root.at(path).exists()).unwrap();
    let out = root.run(&[path, "host"]);
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// The tool of this machine, and stand-ins for the two programs that it and the step call.
fn suse(loader: &str) -> Root {
    let root = machine("opensuse-tumbleweed", "grub");
    let tool = Command::new("sh").args(["-c", "command -v update-bootloader"]).output().unwrap();
    let tool = fs::canonicalize(String::from_utf8(tool.stdout).unwrap().trim()).unwrap();
    fs::copy(tool, root.at("/usr/sbin/pbl")).unwrap();
    symlink("pbl", root.at("/usr/sbin/update-bootloader")).unwrap();
    let scripts = Command::new("cp").args(["-a", "/usr/lib/bootloader"]).arg(root.at("/usr/lib/")).status();
    assert!(scripts.unwrap().success());
    fs::create_dir_all(root.at("/etc/sysconfig")).unwrap();
    fs::create_dir_all(root.at("/boot/grub2")).unwrap();
    fs::create_dir_all(root.at("/etc/default")).unwrap();
    fs::create_dir_all(root.at("/boot/efi/loader/entries")).unwrap();
    root.write("/etc/sysconfig/bootloader", format!("LOADER_TYPE=\"{loader}\"\n"));
    root.write("/etc/default/grub", "# mine\nGRUB_CMDLINE_LINUX_DEFAULT='quiet  iommu=soft'\nGRUB_TIMEOUT=8");
    root.write("/boot/grub2/grub.cfg", "linux /vmlinuz quiet  iommu=soft # by hand\n");
    root.write("/boot/efi/loader/entries/a.conf", "title A\noptions root=UUID=1 quiet\n");
    root.write("/var/log/pbl.log", "");
    program(
        &root,
        "/usr/sbin/grub2-mkconfig",
        ". /etc/default/grub; echo \"linux /vmlinuz $GRUB_CMDLINE_LINUX_DEFAULT\" >\"$2\"",
    );
    program(
        &root,
        "/usr/bin/sdbootutil",
        "[ \"$1\" = update-all-entries ] || exit 9
printf 'title A\\noptions %s\\n' \"$(cat /etc/kernel/cmdline)\" >/boot/efi/loader/entries/a.conf",
    );
    root
}

#[test]
#[ignore = "needs update-bootloader, bookworm, root"]
fn update_bootloader_with_grub() {
    let root = suse("grub2");
    let before = root.listing(&["/var/log/pbl.log"]);
    let said = verb(&root, "apply");
    assert!(said.contains("kernel-parameters: applied"), "{said}");
    assert_eq!(root.read("/boot/grub2/grub.cfg"), "linux /vmlinuz quiet iommu=pt intel_iommu=on\n");
    assert!(verb(&root, "status").contains("kernel-parameters: applied"));
    assert!(verb(&root, "apply").contains("already applied"));
    verb(&root, "revert");
    same(&before, &root.listing(&["/var/log/pbl.log"]));

    // A kernel has come since: the words go by the tool, and the user's own one is back.
    verb(&root, "apply");
    root.write(
        "/boot/grub2/grub.cfg",
        "linux /vmlinuz quiet iommu=pt intel_iommu=on\nlinux /vmlinuz-new x\n",
    );
    verb(&root, "revert");
    let now = root.read("/etc/default/grub");
    assert!(now.contains("GRUB_CMDLINE_LINUX_DEFAULT=\"quiet iommu=soft\"\n"), "{now}");
    assert_eq!(root.read("/boot/grub2/grub.cfg"), "linux /vmlinuz quiet iommu=soft\n");
}

#[test]
#[ignore = "needs update-bootloader, bookworm, root"]
fn update_bootloader_with_bls_entries() {
    for loader in ["grub2-bls", "systemd-boot"] {
        let root = suse(loader);
        fs::create_dir_all(root.at("/etc/kernel")).unwrap();
        root.write("/etc/kernel/cmdline", "root=UUID=1  quiet");
        let before = root.listing(&["/var/log/pbl.log"]);
        let said = verb(&root, "apply");
        assert!(said.contains("kernel-parameters: applied"), "{said}");
        let entry = root.read("/boot/efi/loader/entries/a.conf");
        assert_eq!(entry, "title A\noptions root=UUID=1 quiet intel_iommu=on iommu=pt\n");
        verb(&root, "revert");
        same(&before, &root.listing(&["/var/log/pbl.log"]));
    }
}

#[test]
#[ignore = "needs update-bootloader, bookworm, root"]
fn without_a_boot_loader_nothing_is_done() {
    let root = suse("none");
    let before = root.listing(&["/var/log/pbl.log", "/var/lib/onegpu"]);
    assert!(verb(&root, "apply").contains("names no boot loader"));
    same(&before, &root.listing(&["/var/log/pbl.log", "/var/lib/onegpu"]));
}

#[test]
#[ignore = "needs bookworm, root"]
fn an_addon_comes_and_goes_as_a_file() {
    let root = machine("arch", "uki");
    assert!(verb(&root, "apply").contains("no unified kernel image"));
    fs::create_dir_all(root.at("/efi/EFI/Linux")).unwrap();
    root.write("/efi/EFI/Linux/arch.efi", "MZ");
    verb(&root, "revert");
    let except = ["/var/lib/onegpu"];
    let before = root.listing(&except);
    assert!(verb(&root, "apply").contains("ukify is not here"));
    // A stand-in: what ukify makes of its words is shown where it is (`ukify inspect`).
    program(
        &root,
        "/usr/local/bin/ukify",
        "for w; do case $w in --output=*) echo \"MZ $*\" >\"${w#--output=}\" ;; esac; done",
    );
    verb(&root, "apply");
    let addon = root.read("/efi/loader/addons/50-onegpu.addon.efi");
    assert!(addon.starts_with("MZ build --cmdline=intel_iommu=on iommu=pt "), "{addon}");
    assert!(verb(&root, "status").contains("kernel-parameters: applied"));
    verb(&root, "revert");
    fs::remove_file(root.at("/usr/local/bin/ukify")).unwrap();
    same(&before, &root.listing(&except));

    // Secure Boot is on and nobody signs: it would be ignored.
    program(&root, "/usr/local/bin/ukify", "exit 9");
    fs::create_dir_all(root.at("/sys/firmware/efi/efivars")).unwrap();
    root.write("/sys/firmware/efi/efivars/SecureBoot-8be4df61", [6, 0, 0, 0, 1]);
    assert!(verb(&root, "apply").contains("nobody has signed"));
    assert!(!root.at("/efi/loader").exists());
}
