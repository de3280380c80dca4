//! The machine on which setups come and go: a libvirt host with boot files, a user, and files
//! that other makers have put where ours go.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::layer::Layer;

/// Stand-ins; the rest is the root's own: grub-mkconfig and update-grub, systemctl, qemu-img.
/// grub-probe asks the disks, and Debian has no grubby.
const STAND_INS: [(&str, &str); 2] = [
    (
        "/usr/sbin/grub-probe",
        "case $* in *fs_uuid*) echo 1234-ABCD ;; *=fs) echo ext2 ;; *) echo /dev/sda1 ;; esac",
    ),
    (
        "/usr/local/sbin/grubby",
        r#"e=/boot/loader/entries
case $2 in
    '') for f in $e/linux*.conf; do sed -n 's/^options \(.*\)/args="\1"/p' $f; done ;;
    --args=*) for w in ${2#--args=}; do for f in $e/linux*.conf; do grep -q " $w" $f || sed -i "s/^options.*/& $w/" $f; done; done ;;
    --remove-args=*) for w in ${2#--remove-args=}; do sed -i "s/ $w//" $e/linux*.conf; done ;;
esac"#,
    ),
];

/// The machine's own files and those of other makers.
const FILES: [(&str, &str); 15] = [
    ("/root/card.rom", "U\u{2}rom\n"),
    // Quotes, a continuation, a variable, a comment, no newline at the end.
    (
        "/etc/default/grub",
        "# mine\nGRUB_DISTRIBUTOR='A \"name\"'\nGRUB_DISABLE_OS_PROBER=true\nmore=\"splash \\\n  loglevel=3\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet $more\"\nGRUB_CMDLINE_LINUX=\"cryptdevice=/dev/sda2:root\"\nGRUB_TIMEOUT=0",
    ),
    (
        "/etc/default/grub.d/90-mine.cfg",
        "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT mitigations=auto\"\n",
    ),
    ("/boot/vmlinuz-6.1.0-1-amd64", "kernel\n"),
    ("/boot/initrd.img-6.1.0-1-amd64", "initrd\n"),
    ("/boot/grub/grubenv", "# GRUB Environment Block\n"),
    // A snippet of the user's own.
    ("/etc/grub.d/41_mine", "#!/bin/sh\necho 'menuentry \"mine\" { linux /mine.efi }'\n"),
    (
        "/boot/loader/entries/linux.conf",
        "title Linux\r\nlinux /vmlinuz\r\noptions root=UUID=1\r\noptions rw quiet",
    ),
    (
        "/boot/loader/entries/linux-lts.conf",
        "title LTS\nlinux /vmlinuz-lts\noptions root=UUID=1\noptions rw\n",
    ),
    ("/boot/loader/entries/windows.conf", "title Windows\nefi /EFI/Microsoft/Boot/bootmgfw.efi\n"),
    ("/etc/kernel/cmdline", "# mine\nroot=UUID=1 rw"),
    // A main hook in the manner of VFIO-Tools: it runs all that is executable in a guest's folder.
    (
        "/etc/libvirt/hooks/qemu",
        "#!/bin/bash\nfor file in \"$0.d/$1/$2/$3\"/*; do\n    if [ -x \"$file\" ]; then \"$file\" \"$@\"; fi\ndone\n",
    ),
    ("/etc/libvirt/hooks/qemu.d/win10/prepare/begin/mine.sh", "#!/bin/sh\n# VFIO-Tools\n"),
    ("/etc/libvirt/hooks/qemu.d/one/started/begin/mine.sh", "#!/bin/sh\n# VFIO-Tools\n"),
    ("/etc/libvirt/qemu/networks/default.xml", "<network/>\n"),
];

/// OpenRC's services of libvirt. A script beside a unit has Debian's systemctl ask update-rc.d, too.
pub const OPENRC_SERVICES: [&str; 2] = ["/etc/init.d/libvirtd", "/etc/init.d/virtlogd"];

