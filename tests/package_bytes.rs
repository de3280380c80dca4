//! Packages are the same bytes for the same setup, and bad values are told.

#![allow(clippy::unwrap_used, missing_docs)]

mod sample;

use onegpu::package::{SetupPackage, deb, rpm};
use sample::Build;

const WRITERS: [Build; 2] = [deb::build, rpm::build];

#[test]
fn the_order_of_files_and_the_engine_do_not_matter() {
    for build in WRITERS {
        for package in [sample::host(1), sample::guest(2)] {
            let mut shuffled = package.clone();
            shuffled.files.reverse();
            let same = sample::build(build, &package) == sample::build(build, &shuffled);
            assert!(same, "{}", package.name);
        }
    }
}

#[test]
fn every_part_of_a_package_makes_a_difference() {
    for build in WRITERS {
        let base = sample::host(1);
        let mut others = vec![
            SetupPackage { revision: 2, ..base.clone() },
            SetupPackage { summary: "another".into(), ..base.clone() },
            SetupPackage { description: "another".into(), ..base.clone() },
            SetupPackage { depends: vec!["ovmf".into()], ..base.clone() },
            SetupPackage { libexec: "/usr/lib/onegpu".into(), ..base.clone() },
            SetupPackage { auto_apply: false, ..base.clone() },
            SetupPackage { epoch: base.epoch + 1, ..base.clone() },
        ];
        let mut other = base.clone();
        other.files[0].bytes.push(b'#');
        others.push(other);
        let base = sample::build(build, &base);
        for other in others {
            let differs = sample::build(build, &other).bytes != base.bytes;
            assert!(differs, "{other:?}");
        }
    }
}

/// The crate takes the clock for a build time when the clock is behind.
#[test]
fn no_clock_gets_into_an_rpm() {
    let far = u32::MAX - 1;
    for epoch in [0, 1_790_000_000, far] {
        let built = sample::build(rpm::build, &SetupPackage { epoch, ..sample::host(1) });
        let read = ::rpm::Package::parse(&mut built.bytes.as_slice()).unwrap();
        assert_eq!(read.metadata.get_build_time().unwrap(), u64::from(epoch));
        read.verify_digests().unwrap();
    }
}

#[test]
fn values_that_a_format_cannot_have_are_refused_with_a_reason() {
    let says =
        |build: Build, package: &SetupPackage| sample::try_build(build, package).unwrap_err().to_string();
    let summary = SetupPackage { summary: "two\nlines".into(), ..sample::host(1) };
    assert!(says(deb::build, &summary).contains("a field of package metadata cannot have '\\n'"));
    assert!(says(rpm::build, &summary).contains("a field of package metadata cannot have '\\n'"));
    let empty = SetupPackage { description: " \n".into(), ..sample::host(1) };
    assert!(says(deb::build, &empty).contains("at least one word"));
    let debian = SetupPackage { depends: vec!["iptables | nftables".into()], ..sample::host(1) };
    assert!(says(rpm::build, &debian).contains("invalid dependency \"iptables | nftables\""));
    let forged = SetupPackage { depends: vec!["a\nPre-Depends: b".into()], ..sample::host(1) };
    for build in WRITERS {
        assert!(says(build, &forged).contains("cannot have '\\n'"));
    }
}
