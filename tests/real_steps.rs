//! The steps on machines that run: a folder with busybox as its system, entered by
//! chroot, and stand-ins with a state for systemctl, virsh and their like. And the
//! real tools on what the steps are made of.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use machine::{Done, Machine, assert_same, guest, render};

/// A machine that runs, as far as its programs can tell.
struct Running(Machine);

/// Copies a program of this machine, with the libraries that it needs.
fn bring(machine: &Machine, program: &str) {
    let found = machine::done(Command::new("sh").args(["-c", "command -v \"$0\"", program])).ok().out;
    let libraries = machine::done(Command::new("ldd").arg(found.trim())).out;
    let copy = |from: &str, to: &str| {
        let to = machine.root.join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    };
    copy(found.trim(), &format!("bin/{program}"));
    for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
        copy(library, &library[1..]);
    }
}

impl Running {
    fn new(distro: &str) -> Self {
        let machine = Machine::new(distro, &guest("one", "one.qcow2"));
        let root = &machine.root;
        for folder in ["bin", "state/active", "state/domains", "dev", "run/libvirt/qemu", "run/systemd/seats"]
        {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        fs::write(root.join("dev/null"), "").unwrap();
        bring(&machine, "busybox");
        let applets = machine::done(Command::new("busybox").arg("--list")).ok().out;
        for applet in applets.lines().filter(|applet| *applet != "busybox" && *applet != "sv") {
            std::os::unix::fs::symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        // Debian's larger busybox has it, its smaller one has not.
        if !applets.lines().any(|applet| applet == "cksum") {
            bring(&machine, "cksum");
        }
        let mut running = Self(machine);
        match distro {
            "t-block" => running.0.write("run/openrc/softlevel", "default\n"),
            "t-entries" => fs::create_dir_all(running.0.root.join("run/runit")).unwrap(),
            _ => fs::create_dir_all(running.0.root.join("run/systemd/system")).unwrap(),
        }
        running.stand_ins();
        running
    }

    fn fake(&self, name: &str, script: &str) {
        let path = self.0.root.join("bin").join(name);
        let _ = fs::remove_file(&path);
        fs::write(&path, format!("#!/bin/sh\necho \"{name} $*\" >>/state/log\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn stand_ins(&mut self) {
        self.fake("sync", "exit 0");
        self.fake("qemu-img", "shift 3; echo \"fresh $2\" >\"$1\"");
        self.fake("id", "case $* in -u) echo 0 ;; *mika*) echo mika ;; esac");
        self.fake(
            "systemctl",
            r#"e=/etc/systemd/system
case $1 in
    is-active) [ -e "/state/active/$3" ] ;;
    is-enabled) case $2 in *.service) w=multi-user ;; *) w=sockets ;; esac
        [ -L "$e/$w.target.wants/$2" ] && echo enabled || { echo disabled; exit 1; } ;;
    enable) case $2 in *.service) w=multi-user ;; *) w=sockets ;; esac
        mkdir -p $e/$w.target.wants && ln -sf /usr/lib/systemd/system/$2 $e/$w.target.wants/$2 || exit 1
        case $2 in *.service) systemctl enable "${2%.service}.socket" ;; esac ;;
    start) touch "/state/active/$2" ;;
    stop) shift; for u; do rm -f "/state/active/$u"; done ;;
    daemon-reload | reload) ;;
    *) exit 1 ;;
