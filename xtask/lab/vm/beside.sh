#!/bin/sh
# beside ROUNDS: our two scripts and those of somebody else, alternating, for the same guest: the seconds from
# `virsh start` to its return, and from `virsh destroy` to mika's desktop. The others lie in /run/lab/peers: a main
# hook `qemu`, and `begin.sh` and `end.sh` for its folders.
. ./lib.sh
hooks=/etc/libvirt/hooks
now() { cut -d' ' -f1 /proc/uptime; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }
theirs() {
	mv "$hooks/qemu.d" /etc/libvirt/ours
	mkdir -p "$hooks/qemu.d/$guest/prepare/begin" "$hooks/qemu.d/$guest/release/end"
	install -m 755 /run/lab/peers/qemu "$hooks/qemu"
	install -m 755 /run/lab/peers/begin.sh "$hooks/qemu.d/$guest/prepare/begin/begin.sh"
	install -m 755 /run/lab/peers/end.sh "$hooks/qemu.d/$guest/release/end/end.sh"
	systemctl reload libvirtd
}
ours() {
	rm -rf "$hooks/qemu" "$hooks/qemu.d"
	mv /etc/libvirt/ours "$hooks/qemu.d"
	systemctl reload libvirtd
}
# round WHOSE: the guest is not waited for; it is the PC that is timed.
round() {
	xorg >/run/xorg.before
	began=$(now)
	virsh_mika start "$guest" >/run/start.out 2>&1 || { cat /run/start.out; echo "BESIDE $1 did not start"; return 1; }
	handover=$(since "$began")
	is_driver "$card" vfio-pci || { echo "BESIDE $1 has no card"; return 1; }
	began=$(now)
	virsh_mika destroy "$guest" >/dev/null || return 1
	left=720
	until new_desktop; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || { echo "BESIDE $1 $handover no desktop"; return 1; }
		sleep 0.25
	done
	echo "BESIDE $1 $handover $(since "$began")"
	sleep 3
}
new_desktop() { desktop >/dev/null 2>&1 && ! xorg | grep -qxF -f /run/xorg.before; }
left_rounds=$1
round warming-up || exit 1
while [ "$left_rounds" -gt 0 ]; do
	left_rounds=$((left_rounds - 1))
	round ours || die "ours failed"
	theirs
	round theirs
	status=$?
	ours
	[ "$status" = 0 ] || { journalctl --no-pager -n 60; die "theirs failed"; }
done
exec sh ./home.sh
