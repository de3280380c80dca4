//! A machine to run hooks on: a folder with its own /sys, /dev, /run and commands, entered
//! by chroot in namespaces of its own, so that nothing outside can be touched or seen.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{LazyLock, Mutex};

use onegpu::profile::{Driver, Init};

#[path = "cell.rs"]
mod cell;

pub use cell::{Cell, GUEST, NVIDIA, files};

/// Commands that are only ever faked.
const FAKED: [&str; 11] = [
    "systemctl",
    "rc-service",
    "sv",
    "loginctl",
    "modprobe",
    "udevadm",
    "logger",
    "chvt",
    "setfacl",
    "systemd-inhibit",
    "elogind-inhibit",
];
/// Commands that do what they do, after the fake has had its say.
const REAL: [&str; 10] = ["date", "find", "flock", "ln", "mkdir", "mv", "rm", "rmdir", "sleep", "timeout"];
/// Top folders that nothing on a machine writes to.
const FIXED: [&str; 7] = ["bin", "etc", "fakes", "lib", "lib64", "tools", "usr"];

pub struct Machine {
    dir: tempfile::TempDir,
    pub start: String,
    pub stop: String,
}

impl Machine {
    /// A machine whose desktop is up. Bounds are shortened, by the names they have in handover.sh.
    pub fn new(cell: Cell) -> Self {
        Self::with(cell, shorten)
    }

