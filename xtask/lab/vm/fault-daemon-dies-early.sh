#!/bin/sh
# libvirtd dies while the handover runs: nobody will start the guest, and nobody end it.
. ./lib.sh
as_mika 'sh -c '\''trap "" TERM; exec 3</dev/dri/card0; exec sleep 3000'\''' &
held() { pgrep -u mika -x sleep | while read -r pid; do readlink "/proc/$pid/fd/3"; done | grep -x '/dev/dri/card0'; }
await 30 "somebody else holds the card" held
xorg >/run/xorg.before
virsh_mika start "$guest" &
# The holder keeps the handover waiting for some seconds: long enough to be in the middle of it.
await 30 "the handover is under way" test -e "/run/onegpu/$guest/display"
await 30 "the desktop is gone" no xorg
systemctl kill --kill-whom=main -s KILL libvirtd
wait $!
await 60 "libvirtd is there again" virsh -c qemu:///system list
sleep 20
cat "/var/log/onegpu/$guest.log"
exec sh ./home.sh
