#!/bin/sh
# The display manager does not stop. The guest must not start, and the desktop has to come back.
. ./lib.sh
mkdir -p /run/systemd/system/lightdm.service.d
printf '[Service]\nExecStop=/bin/sleep 3000\n' >/run/systemd/system/lightdm.service.d/hang.conf
systemctl daemon-reload
virsh_mika start "$guest" && die "the guest started"
cat "/var/log/onegpu/$guest.log"
rm -r /run/systemd/system/lightdm.service.d
systemctl daemon-reload
rm -f /run/xorg.before
want "it was given up for that" grep -q 'giving up: stop display-manager' "/var/log/onegpu/$guest.log"
exec sh ./home.sh
