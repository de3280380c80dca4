//! The steps where nothing can be written, or only so much: on file systems of their own.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;

use std::fs;
use std::process::Command;

use machine::{Done, LIBEXEC, Machine, assert_same};

const DISTROS: [&str; 4] = ["debian", "t-block", "t-entries", "t-kernel-install"];

/// The machine $1, copied to a file system of a few pages and files at $2, of which fewer and fewer
/// are free. $3 is a folder for notes, $4 which numbers of free ones are tried.
const FULL: &str = r#"
sum() { (cd "$1" && find . -path ./fill -prune -o -printf '%y %m %u %p %l\n' | sort && find . -path ./fill -prune -o -type f -print | sort | xargs cksum); }
# The programs themselves are elsewhere: what counts is what they write.
run() { sh "$1/usr/libexec/onegpu/$3" --root "$2" >"$4/said" 2>&1; }
ready() {
    mount -t tmpfs -o "$4" none "$2" && cp -a "$1/." "$2/" && mkdir "$2/fill" && sum "$2" >"$3/before"
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
from=$1 root=$2 notes=$3
failed=0 tried=0
for what in pages files; do
    if [ $what = pages ]; then ready "$from" "$root" "$notes" size=1200k; else ready "$from" "$root" "$notes" nr_inodes=700; fi || exit 9
    for free in $4; do
        fill $what "$free"
        run "$from" "$root" apply "$notes"
        status=$?
        tried=$((tried + 1))
        if [ $status = 1 ]; then
            failed=$((failed + 1))
            sum "$root" | diff "$notes/before" - || { echo "differs with $free $what free"; cat "$notes/said"; exit 8; }
            grep -q "did not finish" "$notes/said" && grep -q -e "No space left" -e "no room" "$notes/said" || { cat "$notes/said"; exit 7; }
        else
            [ $status = 0 ] || { cat "$notes/said"; exit 6; }
        fi
        # Undoing wants room too; what it cannot do now it does when there is some.
        empty
        run "$from" "$root" apply "$notes" || { cat "$notes/said"; exit 5; }
        fill $what "$free"
        run "$from" "$root" revert "$notes" || {
            grep -q "revert did not finish" "$notes/said" || { cat "$notes/said"; exit 4; }
            empty
            run "$from" "$root" revert "$notes" || { cat "$notes/said"; exit 3; }
        }
        empty
        sum "$root" | diff "$notes/before" - || { echo "differs after $free $what"; exit 2; }
    done
    umount "$root"
done
echo "$failed of $tried failed""#;

fn in_a_namespace(m: &Machine, script: &str, words: &[&std::path::Path], last: &str) -> Done {
    let path = format!("{}:{}", m.bin.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("timeout");
    command.args(["900", "unshare", "-rm", "sh", "-c", script, "sh"]).args(words).arg(last).env("PATH", path);
    machine::done(&mut command)
}

#[test]
#[ignore = "needs unshare"]
fn a_full_disk_leaves_the_machine_as_it_was() {
    // All of them with ONEGPU_TEST_EVERY=1.
    let some = std::env::var("ONEGPU_TEST_EVERY").map_or(17, |every| every.parse::<usize>().unwrap());
    for (at, distro) in DISTROS.into_iter().enumerate() {
        let m = Machine::usual(distro);
        let full = m.temp.path().join("full");
        fs::create_dir(&full).unwrap();
        // The stand-in wants to be told of this machine and no other.
        let systemctl = fs::read_to_string(m.bin.join("systemctl")).unwrap();
        m.fake("systemctl", &systemctl.replace(m.root.to_str().unwrap(), full.to_str().unwrap()));
        let frees: Vec<String> = (at..64).step_by(some).map(|free| free.to_string()).collect();
        let done = in_a_namespace(&m, FULL, &[&m.root, &full, m.temp.path()], &frees.join(" ")).ok();
        let words: Vec<u32> = done.out.split(' ').filter_map(|word| word.trim().parse().ok()).collect();
        assert!(words[0] * 4 >= words[1], "{distro}: {done:?}");
        eprintln!("{distro}: {}", done.out.trim());
    }
}

#[test]
#[ignore = "needs unshare"]
fn a_read_only_machine_stays_as_it_is() {
    let script = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && exec sh \"$1/usr/libexec/onegpu/$2\" --root \"$1\"";
    for distro in DISTROS {
        let m = Machine::usual(distro);
        let before = m.tree();
        in_a_namespace(&m, script, &[&m.root], "apply")
            .no("nothing was changed")
            .says("Read-only file system");
        assert_same(&before, &m.tree(), "read-only");
        in_a_namespace(&m, script, &[&m.root], "status").no("not applied");
        in_a_namespace(&m, script, &[&m.root], "revert").ok();
        m.run("apply", &[]).ok();
        let applied = m.tree();
        in_a_namespace(&m, script, &[&m.root], "apply").ok().says("already applied");
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
    let mut tried = vec![("debian", "apply"), ("t-kernel-install", "revert")];
    if std::env::var_os("ONEGPU_TEST_EVERY").is_some() {
        tried.extend([
            ("t-block", "apply"),
            ("t-kernel-install", "apply"),
            ("debian", "revert"),
            ("t-entries", "revert"),
        ]);
    }
    for (distro, program) in tried {
        let m = Machine::usual(distro);
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
