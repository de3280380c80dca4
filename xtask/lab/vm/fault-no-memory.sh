#!/bin/sh
# There is no memory for QEMU: the kernel promises no more than what it has promised so far, and a little. The desktop
# comes back while that is so.
. ./lib.sh
xorg >/run/xorg.before
promised=$(awk '/^Committed_AS/ { print $2 }' /proc/meminfo)
echo $((promised + 100 * 1024)) >/proc/sys/vm/overcommit_kbytes
echo 2 >/proc/sys/vm/overcommit_memory
virsh_mika start "$guest" && die "the guest started"
want "QEMU had no memory" grep -qi 'cannot allocate memory' "/var/log/libvirt/qemu/$guest.log"
cat "/var/log/onegpu/$guest.log"
sh ./home.sh || exit 1
echo 0 >/proc/sys/vm/overcommit_memory