/// Folders that a machine with libvirt has.
const FOLDERS: [&str; 8] = [
    "/etc/libvirt/qemu/networks",
    "/etc/runlevels/default",
    "/etc/systemd/system",
    "/usr/share/vgabios",
    "/usr/share/licenses",
    "/usr/share/polkit-1/rules.d",
    "/var/lib/libvirt/images",
    "/var/lib/systemd",
];

/// Makes the layer such a machine. Libvirt's services are not enabled on it.
pub fn furnish(layer: &Layer) {
    for folder in FOLDERS {
        fs::create_dir_all(layer.path(folder)).unwrap();
    }
    for unit in ["libvirtd", "virtqemud", "virtnetworkd"] {
        let path = format!("/usr/lib/systemd/system/{unit}");
        layer.write(
            &format!("{path}.service"),
            format!("[Service]\nExecStart=/usr/sbin/{unit}\n[Install]\nWantedBy=multi-user.target\nAlso={unit}.socket\n"),
        );
        layer.write(
            &format!("{path}.socket"),
            "[Socket]\nListenStream=/run/x\n[Install]\nWantedBy=sockets.target\n",
        );
    }
    for wants in ["multi-user", "sockets"] {
        for entry in fs::read_dir(layer.path(&format!("/etc/systemd/system/{wants}.target.wants")))
            .into_iter()
            .flatten()
        {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("libvirtd") {
                fs::remove_file(path).unwrap();
            }
        }
    }
    for (path, text) in FILES {
        layer.write(path, text);
    }
    for script in ["/etc/libvirt/hooks/qemu", "/etc/grub.d/41_mine"] {
        fs::set_permissions(layer.path(script), fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (file, line) in
        [("/etc/passwd", "mika:x:1000:1000::/home/mika:/bin/sh\n"), ("/etc/group", "mika:x:1000:\n")]
    {
        let text = layer.read(file).unwrap();
        if !text.contains("\nmika:") {
            layer.write(file, text + line);
        }
    }
    for (path, script) in STAND_INS {
        program(layer, path, script);
    }
    if !layer.path("/usr/bin/qemu-img").exists() {
        program(layer, "/usr/local/sbin/qemu-img", "shift 3; echo \"fresh $2\" >\"$1\"");
    }
    // Made when GRUB came; since then the user has written in it.
    let made = layer.command(&["grub-mkconfig", "-o", "/boot/grub/grub.cfg"]).output().unwrap();
    let text = layer.read("/boot/grub/grub.cfg").unwrap_or_default();
    let line =
        text.lines().find(|line| line.trim_start().starts_with("linux") && line.contains("quiet splash"));
    assert!(line.is_some() && text.contains("menuentry \"mine\""), "{made:?}");
    layer.write("/boot/grub/grub.cfg", text + "# as of then\n");
    traps(layer);
}

fn program(layer: &Layer, path: &str, script: &str) {
    layer.write(path, format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(layer.path(path), fs::Permissions::from_mode(0o755)).unwrap();
}

/// The folder of the traps. Its folder `on`, which is there while they are armed, stands first on
/// the maintainer scripts' PATH.
pub const TRAPS: &str = "/traps";

/// Every program of these is counted when `apply` or `revert` calls it. /traps/at says what happens:
/// `0` nothing more; `photo` copies the layer as it is then; before the call of a number, either they
/// with their shells are killed, or everything up to the package manager.
const TRAPPED: &str = "awk bootctl cat chmod cp gpasswd grub-mkconfig grubby head kernel-install ln mkdir mv qemu-img rm rmdir sed semodule sync systemctl tail touch update-grub";
const TRAP: &str = r#"tool=${0##*/}
parent_of() {
    read -r line 2>/dev/null <"/proc/$1/stat" || return 1
    line=${line##*) }
    # shellcheck disable=SC2086
    set -- $line
    parent=$2
}
pid=$$ above='' work=''
while parent_of "$pid" && [ "$parent" -gt 1 ]; do
    above="$parent $above" pid=$parent
    read -r line 2>/dev/null <"/proc/$pid/cmdline"
    case $line in
        # grub-mkconfig's own parts only print.
        /bin/sh/etc/grub.d/*) break ;;
        /bin/sh/usr/*/onegpu/apply* | /bin/sh/usr/*/onegpu/revert*) work=$above ;;
    esac
done
if [ -n "$work" ]; then
    # The programs of a pipe come at once.
    exec 9>/traps/lock
    /usr/bin/flock 9
    read -r calls </traps/calls
    calls=$((calls + 1))
    echo "$calls" >/traps/calls
    read -r at whom </traps/at
    if [ "$at" = photo ]; then
        read -r from </traps/from
        read -r to </traps/to
        /usr/bin/cp -a "$from" "$to/$calls"
        /usr/bin/cat "/proc/${work%% *}/cmdline" >"$to/$calls.words"
    elif [ "$calls" = "$at" ]; then
        pid=$$
        chain=''
        while parent_of "$pid" && [ "$parent" -gt 1 ]; do
            pid=$parent chain="$chain $pid"
            [ "$pid" != "${work%% *}" ] || break
        done
        : >/traps/killed
        if [ "$whom" = all ]; then read -r group </traps/group; kill -KILL "-$group"; fi
        kill -KILL $chain
        exit 137
    fi
    exec 9>&-
fi
for folder in /usr/local/sbin /usr/sbin /usr/bin; do
    if [ -x "$folder/$tool" ]; then exec "$folder/$tool" "$@"; fi
done
exit 127"#;

/// grub-mkconfig takes longer than all else together, and always makes the same of the same files: what
/// the real one has made of them before is written again, the way that it writes.
const REMEMBERED: &str = r#"read -r to </traps/to
made=${to%/*}/made
key=$({ cat /etc/default/grub /etc/default/grub.d/*; ls /boot /etc/grub.d; } 2>/dev/null | cksum)
key=$made/${key% *}
if [ "$1" = -o ] && [ -e "$key" ]; then
    cat "$key" >"$2.new" && cat "$2.new" >"$2" && rm "$2.new"
    exit
fi
/usr/sbin/grub-mkconfig "$@" || exit
[ "$1" != -o ] || { mkdir -p "$made" && cp "$2" "$key"; }"#;

/// The PATH on which grub-mkconfig remembers.
pub fn remembering() -> String {
    format!("{TRAPS}/remembering:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

fn traps(layer: &Layer) {
    program(layer, &format!("{TRAPS}/trap"), TRAP);
    program(layer, &format!("{TRAPS}/remembering/grub-mkconfig"), REMEMBERED);
    fs::create_dir(layer.path(&format!("{TRAPS}/tools"))).unwrap();
    for tool in TRAPPED.split(' ') {
        // A program that is not there stays so.
        if ["/usr/local/sbin", "/usr/sbin", "/usr/bin"]
            .iter()
            .any(|folder| layer.path(&format!("{folder}/{tool}")).exists())
        {
            symlink("../trap", layer.path(&format!("{TRAPS}/tools/{tool}"))).unwrap();
        }
    }
}

/// Sets the traps: what /traps/at shall say.
pub fn arm(layer: &Layer, at: &str) {
    let (from, to) = layer.images();
    layer.write(&format!("{TRAPS}/from"), format!("{}\n", from.display()));
    layer.write(&format!("{TRAPS}/to"), format!("{}\n", to.display()));
    layer.write(&format!("{TRAPS}/at"), format!("{at}\n"));
    layer.write(&format!("{TRAPS}/calls"), "0\n");
    symlink("tools", layer.path(&format!("{TRAPS}/on"))).unwrap();
}

/// Takes them away; how many programs were called, and whether one was killed.
pub fn disarm(layer: &Layer) -> (usize, bool) {
    let calls = layer.read(&format!("{TRAPS}/calls")).unwrap();
    let killed = layer.path(&format!("{TRAPS}/killed")).exists();
    for name in ["at", "calls", "on", "killed"] {
        let _ = fs::remove_file(layer.path(&format!("{TRAPS}/{name}")));
    }
    (calls.trim().parse().unwrap(), killed)
}
