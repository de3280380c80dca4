#!/bin/sh
# There is no memory for the guest: first the kernel promises nearly none, so that libvirt cannot even fork; then it
# promises what is not there, and kills QEMU for it. The desktop comes back while that is so.
. ./lib.sh
rm -f /run/xorg.before
promised=$(awk '/^Committed_AS/ { print $2 }' /proc/meminfo)
echo $((promised + 100 * 1024)) >/proc/sys/vm/overcommit_kbytes
echo 2 >/proc/sys/vm/overcommit_memory
virsh_mika start "$guest" && die "the guest started"
sh ./home.sh || exit 1
echo 0 >/proc/sys/vm/overcommit_memory

xorg >/run/xorg.before
there=$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)
mount -t tmpfs -o size=100% lab-hog /mnt
head -c $((there - 300 * 1024))K /dev/zero >/mnt/hog
virsh_mika start "$guest" && die "the guest started"
want "QEMU was killed for its memory" sh -c 'dmesg | grep "Out of memory: Killed process .*qemu"'
cat "/var/log/onegpu/$guest.log"
sh ./home.sh || exit 1
umount /mnt
