//! Machines in a folder, with a setup installed, and programs that stand in for
//! the real ones.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const LIBEXEC: &str = "usr/libexec/onegpu";
/// Files of the setup's packages, which no step touches; and what the tests of running machines need.
const PACKAGED: [&str; 9] = [
    LIBEXEC,
    "usr/share/onegpu",
    "usr/share/polkit-1",
    "usr/bin/onegpu-hook",
    "etc/apparmor.d",
    "etc/libvirt/hooks",
    "bin",
    "dev",
    "state",
];

/// A machine's root folder, and beside it a folder that stands first on PATH.
pub struct Machine {
    pub temp: tempfile::TempDir,
    pub root: PathBuf,
    pub bin: PathBuf,
}

/// What a program did.
#[derive(Debug)]
pub struct Done {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Done {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, Some(0), "{self:#?}");
        self
    }
    #[track_caller]
    pub fn no(self, what: &str) -> Self {
        assert_eq!(self.status, Some(1), "{self:#?}");
        self.says(what)
    }
    #[track_caller]
    pub fn says(self, what: &str) -> Self {
        assert!(self.err.contains(what) || self.out.contains(what), "{what:?} is not said: {self:#?}");
        self
    }
}

/// The shells to try: each is a command line's first words.
pub fn shells() -> Vec<Vec<&'static str>> {
    let mut shells = vec![vec!["sh"]];
    if Command::new("busybox").arg("true").output().is_ok() {
        shells.push(vec!["busybox", "sh"]);
    } else {
        eprintln!("no busybox: its sh was not tried");
    }
    shells
}

/// A guest for [`Machine::new`], with a disk, lingering and domains.
pub fn guest(name: &str, disk: &str) -> String {
    format!(
        "\n[[guest]]\nname = \"{name}\"\nos = \"linux\"\naudio = \"pipewire\"\n\
         disk = {{ path = \"/var/lib/libvirt/images/{disk}\", size = \"1 GiB\" }}\n"
    )
}

/// Renders a setup of the test's profile into `out/root`.
pub fn render(distro: &str, more: &str, edit: impl Fn(String) -> String, out: &Path) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steps/data");
    let profile = fs::read_to_string(data.join("profile.toml")).unwrap().replace("DISTRO", distro);
    let temp = tempfile::tempdir().unwrap();
    let file = temp.path().join("profile.toml");
    fs::write(&file, edit(profile + more)).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_onegpu"))
        .arg("render")
        .arg(&file)
        .arg("--data-dir")
        .arg(&data)
        .arg("-o")
        .arg(out)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

