//! The steps when something comes in between: an upgrade, a missing tool, a kill or a
//! failure at every point.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;

use std::fs;

use machine::{Machine, assert_same, guest};

#[test]
fn an_upgrade_takes_the_old_back_and_the_new_in() {
    let m = Machine::usual("debian");
    let before = m.tree();
    m.run("apply", &[]).ok();
    // Another boot loader, one guest renamed, the other without its sound.
    let guests = guest("three", "one.qcow2") + &guest("two", "two.raw").replace("pipewire", "none");
    m.install("t-block", &guests, |text| text.replace("intel", "amd"));
    m.run("status", &[])
        .no("was applied by another version")
        .says("guest one: disk: drifted: is no longer part");
    m.run("apply", &[]).ok().says("guests/one is no longer installed".trim_start_matches("guests/"));
    assert_eq!(m.grub_words(), "quiet iommu=pt");
    assert!(!m.has("etc/systemd/system/multi-user.target.wants/libvirtd.service"));
    assert!(m.has("etc/runlevels/default/libvirtd"));
    assert!(!m.has("var/lib/onegpu/guests/one") && !m.has("var/lib/onegpu/guests/two/linger"));
    assert!(m.has("var/lib/onegpu/guests/three/linger"));
    m.run("revert", &[]).ok();
    assert!(!m.read("etc/default/grub").contains("onegpu"));
    for path in ["etc/default/grub.d", "etc/default/grub.d/50-onegpu.cfg"] {
        assert!(before.contains_key(path));
    }
    assert_same(&before, &m.tree(), "revert");
}

#[test]
fn reverts_without_the_files_of_the_steps() {
    let m = Machine::usual("t-block");
    let before = m.tree();
    m.run("apply", &[]).ok();
    fs::remove_dir_all(m.root.join(machine::LIBEXEC).join("steps")).unwrap();
    m.run("revert", &[]).ok();
    assert_same(&before, &m.tree(), "revert");
}

#[test]
fn without_a_place_for_the_record_nothing_happens() {
    for blocked in ["var/lib/onegpu", "var"] {
        let m = Machine::usual("debian");
        if blocked == "var" {
            fs::remove_dir_all(m.root.join("var")).unwrap();
        }
        m.write(blocked, "in the way\n");
        let before = m.tree();
        m.run("apply", &[]).no("nothing was changed");
        assert_same(&before, &m.tree(), blocked);
    }
}

/// Puts a counter in front of every program that changes something; at the
/// given call it kills the whole run, or fails.
fn trap(m: &Machine, tools: &str) {
    for tool in tools.split(' ') {
        let real = match m.bin.join(tool).exists() {
            true => {
                fs::rename(m.bin.join(tool), m.bin.join(format!("{tool}.real"))).unwrap();
                m.bin.join(format!("{tool}.real")).display().to_string()
            }
            false => format!("/usr/bin/{tool}"),
        };
        m.fake(
            tool,
            &format!(
                r#"n=0; [ ! -e "$PID.n" ] || read n <"$PID.n"
n=$((n + 1)); echo $n >"$PID.n"
if [ "$n" = "${{KILL_AT-}}" ]; then read pid <"$PID"; kill -9 "-$pid"; exit 9; fi
if [ "$n" = "${{FAIL_AT-}}" ]; then echo "{tool}: No space left on device" >&2; exit 1; fi
exec {real} "$@""#
            ),
        );
    }
}

const CHANGERS: &str = "mv rm rmdir mkdir cp ln touch qemu-img systemctl";

/// Which calls are tried: every one takes many minutes, so each run of the tests takes some, spread
/// over all; `ONEGPU_TEST_EVERY=1` tries all.
fn every() -> u32 {
    std::env::var("ONEGPU_TEST_EVERY").map_or(11, |every| every.parse().unwrap())
}

/// Runs with the trap set at `n`; none when the run has fewer calls.
fn at(m: &Machine, n: u32, program: &str, what: &str) -> Option<machine::Done> {
    let counter = m.temp.path().join("pid.n");
    let _ = fs::remove_file(&counter);
    let done = m.run_by(&["sh"], program, &[], &[(what, &n.to_string())]);
    // A kill may have hit the counting itself.
    let calls = fs::read_to_string(counter).unwrap().trim().parse().unwrap_or(n);
    (done.status.is_none() || calls >= n).then_some(done)
}

