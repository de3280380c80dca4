#!/bin/sh
# libvirtd is restarted, and then dies, in the middle of the return, which a slow display manager makes long enough.
. ./lib.sh
mkdir -p /run/systemd/system/lightdm.service.d
printf '[Service]\nExecStartPre=/bin/sleep 8\n' >/run/systemd/system/lightdm.service.d/slow.conf
systemctl daemon-reload
coming_up() { [ "$(systemctl is-active lightdm)" = activating ]; }
for way in restart kill; do
	echo "--- $way"
	sh ./start.sh || exit 1
	virsh_mika destroy "$guest" &
	await 60 "the return is under way" coming_up
	want "onegpu remembers the handover" test -e "/run/onegpu/$guest/display"
	case $way in
		restart) systemctl restart libvirtd ;; # which lets the hook end first
		kill)
			systemctl kill --kill-whom=main -s KILL libvirtd
			want "the return is still under way" test -e "/run/onegpu/$guest/display"
			;;
	esac
	wait $!
	await 60 "libvirtd is there again" virsh -c qemu:///system list
	sh ./home.sh || exit 1
	tail -n 20 "/var/log/onegpu/$guest.log"
done
rm -r /run/systemd/system/lightdm.service.d
systemctl daemon-reload
