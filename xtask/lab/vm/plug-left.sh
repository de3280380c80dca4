#!/bin/sh
# What libvirt leaves of a guest that had no end: its AppArmor profile. It was there before the guest's next start, so its
# next end did not take it away, nor does `virsh undefine`: that is left to whoever looks after the PC, and here to us.
. ./lib.sh
profile=/etc/apparmor.d/libvirt/libvirt-$(virsh -c qemu:///system domuuid "$guest" | head -n1)
ls -l /etc/apparmor.d/libvirt /var/lib/libvirt/qemu
want "it is as libvirt makes it" grep -qx "profile libvirt-.* flags=(attach_disconnected) {" "$profile"
rm "$profile"