#[test]
fn killed_at_every_point_it_still_goes_out() {
    for (offset, distro) in ["debian", "t-kernel-install", "t-block"].into_iter().enumerate() {
        let m = Machine::usual(distro);
        trap(&m, CHANGERS);
        let before = m.tree();
        let mut n = offset as u32;
        loop {
            n += every();
            let Some(done) = at(&m, n, "apply", "KILL_AT") else { break };
            assert_eq!(done.status, None, "{n}: {done:#?}");
            if n.is_multiple_of(2) {
                m.run("apply", &[]).ok();
            }
            m.run("revert", &[]).ok();
            assert_same(&before, &m.tree(), &format!("{distro}: apply killed at call {n}"));
        }
        assert!(n > 60, "only {n} calls");
        let mut n = offset as u32;
        loop {
            m.run("apply", &[]).ok();
            n += every();
            let Some(_) = at(&m, n, "revert", "KILL_AT") else { break };
            if n.is_multiple_of(2) {
                m.run("apply", &[]).ok();
            }
            m.run("revert", &[]).ok();
            assert_same(&before, &m.tree(), &format!("{distro}: revert killed at call {n}"));
        }
        assert!(n > 20, "only {n} calls");
    }
}

#[test]
fn failing_at_every_point_leaves_the_machine_as_it_was() {
    for (offset, distro) in ["debian", "t-block"].into_iter().enumerate() {
        let m = Machine::usual(distro);
        trap(&m, "mv mkdir cp ln touch sync qemu-img");
        let before = m.tree();
        let (mut n, mut failures) = (offset as u32, 0);
        loop {
            n += every();
            let Some(done) = at(&m, n, "apply", "FAIL_AT") else { break };
            match done.status {
                Some(1) => {
                    failures += 1;
                    assert!(done.err.contains("apply did not finish"), "{done:#?}");
                    assert_same(&before, &m.tree(), &format!("{distro}: call {n} failed: {done:#?}"));
                }
                // A call whose failure does no harm.
                status => assert_eq!(status, Some(0), "{n}: {done:#?}"),
            }
            m.run("revert", &[]).ok();
            assert_same(&before, &m.tree(), &format!("{distro}: after call {n} failed"));
        }
        assert!(failures > 5, "only {failures} of {n} calls");
    }
}

/// As in an installer's chroot or an image: nothing of what the steps need is there yet.
#[test]
fn what_was_left_for_later_is_done_by_a_later_apply() {
    for distro in ["debian", "t-block", "t-entries", "t-kernel-install"] {
        let m = Machine::usual(distro);
        let away = m.temp.path().join("away");
        let missing = [
            "usr/lib/systemd",
            "etc/systemd",
            "etc/init.d",
            "etc/runlevels",
            "etc/sv",
            "etc/runit",
            "etc/default/grub",
            "boot/loader",
            "etc/kernel",
            "etc/libvirt/qemu",
            "var/lib/systemd",
            "var/lib/libvirt",
            "root/card.rom",
        ];
        let there: Vec<&str> = missing.into_iter().filter(|path| m.has(path)).collect();
        for (at, path) in there.iter().enumerate() {
            fs::create_dir_all(&away).unwrap();
            fs::rename(m.root.join(path), away.join(at.to_string())).unwrap();
        }
        let bare = m.tree();
        let done = m.run("apply", &[]).ok();
        for step in [
            "host: libvirt-service",
            "host: rom",
            "host: default-network",
            "guest one: disk",
            "guest one: linger",
            "guest one: domain",
        ] {
            assert!(done.err.contains(&format!("{step}: left for later: ")), "{distro}: {step}: {done:#?}");
        }
        m.run("status", &[]).no("host: libvirt-service: left for later: ");
        m.run("revert", &[]).ok();
        assert_same(&bare, &m.tree(), distro);
        m.run("apply", &[]).ok();
        for (at, path) in there.iter().enumerate() {
            fs::rename(away.join(at.to_string()), m.root.join(path)).unwrap();
        }
        m.run("apply", &[]).ok();
        let status = m.run("status", &[]);
        for step in [
            "host: libvirt-service",
            "host: kernel-parameters",
            "host: rom",
            "host: default-network",
            "guest one: disk",
            "guest two: linger",
        ] {
            assert!(status.out.contains(&format!("{step}: applied\n")), "{distro}: {step}: {status:#?}");
        }
        m.run("revert", &[]).ok();
        let whole = Machine::usual(distro);
        assert_eq!(whole.tree().keys().collect::<Vec<_>>(), m.tree().keys().collect::<Vec<_>>(), "{distro}");
    }
}
