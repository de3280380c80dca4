#!/bin/sh
# Two starts at once, and one more of the other domain on the same disk.
. ./lib.sh
virsh_mika start "$guest" >/run/one 2>&1 &
one=$!
virsh_mika start "$guest" >/run/two 2>&1 &
two=$!
wait $one; first=$?
wait $two; second=$?
cat /run/one /run/two
want "one of them was refused" test "$first$second" = 01 -o "$first$second" = 10
want "the card is the guest's" is_driver "$card" vfio-pci
want "one QEMU runs" test "$(pgrep -fc 'qemu-system-x86_64 .*guest=lab')" = 1
virsh_mika start "$guest-setup" && die "two guests on one disk"
rm -f /run/xorg.before
virsh_mika destroy "$guest" || die "no destroy"
exec sh ./home.sh
