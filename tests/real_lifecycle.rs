//! A setup goes in, up and out by every package manager, in whatever order, interrupted and
//! edited: the whole root is as it was. The table is in tests/lifecycle/.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod fakes;
mod gentoo;
mod layer;
mod lifecycle;

use lifecycle::apk::Apk;
use lifecycle::bare::what_is_left_for_later_is_done_later;
use lifecycle::drift::whose_file_it_is_is_told;
use lifecycle::edits::edits_are_kept;
use lifecycle::every_way_in_and_out;
use lifecycle::families::{Dpkg, Pacman, Portage, Rpm};
use lifecycle::formats::newer_records_are_left_alone;
use lifecycle::full::a_full_disk_is_told_and_survived;
use lifecycle::kills::killed_it_is_finished_or_taken_back;
use lifecycle::xbps::Xbps;

#[test]
#[ignore = "needs loaders, unshare, root"]
fn dpkg_every_way_in_and_out() {
    every_way_in_and_out::<Dpkg>();
}

#[test]
#[ignore = "needs rpm, loaders, unshare, root"]
fn rpm_every_way_in_and_out() {
    every_way_in_and_out::<Rpm>();
}

#[test]
#[ignore = "needs pacman, loaders, unshare, root"]
fn pacman_every_way_in_and_out() {
    every_way_in_and_out::<Pacman>();
}

#[test]
#[ignore = "needs grub-mkconfig, portage, unshare, root"]
fn portage_every_way_in_and_out() {
    every_way_in_and_out::<Portage>();
}

#[test]
#[ignore = "needs apk, loaders, unshare, root"]
fn apk_every_way_in_and_out() {
    every_way_in_and_out::<Apk>();
}

#[test]
#[ignore = "needs xbps-install, loaders, unshare, root"]
fn xbps_every_way_in_and_out() {
    every_way_in_and_out::<Xbps>();
}

#[test]
#[ignore = "needs loaders, unshare, root"]
fn dpkg_keeps_edits() {
    edits_are_kept::<Dpkg>();
}

#[test]
#[ignore = "needs rpm, loaders, unshare, root"]
fn rpm_keeps_edits() {
    edits_are_kept::<Rpm>();
}

#[test]
#[ignore = "needs pacman, loaders, unshare, root"]
fn pacman_keeps_edits() {
    edits_are_kept::<Pacman>();
}

#[test]
#[ignore = "needs grub-mkconfig, portage, unshare, root"]
fn portage_keeps_edits() {
    edits_are_kept::<Portage>();
}

#[test]
#[ignore = "needs loaders, unshare, root"]
fn dpkg_killed_is_finished_or_taken_back() {
    killed_it_is_finished_or_taken_back::<Dpkg>(1);
}

#[test]
#[ignore = "needs rpm, loaders, unshare, root"]
fn rpm_killed_is_finished_or_taken_back() {
    killed_it_is_finished_or_taken_back::<Rpm>(1);
}

#[test]
#[ignore = "needs pacman, loaders, unshare, root"]
fn pacman_killed_is_finished_or_taken_back() {
    killed_it_is_finished_or_taken_back::<Pacman>(1);
}

#[test]
#[ignore = "needs grub-mkconfig, portage, unshare, root"]
fn portage_killed_is_finished_or_taken_back() {
    killed_it_is_finished_or_taken_back::<Portage>(1);
}

#[test]
#[ignore = "needs loaders, unshare, root"]
fn dpkg_does_later_what_was_left() {
    what_is_left_for_later_is_done_later::<Dpkg>();
}

#[test]
#[ignore = "needs rpm, loaders, unshare, root"]
fn rpm_does_later_what_was_left() {
    what_is_left_for_later_is_done_later::<Rpm>();
}

#[test]
#[ignore = "needs pacman, loaders, unshare, root"]
fn pacman_does_later_what_was_left() {
    what_is_left_for_later_is_done_later::<Pacman>();
}

#[test]
#[ignore = "needs grub-mkconfig, portage, unshare, root"]
fn portage_does_later_what_was_left() {
    what_is_left_for_later_is_done_later::<Portage>();
}

#[test]
#[ignore = "needs loaders, unshare, root"]
fn dpkg_leaves_newer_records_alone() {
    newer_records_are_left_alone::<Dpkg>();
}

#[test]
#[ignore = "needs rpm, loaders, unshare, root"]
fn rpm_leaves_newer_records_alone() {
    newer_records_are_left_alone::<Rpm>();
}

#[test]
#[ignore = "needs pacman, loaders, unshare, root"]
fn pacman_leaves_newer_records_alone() {
    newer_records_are_left_alone::<Pacman>();
}

#[test]
#[ignore = "needs grub-mkconfig, portage, unshare, root"]
fn portage_leaves_newer_records_alone() {
    newer_records_are_left_alone::<Portage>();
}

#[test]
#[ignore = "needs apk, loaders, unshare, root"]
fn apk_keeps_edits() {
    edits_are_kept::<Apk>();
}

#[test]
#[ignore = "needs xbps-install, loaders, unshare, root"]
fn xbps_keeps_edits() {
    edits_are_kept::<Xbps>();
}

#[test]
#[ignore = "needs apk, loaders, unshare, root"]
fn apk_does_later_what_was_left() {
    what_is_left_for_later_is_done_later::<Apk>();
}

#[test]
#[ignore = "needs xbps-install, loaders, unshare, root"]
fn xbps_does_later_what_was_left() {
    what_is_left_for_later_is_done_later::<Xbps>();
}

#[test]
#[ignore = "needs apk, loaders, unshare, root"]
fn apk_leaves_newer_records_alone() {
    newer_records_are_left_alone::<Apk>();
}

#[test]
#[ignore = "needs loaders, unshare, root"]
fn dpkg_survives_a_full_disk() {
    a_full_disk_is_told_and_survived::<Dpkg>(150);
}

#[test]
#[ignore = "needs rpm, loaders, unshare, root"]
fn rpm_survives_a_full_disk() {
    a_full_disk_is_told_and_survived::<Rpm>(150);
}

#[test]
#[ignore = "needs pacman, loaders, unshare, root"]
fn pacman_survives_a_full_disk() {
    a_full_disk_is_told_and_survived::<Pacman>(150);
}

#[test]
#[ignore = "needs grub-mkconfig, portage, unshare, root"]
fn portage_survives_a_full_disk() {
    a_full_disk_is_told_and_survived::<Portage>(400);
}

#[test]
#[ignore = "needs loaders, unshare, root"]
fn dpkg_tells_whose_file_it_is() {
    whose_file_it_is_is_told::<Dpkg>();
}

#[test]
#[ignore = "needs rpm, loaders, unshare, root"]
fn rpm_tells_whose_file_it_is() {
    whose_file_it_is_is_told::<Rpm>();
}

#[test]
#[ignore = "needs pacman, loaders, unshare, root"]
fn pacman_tells_whose_file_it_is() {
    whose_file_it_is_is_told::<Pacman>();
}

#[test]
#[ignore = "needs grub-mkconfig, portage, unshare, root"]
fn portage_tells_whose_file_it_is() {
    whose_file_it_is_is_told::<Portage>();
}

#[test]
#[ignore = "needs apk, loaders, unshare, root"]
fn apk_tells_whose_file_it_is() {
    whose_file_it_is_is_told::<Apk>();
}

#[test]
#[ignore = "needs xbps-install, loaders, unshare, root"]
fn xbps_tells_whose_file_it_is() {
    whose_file_it_is_is_told::<Xbps>();
}
