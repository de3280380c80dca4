//! The steps where nothing can be written, or only so much: on file systems of their own.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;
#[path = "steps/running.rs"]
mod running;

use std::fs;
use std::io::Write;
use std::process::Command;

use machine::{Done, LIBEXEC, Machine, assert_same};
use running::Running;

/// One of each package format, of each way to set kernel parameters and of each init. The ways that
/// only do something on a machine that runs are tried on one that does, entered by chroot.
const DISTROS: [&str; 11] = [
    "debian",
    "fedora",
    "arch",
    "gentoo",
    "void",
    "t-block",
    "t-entries",
    "t-kernel-install",
    "t-limine",
    "t-refind",
    "t-sourced",
];
const RUNNING: [&str; 3] = ["t-grubby", "t-kernelstub", "t-sourced"];

/// The machine $1, copied to a file system of a few pages and files at $2, of which more and more
/// are free, from $4 on by $5, until there is room for all: so each thing that takes room is once
/// the first to find none. $3 is a folder for notes; $6 says how the machine is entered.
const FULL: &str = r#"
sum() { (cd "$1" && find . \( -path ./fill -o -path ./state/log -o -path ./dev \) -prune -o -printf '%y %m %u %p %l\n' | sort && find . \( -path ./fill -o -path ./state/log -o -path ./dev \) -prune -o -type f -print | sort | xargs cksum); }
# With --root, the programs themselves are elsewhere: what counts is what they write.
run() {
    if [ "$how" = chroot ]; then
        rm -f "$2/state/log"
        chroot "$2" /bin/env -i PATH=/bin /bin/sh "/usr/libexec/onegpu/$3" >"$4/said" 2>&1
    else
        sh "$1/usr/libexec/onegpu/$3" --root "$2" >"$4/said" 2>&1
    fi
}
ready() {
    mount -t tmpfs -o "$4" none "$2" && cp -a "$1/." "$2/" && mkdir "$2/fill" && sum "$2" >"$3/before" || return 1
    [ "$how" != chroot ] || mount --bind /dev/null "$2/dev/null"
}
# fill WHAT FREE: leaves so many pages or files.
fill() {
    if [ "$1" = pages ]; then
        dd if=/dev/zero of="$root/fill/all" bs=4k 2>/dev/null
        truncate -s "-$(($2 * 4))k" "$root/fill/all"
    else
        made=0
        while { true >"$root/fill/$made"; } 2>/dev/null; do made=$((made + 1)); done
        left=$2
        while [ "$left" -gt 0 ]; do made=$((made - 1)) left=$((left - 1)); rm "$root/fill/$made"; done
    fi
}
empty() { rm -rf "$root/fill"; mkdir "$root/fill"; }
# try WHAT FREE: there and back; what it says is what is wrong.
try() {
    fill "$1" "$2"
    run "$from" "$root" apply "$notes"
    status=$?
    if [ $status = 1 ]; then
        failed=$((failed + 1))
        sum "$root" | diff "$notes/before" - || { echo "differs" && return 1; }
        grep -q "did not finish" "$notes/said" && grep -q -e "No space left" -e "no room" "$notes/said" || { echo "not named" && return 1; }
    else
        [ $status = 0 ] || { echo "status $status" && return 1; }
    fi
    # Undoing wants room too; what it cannot do now it does when there is some.
    empty
    run "$from" "$root" apply "$notes" || { echo "not applied with room" && return 1; }
    fill "$1" "$2"
    run "$from" "$root" revert "$notes" || {
        grep -q "revert did not finish" "$notes/said" || { echo "revert does not say so" && return 1; }
        empty
        run "$from" "$root" revert "$notes" || { echo "not reverted with room" && return 1; }
    }
    empty
    sum "$root" | diff "$notes/before" - || { echo "differs afterwards" && return 1; }
}
from=$1 root=$2 notes=$3 how=$6
failed=0 tried=0 wrong=0
for what in pages files; do
    if [ $what = pages ]; then
        options="size=$(($(du -sk "$from" | cut -f 1) + 1200))k"
    else
        options="nr_inodes=$(($(find "$from" | wc -l) + 300))"
    fi
    ready "$from" "$root" "$notes" "$options" || exit 9
    free=$4 status=1
    while [ "$status" = 1 ]; do
        [ "$free" -lt 290 ] || { echo "never room enough"; exit 10; }
        tried=$((tried + 1))
        if ! try $what "$free" >"$notes/wrong"; then
            wrong=$((wrong + 1))
            echo "with $free $what free:" && cat "$notes/wrong" "$notes/said"
            umount -R "$root" && ready "$from" "$root" "$notes" "$options" || exit 9
        fi
        free=$((free + $5))
    done
    umount -R "$root"