esac"#,
        );
        self.fake("loginctl", r#"l=/var/lib/systemd/linger
case $1 in enable-linger) mkdir -p $l && : >$l/$2 ;; disable-linger) rm -f $l/$2 ;; show-user) echo Linger=no ;; esac"#);
        self.fake(
            "virsh",
            r#"[ "$1" != --version ] || { echo 11.3.0; exit; }
shift 3; d=/state/domains; a=/etc/libvirt/qemu/networks/autostart
case $1 in
    uri) echo qemu:///system ;;
    net-info) echo "Name:           default"; [ -e /state/net ] && echo "Active:         yes" || echo "Active:         no" ;;
    net-autostart) if [ $# = 3 ]; then rm -f $a/default.xml; else mkdir -p $a && ln -s /etc/libvirt/qemu/networks/default.xml $a/; fi ;;
    net-start) touch /state/net ;;
    net-destroy) rm /state/net ;;
    define) n=$(sed -n 's:.*<name>\(.*\)</name>.*:\1:p' "$2"); { cat "$2"; echo "<!-- filled in -->"; } >$d/$n.xml; cp $d/$n.xml /etc/libvirt/qemu/ ;;
    dumpxml) cat $d/$3.xml ;;
    undefine) rm $d/$2.xml /etc/libvirt/qemu/$2.xml ;;
    *) exit 1 ;;
esac"#,
        );
        self.fake("update-grub", "grub-mkconfig -o /boot/grub/grub.cfg");
        self.fake(
            "grub-mkconfig",
            r#". /etc/default/grub
for x in /etc/default/grub.d/*.cfg; do [ ! -e "$x" ] || . "$x"; done
echo "linux /vmlinuz root=UUID=1 $GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT" >$2.new && cat $2.new >$2 && rm $2.new"#,
        );
        self.fake(
            "grubby",
            r#"f=/boot/loader/entries
case $2 in
    '') for e in $f/linux*.conf; do sed -n 's/^options \(.*\)/args="\1"/p' $e; done ;;
    --args=*) for w in ${2#--args=}; do for e in $f/linux*.conf; do grep -q " $w" $e || sed -i "s/^options.*/& $w/" $e; done; done ;;
    --remove-args=*) for w in ${2#--remove-args=}; do sed -i "s/ $w//" $f/linux*.conf; done ;;
esac"#,
        );
        self.fake("rc-update", "ln -s /etc/init.d/$2 /etc/runlevels/$3/$2");
        self.fake(
            "rc-service",
            "case $2 in start) touch /state/active/$1 ;; stop) rm /state/active/$1 ;; *) [ -e /state/active/$1 ] ;; esac",
        );
        self.fake("getent", "grep \"^$2:\" /etc/$1");
        self.fake(
            "gpasswd",
            r#"cp /etc/group /etc/group-
case $1 in -a) sed -i "s/^$3:.*/&$2/" /etc/group ;; -d) sed -i "/^$3:/s/,*$2\$//" /etc/group ;; esac"#,
        );
        self.fake(
            "sv",
            r#"for s; do :; done; [ -L "$s" ] || s=/etc/runit/runsvdir/default/$s
case $* in *check*) [ -L "$s" ] && mkdir -p "$s/supervise" && : >"$s/supervise/ok" ;; esac"#,
        );
    }

    fn run(&self, program: &str, words: &[&str]) -> Done {
        let mut command = Command::new("timeout");
        command
            .args(["60", "unshare", "-r", "chroot"])
            .arg(&self.0.root)
            .args(["/bin/env", "-i", "PATH=/bin", "/bin/sh", &format!("/{}/{program}", machine::LIBEXEC)])
            .args(words)
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()));
        machine::done(&mut command)
    }

    fn log(&self) -> String {
        let log = fs::read_to_string(self.0.root.join("state/log")).unwrap_or_default();
        let _ = fs::remove_file(self.0.root.join("state/log"));
        log
    }
}

