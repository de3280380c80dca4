#!/bin/sh
# libvirtd is restarted, and then dies, while the handover runs: nobody will start the guest, and nobody end it.
. ./lib.sh
held() { pgrep -u mika -x sleep | while read -r pid; do readlink "/proc/$pid/fd/3"; done | grep -x '/dev/dri/card0'; }
for way in restart kill; do
	echo "--- $way"
	as_mika 'sh -c '\''trap "" TERM; exec 3</dev/dri/card0; exec sleep 3000'\''' &
	await 30 "somebody else holds the card" held
	xorg >/run/xorg.before
	virsh_mika start "$guest" &
	start=$!
	# The holder keeps the handover waiting for some seconds: long enough to be in the middle of it.
	await 30 "the handover is under way" test -e "/run/onegpu/$guest/display"
	await 30 "the desktop is gone" no xorg
	case $way in
		restart) systemctl restart libvirtd ;;
		kill) systemctl kill --kill-whom=main -s KILL libvirtd ;;
	esac
	wait $start && die "the guest started"
	await 60 "libvirtd is there again" virsh -c qemu:///system list
	sleep 20
	cat "/var/log/onegpu/$guest.log"
	sh ./home.sh || exit 1
done