done
[ $wrong = 0 ] || exit 1
echo "$failed of $tried failed""#;

fn in_a_namespace(m: &Machine, script: &str, words: &[&std::path::Path], last: &str) -> Done {
    let path = format!("{}:{}", m.bin.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("timeout");
    command.args(["900", "unshare", "-rm", "sh", "-c", script, "sh"]).args(words).arg(last).env("PATH", path);
    machine::done(&mut command)
}

/// One of `DISTROS`, with the stand-ins.
fn usual(distro: &str) -> Machine {
    let m = Machine::usual(distro);
    match distro {
        // Where its programs lie is not the matter here.
        "arch" => m.link("lib", "usr/libexec"),
        "t-limine" => m.write("etc/default/limine", "KERNEL_CMDLINE[default]=\"root=UUID=1\"\n"),
        "t-refind" => m.write("boot/refind_linux.conf", "\"Boot\" \"root=UUID=1 rw\"\n\"One\" \"single\"\n"),
        _ => (),
    }
    m
}

/// Which numbers of free pages and files are tried: all of them with ONEGPU_TEST_EVERY=1. What is
/// wrong at one of them comes back.
fn full(m: &Machine, name: &str, at: usize, how: &str) -> Option<String> {
    let some = std::env::var("ONEGPU_TEST_EVERY").unwrap_or("29".into());
    let full = m.temp.path().join("full");
    fs::create_dir(&full).unwrap();
    // The stand-in wants to be told of this machine and no other.
    if how == "root" {
        let systemctl = fs::read_to_string(m.bin.join("systemctl")).unwrap();
        m.fake("systemctl", &systemctl.replace(m.root.to_str().unwrap(), full.to_str().unwrap()));
    }
    let first = at % some.parse::<usize>().unwrap();
    let path = format!("{}:{}", m.bin.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("timeout");
    command
        .args(["1800", "unshare", "-rm", "sh", "-c", FULL, "sh"])
        .args([&m.root, &full])
        .arg(m.temp.path());
    command.args([&first.to_string(), &some, how]).env("PATH", path);
    let done = machine::done(&mut command);
    if done.status != Some(0) {
        return Some(format!("{name}: {}{}", done.out, done.err));
    }
    let words: Vec<u32> = done.out.split(' ').filter_map(|word| word.trim().parse().ok()).collect();
    assert!(words[0] > 0 && words[0] < words[1], "{name}: {done:?}");
    // Past the test harness, which would keep it for itself.
    let _ = writeln!(
        std::io::stderr(),
        "{name}: from {first} by {some} free pages and files: {}",
        done.out.trim()
    );
    None
}

#[test]
#[ignore = "needs unshare"]
fn a_full_disk_leaves_the_machine_as_it_was() {
    let tried = DISTROS.into_iter().enumerate();
    let wrong: Vec<_> =
        tried.filter_map(|(at, distro)| full(&usual(distro), distro, 3 * at, "root")).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs busybox, unshare"]
fn a_full_disk_leaves_a_machine_that_runs_as_it_was() {
    let tried = RUNNING.into_iter().enumerate();
    let wrong: Vec<_> = tried
        .filter_map(|(at, distro)| {
            full(&Running::new(distro).0, &format!("{distro}, running"), 3 * at + 1, "chroot")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs unshare"]
fn a_read_only_machine_stays_as_it_is() {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && exec sh \"$1/usr/libexec/onegpu/$2\" --root \"$1\"";
    for distro in DISTROS {
        let m = usual(distro);
        let before = m.tree();
        in_a_namespace(&m, script, &[&m.root], "apply")
            .no("nothing was changed")
            .says("Read-only file system");
        assert_same(&before, &m.tree(), "read-only");
        in_a_namespace(&m, script, &[&m.root], "status").no("not applied");
        in_a_namespace(&m, script, &[&m.root], "revert").ok();
        m.run("apply", &[]).ok();
        let applied = m.tree();
        let again = in_a_namespace(&m, script, &[&m.root], "apply");
        // What was left for later is tried again each time.
        match distro {
            "t-limine" | "t-sourced" => again.no("could not be undone").says("Read-only file system"),
            _ => again.ok().says("already applied"),
        };
        in_a_namespace(&m, script, &[&m.root], "revert")
            .no("could not be undone")
            .says("Read-only file system");
        assert_same(&applied, &m.tree(), "read-only");
        m.run("revert", &[]).ok();
        assert_same(&before, &m.tree(), "writable again");
    }
}

/// All that the programs and the steps of these distros call; some of it they can do without.
const TOOLS: &str = "awk cat chmod cksum cp cut date du flock grep head id ln mkdir mv qemu-img readlink rm rmdir sed sleep sort stat sync systemctl tail timeout touch tr wc";

#[test]
#[ignore = "needs unshare"]
fn without_a_tool_the_machine_stays_as_it_is_or_does_without() {
    let both = DISTROS.into_iter().flat_map(|distro| [(distro, "apply"), (distro, "revert")]);
    // All of them with ONEGPU_TEST_EVERY; else each distro with one of the two.
    let every = std::env::var_os("ONEGPU_TEST_EVERY").is_some();
    for (distro, program) in
        both.enumerate().filter(|(at, _)| every || at % 4 == 0 || at % 4 == 3).map(|(_, way)| way)
    {
        let m = usual(distro);
        // The programs add the usual folders to PATH: where they do not exist.
        let path = m.root.join(LIBEXEC).join("lib.sh");
        let text = fs::read_to_string(&path).unwrap();
        let bare = text.replace(":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", "");
        assert_ne!(text, bare);
        fs::write(path, bare).unwrap();
        let before = m.tree();
        let tools = m.temp.path().join("tools");
        for missing in TOOLS.split(' ') {
            let _ = fs::remove_dir_all(&tools);
            fs::create_dir(&tools).unwrap();
            for tool in TOOLS.split(' ').chain(["sh"]).filter(|tool| *tool != missing) {
                let fake = m.bin.join(tool);
                let real = if fake.exists() { fake } else { format!("/usr/bin/{tool}").into() };
                std::os::unix::fs::symlink(real, tools.join(tool)).unwrap();
            }
            if program == "revert" {
                m.run("apply", &[]).ok();
            }
            let at_first = m.tree();
            let mut command = Command::new("/bin/sh");
            command.arg(m.root.join(LIBEXEC).join(program)).arg("--root").arg(&m.root);
            let done = machine::done(command.env_clear().env("PATH", &tools));
            match done.status {
                Some(1) => {
                    assert!(done.err.contains(missing), "{distro} without {missing}: {done:#?}");
                    assert_same(&at_first, &m.tree(), &format!("{distro}: {program} without {missing}"));
                }
                _ => drop(done.ok()),
            }
            m.run("revert", &[]).ok();
            assert_same(&before, &m.tree(), &format!("{distro}: after {program} without {missing}"));
        }
    }
}
