#!/bin/sh
# mika starts the guest.
. ./lib.sh
xorg >/run/xorg.before
report /run/guest.before
began=$(cut -d. -f1 /proc/uptime)
virsh_mika start "$guest" || { tail -n 20 "/var/log/onegpu/$guest.log" "/var/log/libvirt/qemu/$guest.log"; die "no start"; }
echo "handover: $(($(cut -d. -f1 /proc/uptime) - began)) s"
want "the card is vfio-pci's" is_driver "$card" vfio-pci
want "its sound is vfio-pci's" is_driver "$sound" vfio-pci
want "the display manager is down" no display_manager
want "no Xorg runs" no xorg
qemu=$(cat "/run/libvirt/qemu/$guest.pid")
want "QEMU is confined by AppArmor" grep -q '^libvirt-.* (enforce)$' "/proc/$qemu/attr/current"
want "the guest's memory is pinned" sh -c "[ \$(awk '/VmLck/ { print \$2 }' /proc/$qemu/status) -ge 524000 ]"
cat "/var/log/onegpu/$guest.log"