    /// The same with another handover.sh.
    pub fn with(cell: Cell, edit: fn(String) -> String) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let hooks = format!("/etc/libvirt/hooks/qemu.d/{GUEST}");
        let (start, stop) =
            (format!("{hooks}/prepare/begin/start.sh"), format!("{hooks}/release/end/stop.sh"));
        let machine = Self { dir, start, stop };
        for file in files(cell).iter() {
            let text = String::from_utf8(file.bytes.clone()).unwrap();
            if let onegpu::plan::Kind::Link = file.kind {
                machine.parent(&file.path);
                symlink(text, machine.path(&file.path)).unwrap();
            } else {
                let text = if file.path.ends_with("/handover.sh") { edit(text) } else { text };
                machine.write(&file.path, &text, file.kind.mode());
            }
        }
        machine.tools(cell.shell);
        machine.hardware(cell);
        machine
    }

    /// Another machine in the same state. What nothing writes to is shared.
    pub fn copy(&self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(self.dir.path()).unwrap() {
            let name = entry.unwrap().file_name();
            let shared = FIXED.iter().any(|fixed| name == *fixed);
            duplicate(&self.dir.path().join(&name), &dir.path().join(&name), shared);
        }
        Self { dir, start: self.start.clone(), stop: self.stop.clone() }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    pub fn write(&self, path: &str, text: &str, mode: u32) {
        self.parent(path);
        // It may be another machine's too.
        let _ = fs::remove_file(self.path(path));
        fs::write(self.path(path), text).unwrap();
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn parent(&self, path: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
    }

    /// Real tools in /tools, with their libraries; in /fakes what the scripts find on PATH.
    fn tools(&self, shell: &str) {
        for name in REAL.into_iter().chain(["sh", "env", "true", shell]) {
            self.install(name);
        }
        self.parent("/bin/sh");
        // Busybox goes by the name it is called by.
        fs::hard_link(self.path(&format!("/tools/{shell}")), self.path("/bin/sh")).unwrap();
        self.write("/fakes/fake", include_str!("fake"), 0o755);
        for name in FAKED.into_iter().chain(REAL).chain(["sh"]) {
            symlink("fake", self.path(&format!("/fakes/{name}"))).unwrap();
        }
    }

    /// Puts a program of this machine into /tools, with its libraries where it looks for them.
    pub fn install(&self, name: &str) {
        for (from, to) in with_libraries(name) {
            self.parent(&to);
            // A link where it can be one: there are hundreds of machines.
            if !self.path(&to).exists() && fs::hard_link(&from, self.path(&to)).is_err() {
                fs::copy(&from, self.path(&to)).unwrap();
            }
        }
    }

    fn hardware(&self, cell: Cell) {
        for (path, text) in [
            ("/sys/class/vtconsole/vtcon0/name", "(S) dummy device"),
            ("/sys/class/vtconsole/vtcon0/bind", "0"),
            ("/sys/class/vtconsole/vtcon1/name", "(M) frame buffer device"),
            ("/sys/class/vtconsole/vtcon1/bind", "1"),
            ("/sys/bus/pci/devices/0000:0b:00.0/d3cold_allowed", "1"),
            ("/sys/bus/pci/devices/0000:0b:00.0/power/control", "auto"),
            ("/sys/bus/pci/devices/0000:0b:00.0/drm/card0/dev", "226:0"),
            ("/sys/bus/pci/devices/0000:0b:00.0/drm/renderD128/dev", "226:128"),
            ("/sys/bus/pci/devices/0000:0b:00.0/driver/unbind", ""),
            ("/sys/bus/pci/devices/0000:0b:00.1/driver/unbind", ""),
            ("/sys/bus/pci/devices/0000:0b:00.1/sound/card1/controlC1/dev", "116:2"),
            ("/sys/bus/pci/drivers_probe", ""),
            ("/sys/bus/platform/drivers/efi-framebuffer/efi-framebuffer.0/x", ""),
            ("/sys/bus/platform/drivers/efi-framebuffer/unbind", ""),
            ("/dev/dri/card0", ""),
            ("/dev/dri/renderD128", ""),
            ("/dev/snd/controlC1", ""),
            ("/dev/null", ""),
            ("/dev/tty1", ""),
            ("/dev/console", ""),
            ("/sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "schedutil"),
            ("/sys/devices/system/cpu/cpufreq/policy1/scaling_governor", "powersave"),
            ("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "3"),
            ("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "2"),
            ("/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "1"),
            ("/sys/devices/system/cpu/possible", "0-15"),
            ("/state/cpus/system.slice", "0-15"),
            ("/state/session", ""),
            ("/var/lib/libvirt/qemu/x", ""),
            ("/calls", ""),
            ("/script", ""),
        ] {
            self.write(path, &format!("{text}\n"), 0o644);
        }
        for dir in ["/run/udev", "/var/log", "/proc", "/tmp"] {
            fs::create_dir_all(self.path(dir)).unwrap();
        }
        let groups: &[&str] = match cell.init {
            Init::Systemd => &["init.scope", "system.slice", "user.slice"],
            Init::Openrc => &["openrc.sshd", "2", "machine"],
            Init::Runit => &[],
        };
        for group in groups {
            self.write(&format!("/sys/fs/cgroup/{group}/cgroup.type"), "domain\n", 0o644);
            self.write(&format!("/sys/fs/cgroup/{group}/cpuset.cpus"), "0-15\n", 0o644);
        }
        if cell.options {
            for name in ["before-handover", "after-return"] {
                let own = format!("/etc/onegpu/guests/{GUEST}/{name}");
                self.parent(&own);
                symlink("/fakes/fake", self.path(&own)).unwrap();
            }
        }
        let service = if cell.init == Init::Systemd { "display-manager.service" } else { "sddm" };
        if cell.desktop {
            self.write(&format!("/state/{service}"), "", 0o644);
        }
        if cell.driver == Driver::Nvidia {
            self.write("/state/nvidia-persistenced", "", 0o644);
            for daemon in ["nvidia-persistenced", "nvidia-powerd"] {
                self.write(&format!("/etc/init.d/{daemon}"), "", 0o755);
            }
            self.write("/lib/udev/rules.d/71-nvidia.rules", "", 0o644);
            self.write("/dev/nvidia0", "", 0o644);
            for module in ["nvidia", "nvidia_modeset", "nvidia_drm", "nvidia_uvm"] {
                fs::create_dir_all(self.path(&format!("/sys/module/{module}"))).unwrap();
            }
        }
    }

    /// Runs a shell text on the machine.
    pub fn sh(&self, text: &str) -> Output {
        // A user namespace where the test is not root; a PID namespace, so that a script
        // which ends holders of the card sees none but those of the test.
        let enter = r#"mount -t proc proc "$1/proc" && exec chroot "$1" /tools/env -i PATH=/fakes LC_ALL=C /tools/sh -c "$2""#;
        let user: &[&str] = if is_root() { &[] } else { &["--map-root-user"] };
        Command::new("timeout")
            .args(["60", "unshare", "--mount", "--pid", "--fork", "--kill-child"])
            .args(user)
            .args(["sh", "-c", enter, "sh"])
            .arg(self.dir.path())
            .arg(text)
            .output()
            .unwrap()
    }

    /// Runs a hook script as libvirt does; its status, 137 when it was killed.
    pub fn run(&self, script: &str, arguments: &str) -> i32 {
        let output = self.sh(&format!("{}; exit $?", self.run_as_libvirt(script, arguments)));
        assert!(output.stdout.is_empty(), "a hook writes nothing to standard output: {output:?}");
        output.status.code().unwrap()
    }

    /// The call of a script. A shell of its own, for the first process of a namespace cannot
    /// be killed from inside.
    pub fn run_as_libvirt(&self, script: &str, arguments: &str) -> String {
        format!("/tools/sh -c 'echo $$ >/script; exec {script} {GUEST} {arguments}'")
    }

    pub fn start(&self) -> i32 {
        self.run(&self.start, "prepare begin -")
    }

    pub fn stop(&self) -> i32 {
        self.run(&self.stop, "release end shutdown")
    }

    /// The next time the call is made, this happens instead: `fail`, `hang`, `die-before`, `die-after`
    /// (the script is killed); or each time: `always` fails, `stuck` hangs.
    pub fn fault(&self, mode: &str, call: &str) {
        if matches!(mode, "hang" | "stuck") {
            self.write("/hangs", "", 0o644);
        }
        // The others do at once what they do: most of the time went into the fakes.
        for name in REAL.into_iter().chain(["sh"]).filter(|name| !call.starts_with(name)) {
            let fake = self.path(&format!("/fakes/{name}"));
            // Where a test has put a program of its own, it stays.
            if fs::read_link(&fake).is_ok_and(|to| to == Path::new("fake")) {
                fs::remove_file(&fake).unwrap();
                symlink(format!("/tools/{name}"), &fake).unwrap();
            }
        }
        self.write("/fault", &format!("{mode}\n{call}\n"), 0o644);
    }

    /// The calls since the last time this was asked.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("/calls")).unwrap();
        fs::write(self.path("/calls"), "").unwrap();
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path(&format!("/var/log/onegpu/{GUEST}.log"))).unwrap_or_default()
    }

    /// Everything that a handover changes and a return must restore.
    pub fn state(&self) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        for dir in ["/state", "/sys", &format!("/run/onegpu/{GUEST}"), "/run/udev", "/var/lib/onegpu"] {
            collect(&self.path(dir), dir, &mut state);
        }
        // What is written to them is an order to the kernel; they hold nothing.
        state.retain(|path, _| !path.ends_with("/unbind") && !path.ends_with("/drivers_probe"));
        state
    }
}

fn collect(dir: &Path, name: &str, into: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        match entry.file_type().unwrap().is_dir() {
            true => {
                into.insert(name.clone(), "a folder".into());
                collect(&entry.path(), &name, into);
            }
            false => {
                into.insert(name, fs::read_to_string(entry.path()).unwrap_or_else(|_| "a link".into()));
            }
        }
    }
}

/// Seconds become fractions.
pub fn shorten(mut text: String) -> String {
    for (from, to) in [
        // Only what hangs runs into its bound, however slow the machine is.
        ("\nbound=30 ", "\nbound=10; [ ! -e /hangs ] || bound=1 "),
        ("\ngrace=5 ", "\ngrace=5; [ ! -e /hangs ] || grace=0.1 "),
        ("\nqueue=300 ", "\nqueue=2 "),
        ("\npause=0.2 ", "\npause=0.02 "),
        ("in 0.2 1 0;", "in 0.02 0.02 0;"),
    ] {
        assert!(text.contains(from), "handover.sh has no {from}");
        text = text.replace(from, to);
    }
    text
}

/// The whole folder again: with links to the same files, or with files of its own.
fn duplicate(from: &Path, to: &Path, shared: bool) {
    let kind = fs::symlink_metadata(from).unwrap().file_type();
    if kind.is_dir() {
        fs::create_dir(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            duplicate(&from.join(&name), &to.join(&name), shared);
        }
    } else if kind.is_symlink() {
        symlink(fs::read_link(from).unwrap(), to).unwrap();
    } else if !shared || fs::hard_link(from, to).is_err() {
        fs::copy(from, to).unwrap();
    }
}

/// Files and where they go.
type Places = Vec<(PathBuf, String)>;

/// A program of this machine and what it is linked to, with where it goes.
fn with_libraries(name: &str) -> Places {
    static KNOWN: LazyLock<Mutex<HashMap<String, Places>>> = LazyLock::new(Mutex::default);
    KNOWN.lock().unwrap().entry(name.to_owned()).or_insert_with(|| look_up(name)).clone()
}

fn look_up(name: &str) -> Places {
    let path = std::env::var("PATH").unwrap();
    let program = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.exists());
    let program = fs::canonicalize(program.unwrap_or_else(|| panic!("{name} is needed on PATH"))).unwrap();
    let output = Command::new("ldd").arg(&program).output().unwrap();
    let libraries = String::from_utf8(output.stdout).unwrap();
    let libraries = libraries.split_whitespace().filter(|word| word.starts_with('/'));
    let mut out: Vec<_> = libraries
        .map(|path| (fs::canonicalize(path).unwrap(), path.trim_end_matches(':').to_owned()))
        .collect();
    out.push((program, format!("/tools/{name}")));
    out
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}
