//! Machines that run: a folder with busybox as its system, entered by chroot, and stand-ins with a
//! state for systemctl, virsh and their like.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::machine::{self, Done, Machine, guest};

/// A machine that runs, as far as its programs can tell.
pub struct Running(pub Machine);

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
    pub fn new(distro: &str) -> Self {
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
            "t-kernelstub" => {
                fs::create_dir_all(running.0.root.join("run/systemd/system")).unwrap();
                running.0.write(
                    "etc/kernelstub/configuration",
                    "{\n  \"user\": {\n    \"kernel_options\": [\"quiet\"]\n  }\n}",
                );
                running.0.write(
                    "boot/efi/loader/entries/Pop_OS-current.conf",
                    "title Pop\nlinux /vmlinuz.efi\noptions root=UUID=1 quiet\n",
                );
            }
            "t-block" => running.0.write("run/openrc/softlevel", "default\n"),
            "t-entries" => fs::create_dir_all(running.0.root.join("run/runit")).unwrap(),
            _ => fs::create_dir_all(running.0.root.join("run/systemd/system")).unwrap(),
        }
        running.stand_ins();
        running
    }

    pub fn fake(&self, name: &str, script: &str) {
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
    define) n=$(sed -n 's:.*<name>\(.*\)</name>.*:\1:p' "$2"); for f in $d/$n.xml /etc/libvirt/qemu/$n.xml; do
            { cat "$2" && echo "<!-- filled in -->"; } >$f.new || { rm $f.new $d/$n.xml; exit 1; }
            mv $f.new $f
        done ;;
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
    --args=*) for w in ${2#--args=}; do for e in $f/linux*.conf; do grep -q " $w" $e || sed -i "s/^options.*/& $w/" $e || exit 1; done; done ;;
    --remove-args=*) for w in ${2#--remove-args=}; do sed -i "s/ $w//" $f/linux*.conf; done ;;
esac"#,
        );
        self.fake(
            "kernelstub",
            r#"c=/etc/kernelstub/configuration e=/boot/efi/loader/entries/Pop_OS-current.conf
case $1 in
    --add-options) for w in $2; do sed -i "s/\"quiet\"/\"quiet\", \"$w\"/" $c && sed -i "s/^options.*/& $w/" $e || exit 1; done ;;
    --delete-options) for w in $2; do sed -i "s/, \"$w\"//" $c && sed -i "s/ $w//" $e || exit 1; done ;;
esac"#,
        );
        self.fake(
            "write-entries",
            r#". /etc/default/systemd-boot
e=/boot/loader/entries/linux.conf
{ grep -v ^options $e && echo "options root=UUID=1 $CMDLINE"; } >$e.new && mv $e.new $e || { rm -f $e.new; exit 1; }"#,
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

    pub fn run(&self, program: &str, words: &[&str]) -> Done {
        let mut command = Command::new("timeout");
        command
            .args(["60", "unshare", "-r", "chroot"])
            .arg(&self.0.root)
            .args(["/bin/env", "-i", "PATH=/bin", "/bin/sh", &format!("/{}/{program}", machine::LIBEXEC)])
            .args(words)
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()));
        machine::done(&mut command)
    }

    pub fn log(&self) -> String {
        let log = fs::read_to_string(self.0.root.join("state/log")).unwrap_or_default();
        let _ = fs::remove_file(self.0.root.join("state/log"));
        log
    }
}
