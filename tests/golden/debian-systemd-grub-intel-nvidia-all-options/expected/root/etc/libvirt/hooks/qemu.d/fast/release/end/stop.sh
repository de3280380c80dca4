#!/bin/sh
# The return of 0000:01:00.0 from fast. Libvirt runs it after the guest's end
# (release/end), when it has attached the devices to the host again; start.sh runs it when
# a handover fails. It undoes what is recorded in /run/onegpu/fast, the last thing
# first, and goes on whatever fails. Log: /var/log/onegpu/fast.log.

# A stray copy of this file does nothing, nor does what a removed package leaves behind.
[ "${0##*/}" = stop.sh ] && [ -e /usr/share/onegpu/guests/fast/fast.xml ] || exit 0
guest=fast pci=/sys/bus/pci/devices display=display-manager.service
# shellcheck source=/dev/null
. /usr/libexec/onegpu/handover.sh
record=/run/onegpu/$guest devices='0000:01:00.0 0000:01:00.1'

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

# Before Linux 7.0 no list can be taken away again, only another be given: all of them, and then none.
read -r every </sys/devices/system/cpu/possible || every=
have() {
	bounded systemctl set-property --runtime "$1" "AllowedCPUs=${2:-$every}" || return
	[ -n "$2" ] || bounded systemctl set-property --runtime "$1" AllowedCPUs=
}
for slice in init.scope system.slice user.slice; do
	recorded "cpus-$slice" || continue
	read -r cpus <"$record/cpus-$slice"
	undo "let $slice have its CPUs" have "$slice" "$cpus"
done

if read -r governors 2>/dev/null <"$record/governors"; then
	# shellcheck disable=SC2086 # a list
	undo "let the clock go" put $governors
fi

if read -r pages 2>/dev/null <"$record/hugepages"; then
	undo "give the huge pages back" put "$pages" /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
fi

if read -r modules 2>/dev/null <"$record/modules"; then
	# shellcheck disable=SC2086 # a list
	undo "load $modules" bounded modprobe -a $modules
fi

unmask() {
	bounded rm -f /run/udev/rules.d/71-nvidia.rules && bounded udevadm control --reload || return
	bounded rmdir /run/udev/rules.d 2>/dev/null || : # when nothing else is in it
}
if recorded udev-rule; then
	undo "unmask udev's 71-nvidia.rules" unmask
fi

# Where libvirt could not attach a device, or its driver was not there yet, the kernel is asked again.
drivers_are_back() {
	for device in $devices; do
		if [ -e "/sys/bus/pci/drivers/vfio-pci/$device" ]; then
			put "$device" /sys/bus/pci/drivers/vfio-pci/unbind && put '' "$pci/$device/driver_override" || return
		fi
		[ -e "$pci/$device/driver" ] || put "$device" /sys/bus/pci/drivers_probe || return
	done
	[ -e "$pci"/0000:01:00.0/driver ]
}
# tell TEXT: to the person at the screen.
tell() {
	for screen in /dev/tty1 /dev/console; do
		put "onegpu: $1; the log is /var/log/onegpu/$guest.log" "$screen"
	done
}
undo "wait for the drivers" drivers_are_back || {
	# The next best: one that draws at least a console.
	step "load another driver" bounded modprobe nouveau
	step "wait for a driver" drivers_are_back || tell "the card has no driver: only a reboot may help"
}

card_is_there() {
	set -- "$pci"/0000:01:00.0/drm/card*
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

# A daemon that is started here must not keep the log open.
launch() {
	service start "$1" >/dev/null 2>&1
}
for daemon in nvidia-powerd nvidia-persistenced; do
	! recorded "service-$daemon" || undo "start $daemon" launch "$daemon"
done

# Without a desktop, a console: the person at the screen has nothing else.
console_instead() {
	tell "$display does not start. Log in here"
	bounded systemctl start getty@tty1.service
	bounded chvt 1
}
if recorded display; then
	undo "start $display" launch "$display" || step "turn to the console" console_instead
fi

# With the entry goes the mask that came with it, unless somebody else's entries need it.
keep_out() {
	bounded setfacl -x u:1000,m /var/lib/libvirt/qemu /run/libvirt/qemu/swtpm ||
		bounded setfacl -x u:1000 /var/lib/libvirt/qemu /run/libvirt/qemu/swtpm || return
	bounded rm -f /var/lib/onegpu/let-through
}
if recorded let-through; then
	undo "QEMU no longer gets through" keep_out
fi

# The user's own lines, with the desktop back.
if [ -x /etc/onegpu/guests/fast/after-return ] && recorded own; then
	step "run after-return" bounded /etc/onegpu/guests/fast/after-return "$guest"
fi

undo "forget" bounded rm -rf "$record"