#[test]
#[ignore = "needs busybox"]
fn a_running_machine_in_and_out() {
    for distro in ["debian", "t-block", "t-entries", "t-grubby"] {
        let r = Running::new(distro);
        r.0.write("boot/grub/grub.cfg", "linux /vmlinuz root=UUID=1  quiet\n");
        let before = r.0.tree();
        r.run("status", &[]).no("not applied");
        r.run("apply", &[]).ok().says("guest one: domain: applied").says("in force after the next reboot");
        r.run("status", &[]).ok().says("host: kernel-parameters: applied");
        let log = r.log();
        for said in match distro {
            "debian" => {
                &["systemctl enable libvirtd.service", "systemctl start libvirtd.socket", "update-grub"][..]
            }
            "t-block" => {
                &["rc-update add libvirtd default", "rc-service libvirtd start", "gpasswd -a mika libvirt"]
            }
            "t-entries" => &["sv -w 10 check /etc/runit/runsvdir/default/libvirtd"],
            _ => &[
                "systemctl start virtqemud.socket",
                "grubby --update-kernel=ALL --args=intel_iommu=on iommu=pt",
            ],
        } {
            assert!(log.contains(said), "{distro}: {said} is not in\n{log}");
        }
        r.run("apply", &[]).ok().says("guest one: domain: already applied");
        let log = r.log();
        for silent in ["define", "enable ", "start", "--args", "grub-mkconfig", "gpasswd"] {
            assert!(!log.contains(silent), "{distro}: applied again: {log}");
        }
        r.run("revert", &[]).ok();
        assert_same(&before, &r.0.tree(), distro);
        assert!(!r.0.has("state/active/libvirtd.socket") && !r.0.has("state/domains/one.xml"));
    }
}

#[test]
#[ignore = "needs busybox"]
fn a_generated_file_is_made_again_when_the_kernels_have_changed() {
    let r = Running::new("debian");
    r.0.write("boot/grub/grub.cfg", "linux /vmlinuz root=UUID=1 quiet # as of then\n");
    r.run("apply", &["host"]).ok();
    assert!(r.0.read("boot/grub/grub.cfg").contains("quiet intel_iommu=on iommu=pt"));
    let old = r.0.read("boot/grub/grub.cfg");
    r.0.write(
        "boot/grub/grub.cfg",
        &(old + "linux /vmlinuz-new root=UUID=1 quiet intel_iommu=on iommu=pt\n"),
    );
    r.run("revert", &[]).ok();
    assert_eq!(r.0.read("boot/grub/grub.cfg"), "linux /vmlinuz root=UUID=1  quiet\n");
}

#[test]
#[ignore = "needs busybox"]
fn a_tool_that_fails_takes_all_back() {
    for (tool, said) in [
        ("update-grub", "`update-grub` failed with status 7"),
        ("virsh", "net-autostart default` failed"),
        ("loginctl", "loginctl enable-linger mika` failed"),
        ("qemu-img", "qemu-img create"),
    ] {
        let r = Running::new("debian");
        r.0.write("boot/grub/grub.cfg", "linux /vmlinuz\n");
        let before = r.0.tree();
        let script = match tool {
            "virsh" => {
                "case $4 in uri) echo x ;; net-info) echo 'Name: default'; echo 'Active: no' ;; *) exit 7 ;; esac"
            }
            _ => "echo it is broken; exit 7",
        };
        r.fake(tool, script);
        r.run("apply", &[]).no(said).says("failed, and is taken back");
        assert_same(&before, &r.0.tree(), tool);
        assert!(!r.0.has("state/active/libvirtd.socket"));
    }
}