impl Machine {
    /// A machine with libvirt and its services for every init, and the boot files that `distro` needs.
    pub fn new(distro: &str, guests: &str) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let (root, bin) = (temp.path().join("machine"), temp.path().join("bin"));
        fs::create_dir_all(&bin).unwrap();
        let machine = Self { temp, root, bin };
        for folder in [
            "etc/systemd/system/multi-user.target.wants",
            "etc/runlevels/default",
            "etc/runit/runsvdir/default",
            "etc/sv/libvirtd",
            "etc/sv/virtlogd",
            "var/lib/libvirt/images",
            "var/lib/systemd",
            "usr/share/vgabios",
            "boot/grub",
            "boot/loader/entries",
            "run",
            "tmp",
            "root",
        ] {
            fs::create_dir_all(machine.root.join(folder)).unwrap();
        }
        for unit in ["libvirtd", "virtqemud", "virtnetworkd"] {
            machine.write(
                &format!("usr/lib/systemd/system/{unit}.service"),
                &format!("[Unit]\n[Service]\nExecStart=/usr/sbin/{unit}\n[Install]\nWantedBy=multi-user.target\nAlso={unit}.socket\n"),
            );
            machine.write(
                &format!("usr/lib/systemd/system/{unit}.socket"),
                &format!("[Socket]\nListenStream=/run/{unit}\n[Install]\nWantedBy=sockets.target\n"),
            );
        }
        for (path, text) in [
            ("etc/init.d/libvirtd", "#!/sbin/openrc-run\n"),
            ("etc/passwd", "root:x:0:0::/root:/bin/sh\nmika:x:1000:1000::/home/mika:/bin/sh\n"),
            ("etc/group", "root:x:0:\nlibvirt:x:120:\n"),
            ("etc/libvirt/qemu/networks/default.xml", "<network/>\n"),
            ("root/card.rom", "U\u{2}rom\n"),
            ("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"\"\n"),
            (
                "boot/loader/entries/linux.conf",
                "title Linux\nlinux /vmlinuz\ninitrd /initrd\noptions root=UUID=1 rw\n",
            ),
            (
                "etc/default/systemd-boot",
                "# mine\nmore='splash \\\n loglevel=3'\nCMDLINE=\"root=UUID=1 quiet $more\"",
            ),
            ("boot/loader/entries/windows.conf", "title Windows\nefi /EFI/Microsoft/Boot/bootmgfw.efi\n"),
        ] {
            machine.write(path, text);
        }
        machine.install(distro, guests, |text| text);
        machine
    }

    /// One with two guests and the stand-ins.
    pub fn usual(distro: &str) -> Self {
        let machine = Self::new(distro, &(guest("one", "one.qcow2") + &guest("two", "two.raw")));
        machine.usual_fakes();
        if distro == "t-kernel-install" {
            machine.write("etc/kernel/cmdline", "# mine\nroot=UUID=1 rw\n\n");
        }
        machine
    }

    /// What grub-mkconfig would take from /etc/default/grub.
    pub fn grub_words(&self) -> String {
        let script = ". \"$1\"; printf %s \"$GRUB_CMDLINE_LINUX_DEFAULT\"";
        let done =
            done(Command::new("sh").args(["-c", script, "sh"]).arg(self.root.join("etc/default/grub")));
        assert_eq!(done.err, "");
        done.out
    }

    /// Puts the setup's files in place of those installed before, as a package manager does.
    pub fn install(&self, distro: &str, guests: &str, edit: impl Fn(String) -> String) {
        let out = self.temp.path().join("rendered");
        render(distro, guests, edit, &out);
        for old in [LIBEXEC, "usr/share/onegpu"] {
            let _ = fs::remove_dir_all(self.root.join(old));
        }
        let done = Command::new("cp").arg("-a").arg(out.join("root/.")).arg(&self.root).status().unwrap();
        assert!(done.success());
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        String::from_utf8(fs::read(self.root.join(path)).unwrap()).unwrap()
    }

    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).symlink_metadata().is_ok()
    }

    pub fn link(&self, target: &str, path: &str) {
        symlink(target, self.root.join(path)).unwrap();
    }

    /// A program that stands first on PATH.
    pub fn fake(&self, name: &str, script: &str) {
        let path = self.bin.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Stand-ins for the programs that a machine of these tests may not have; only `--root` forms.
    pub fn usual_fakes(&self) {
        // Nothing in these tests survives a power cut, and a real sync is slow.
        self.fake("sync", "exit 0");
        self.fake("qemu-img", "[ \"$1\" = create ] || exit 1\nshift 3\necho \"fresh $2\" >\"$1\"");
        let root = self.root.display();
        self.fake(
            "systemctl",
            &format!(
                r#"case $1 in --root={root}) shift ;; *) echo "not this machine: $*" >&2; exit 9 ;; esac
e={root}/etc/systemd/system
case $2 in *.service) w=$e/multi-user.target.wants ;; *) w=$e/sockets.target.wants ;; esac
case $1 in
    is-enabled) if [ -L "$w/$2" ]; then echo enabled; else echo disabled; exit 1; fi ;;
    enable)
        mkdir -p "$w"; ln -sf "/usr/lib/systemd/system/$2" "$w/$2"
        case $2 in *.service) s=${{2%.service}}.socket; mkdir -p "$e/sockets.target.wants"; ln -sf "/usr/lib/systemd/system/$s" "$e/sockets.target.wants/$s" ;; esac ;;
    *) exit 9 ;;
esac"#
            ),
        );
    }

    /// Runs one of the three programs with `--root`.
    pub fn run(&self, program: &str, words: &[&str]) -> Done {
        self.run_by(&["sh"], program, words, &[])
    }

    pub fn run_by(&self, shell: &[&str], program: &str, words: &[&str], env: &[(&str, &str)]) -> Done {
        let path = format!("{}:{}", self.bin.display(), std::env::var("PATH").unwrap());
        let pid = self.temp.path().join("pid");
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo $$ >\"$PID\"; exec \"$@\"", "sh"])
            .args(["timeout", "--foreground", "60"])
            .args(shell)
            .arg(self.root.join(LIBEXEC).join(program))
            .arg("--root")
            .arg(&self.root)
            .args(words)
            .env("PATH", path)
            .env("PID", pid)
            .envs(env.iter().copied())
            .process_group(0);
        done(&mut command)
    }

    /// Every file: kind, mode, owner, bytes or target, time of the last change. The
    /// programs themselves are left out.
    pub fn tree(&self) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        walk(&self.root, &self.root, &mut out);
        out
    }
}

pub fn done(command: &mut Command) -> Done {
    let output = command.output().unwrap();
    Done {
        status: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn walk(root: &Path, folder: &Path, out: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = path.symlink_metadata().unwrap();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if PACKAGED.contains(&name.as_str()) {
            continue;
        }
        let head = format!("{:o} {}:{}", meta.mode(), meta.uid(), meta.gid());
        let text = if meta.is_dir() {
            head
        } else if meta.is_symlink() {
            format!("{head} -> {}", fs::read_link(&path).unwrap().display())
        } else {
            let bytes = fs::read(&path).unwrap();
            // Busybox keeps times to the second.
            format!("{head} {} {:?}", meta.mtime(), String::from_utf8_lossy(&bytes))
        };
        out.insert(name, text);
        if meta.is_dir() {
            walk(root, &path, out);
        }
    }
}

/// Fails with the lines that differ.
#[track_caller]
pub fn assert_same(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>, when: &str) {
    let mut differences = String::new();
    for key in before.keys().chain(after.keys()) {
        if before.get(key) != after.get(key) {
            differences += &format!("{key}: {:?} became {:?}\n", before.get(key), after.get(key));
        }
    }
    assert!(differences.is_empty(), "{when}:\n{differences}");
}
