#!/bin/sh
# The disk is full to the last byte. The guest may start or not: the desktop has to come back.
. ./lib.sh
xorg >/run/xorg.before
cat /dev/zero >/var/full 2>/dev/null
want "the disk is full" no sh -c 'head -c 65536 /dev/zero >/var/more'
rm -f /var/more
if virsh_mika start "$guest"; then
	echo "the guest started"
	want "the card is the guest's" is_driver "$card" vfio-pci
	virsh_mika destroy "$guest" || die "no destroy"
else
	echo "the guest did not start"
fi
await 90 "the desktop is there, the disk still full" desktop
rm -f /var/full
rm -f /run/xorg.before
exec sh ./home.sh