#[test]
#[ignore = "needs busybox"]
fn domains_of_others_and_changed_ones_stay() {
    let r = Running::new("debian");
    r.0.write("state/domains/one.xml", "<uuid>of-somebody-else</uuid>\n");
    r.run("apply", &[]).ok().says("guest one: domain: left for later: libvirt has a domain one already");
    r.run("revert", &[]).ok();
    assert_eq!(r.0.read("state/domains/one.xml"), "<uuid>of-somebody-else</uuid>\n");

    let r = Running::new("debian");
    r.run("apply", &[]).ok();
    // Changed with virt-manager: neither an upgrade nor the removal writes over it.
    let edited = r.0.read("state/domains/one.xml").replace("filled in", "edited");
    r.0.write("state/domains/one.xml", &edited);
    r.0.write("etc/libvirt/qemu/one.xml", &edited);
    r.0.install("debian", &guest("one", "one.qcow2").replace("os =", "memory = \"2 GiB\"\nos ="), |text| {
        text
    });
    r.run("status", &[]).no("the domain one was changed");
    r.run("apply", &[]).ok().says("left as you changed it");
    r.run("revert", &[]).ok().says("the domain one was changed, so it stays");
    assert_eq!(r.0.read("state/domains/one.xml"), edited);
    assert!(!r.0.has("state/domains/one-setup.xml") && !r.0.has("var/lib/onegpu"));

    // Unchanged: an upgrade redefines it in place, so that snapshots stay.
    let r = Running::new("debian");
    r.run("apply", &[]).ok();
    r.log();
    r.0.install("debian", &guest("one", "one.qcow2").replace("os =", "memory = \"2 GiB\"\nos ="), |text| {
        text
    });
    r.run("apply", &[]).ok().says("guest one: domain: applied");
    assert!(r.0.read("state/domains/one.xml").contains("2048") && !r.log().contains("undefine"));
}

#[test]
#[ignore = "needs busybox"]
fn while_a_guest_runs_it_and_the_daemon_stay() {
    let r = Running::new("debian");
    r.run("apply", &[]).ok();
    r.0.write("run/libvirt/qemu/one-setup.xml", "");
    let applied = r.0.tree();
    r.run("revert", &[]).no("one-setup runs: shut it down first");
    assert_same(&applied, &r.0.tree(), "refused");
    fs::remove_file(r.0.root.join("run/libvirt/qemu/one-setup.xml")).unwrap();
    r.0.write("run/libvirt/qemu/other.xml", "");
    r.log();
    r.run("revert", &[]).ok().says("a guest runs: libvirt goes on running");
    assert!(!r.log().contains("systemctl stop"));
}

#[test]
#[ignore = "needs shellcheck"]
fn shellcheck_has_nothing_to_say() {
    for (distro, init) in [
        ("debian", "systemd"),
        ("debian", "openrc"),
        ("t-block", "openrc"),
        ("t-entries", "runit"),
        ("t-kernel-install", "systemd"),
        ("t-grubby", "systemd"),
        ("t-kernelstub", "systemd"),
    ] {
        let temp = tempfile::tempdir().unwrap();
        let out = temp.path().join("out");
        let with_init = |text: String| text.replace("[host]", &format!("[host]\ninit = \"{init}\""));
        render(distro, &guest("one", "it's.qcow2"), with_init, &out);
        let mut files = Vec::new();
        shell_files(&out.join("root").join(machine::LIBEXEC), &mut files);
        shell_files(&out.join("root/etc/default"), &mut files);
        assert!(files.len() > 9, "{files:?}");
        machine::done(Command::new("shellcheck").args(["-s", "sh"]).args(&files)).ok();
    }
}

fn shell_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => shell_files(&path, out),
            false => out.push(path),
        }
    }
}

#[test]
#[ignore = "needs node"]
fn the_polkit_rule_lets_in_one_user_for_one_thing() {
    let m = Machine::new("debian", "");
    let rule = m.root.join("usr/share/polkit-1/rules.d/50-onegpu.rules");
    let script = r#"let rule; const polkit = { Result: { YES: "yes" }, addRule: (f) => { rule = f; } };
eval(require("fs").readFileSync(process.argv[1], "utf8"));
const ask = (id, user) => String(rule({ id }, { user }));
console.log(ask("org.libvirt.unix.manage", "mika"), ask("org.libvirt.unix.manage", "eve"), ask("org.freedesktop.x", "mika"));"#;
    let done = machine::done(Command::new("node").args(["-e", script]).arg(rule)).ok();
    assert_eq!(done.out, "yes undefined undefined\n");
}
