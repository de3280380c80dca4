#!/bin/sh
# ready WORD: after the restart. WORD has to be among the kernel's parameters.
. ./lib.sh
await 60 "mika's desktop is there" desktop
want "the kernel was started with $1" grep -qw -- "$1" /proc/cmdline
want "the card is in an IOMMU group" test -e "$card/iommu_group"
want "the sound is in the card's group" test "$(readlink -f "$card/iommu_group")" = "$(readlink -f "$sound/iommu_group")"
want "mika is no member of libvirt's groups" no sh -c 'id -nG mika | grep -qw -e libvirt -e kvm'
await 30 "mika may use libvirt" virsh_mika list --all
virsh_mika list --all
await 60 "the default network is active" sh -c "virsh -c qemu:///system net-list | grep -qw default"
/usr/libexec/onegpu/status
want "every step is in force" /usr/libexec/onegpu/status
