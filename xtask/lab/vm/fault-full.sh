#!/bin/sh
# The disk is full to the last byte, /var with it. The guest may start or not: the display manager has to come back.
# (Whether mika's session does is not onegpu's: without a byte left, no session can be logged in on this PC.)
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
await 60 "the display manager is there, the disk still full" display_manager
await 60 "Xorg is there, the disk still full" xorg
await 10 "onegpu remembers no handover" no test -e "/run/onegpu/$guest"
tail -n 12 "/var/log/onegpu/$guest.log"
rm -f /var/full /run/xorg.before
desktop || systemctl restart lightdm
exec sh ./home.sh
