#!/bin/sh
# The return of 0000:2d:00.0 from win-11.pro. Libvirt runs it after the guest's end
# (release/end), when it has attached the devices to the host again; start.sh runs it when
# a handover fails. It undoes what is recorded in /run/onegpu/win-11.pro, the last thing
# first, and goes on whatever fails. Log: /var/log/onegpu/win-11.pro.log.

# A stray copy of this file does nothing, nor does what a removed package leaves behind.
[ "${0##*/}" = stop.sh ] && [ -e /usr/share/onegpu/guests/win-11.pro/win-11.pro.xml ] || exit 0
guest=win-11.pro pci=/sys/bus/pci/devices
# shellcheck source=/dev/null
. /usr/libexec/onegpu/handover.sh
record=/run/onegpu/$guest devices='0000:2d:00.0 0000:2d:00.1'

[ -d "$record" ] || exit 0
case ${2-} in
	rollback) way=rollback ;; # start.sh has the lock
	orphaned) # libvirt died; but one that runs again may have begun anew
		way=stop && lock && read -r libvirt 2>/dev/null <"$record/libvirt" && [ "$libvirt" = "$3" ] || exit 0
		;;
	*) way=stop && lock ;;
esac
recorded card || exit 0
begin "$way"
[ "${2-}" != orphaned ] || say "libvirt is gone, and no guest runs"
trap : HUP INT TERM

# Where libvirt could not attach a device, or its driver was not there yet, the kernel is asked again.
drivers_are_back() {
	for device in $devices; do
		if [ -e "/sys/bus/pci/drivers/vfio-pci/$device" ]; then
			put "$device" /sys/bus/pci/drivers/vfio-pci/unbind && put '' "$pci/$device/driver_override" || return
		fi
		[ -e "$pci/$device/driver" ] || put "$device" /sys/bus/pci/drivers_probe || return
	done
	[ -e "$pci"/0000:2d:00.0/driver ]
}
# tell TEXT: to the person at the screen.
tell() {
	for screen in /dev/tty1 /dev/console; do
		put "onegpu: $1; the log is /var/log/onegpu/$guest.log" "$screen"
	done
}
undo "wait for the drivers" drivers_are_back || {
	# The next best: one that draws at least a console.
	step "load another driver" bounded modprobe amdgpu
	step "wait for a driver" drivers_are_back || tell "the card has no driver: only a reboot may help"
}

card_is_there() {
	set -- "$pci"/0000:2d:00.0/drm/card*
	[ -e "$1" ]
}
read -r nodes <"$record/card"
if [ -n "$nodes" ]; then
	step "wait for the card" await card_is_there
fi

for console in "$record"/console-*; do
	console=/sys/class/vtconsole/${console##*/console-}
	read -r shown 2>/dev/null <"$console/bind" || continue
	[ "$shown" = 1 ] || undo "draw ${console##*/} on the card" put 1 "$console/bind"
done

for device in $devices; do
	read -r control 2>/dev/null <"$record/power-$device" && undo "power of $device: $control" put "$control" "$pci/$device/power/control"
	read -r d3cold 2>/dev/null <"$record/d3cold-$device" && undo "D3cold of $device: $d3cold" put "$d3cold" "$pci/$device/d3cold_allowed"
done

# With the entry goes the mask that came with it, unless somebody else's entries need it.
keep_out() {
	bounded setfacl -x u:1000,m /var/lib/libvirt/qemu /run/libvirt/qemu/swtpm ||
		bounded setfacl -x u:1000 /var/lib/libvirt/qemu /run/libvirt/qemu/swtpm || return
	bounded rm -f /var/lib/onegpu/let-through
}
if recorded let-through; then
	undo "QEMU no longer gets through" keep_out
fi

undo "forget" bounded rm -rf "$record"
