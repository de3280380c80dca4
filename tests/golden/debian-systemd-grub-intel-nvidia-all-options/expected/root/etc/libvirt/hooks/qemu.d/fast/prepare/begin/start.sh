#!/bin/sh
# The handover of 0000:01:00.0 to fast. Libvirt runs it before it takes the card
# (prepare/begin), and then detaches the devices itself. Each step is recorded in
# /run/onegpu/fast before it is taken, and release/end/stop.sh undoes the record.
# Log: /var/log/onegpu/fast.log. Never call libvirt from here: it would wait for itself.

# A stray copy of this file does nothing, nor does what a removed package leaves behind.
[ "${0##*/}" = start.sh ] && [ -e /usr/share/onegpu/guests/fast/fast.xml ] || exit 0
guest=fast pci=/sys/bus/pci/devices display=display-manager.service
# shellcheck source=/dev/null
. /usr/libexec/onegpu/handover.sh
devices='0000:01:00.0 0000:01:00.1'

lock && bounded mkdir -p -m 0700 "/run/onegpu/$guest" || exit 1
begin start
trap 'fail "a signal"' HUP INT TERM

# The card's nodes, for later: who has one of them open holds the card.
nodes=
card=$pci/0000:01:00.0
for node in "$card"/drm/* "$card"/graphics/* "$card"/i2c-* "$card"/drm/card*/card*/i2c-*; do
	[ -e "$node" ] || continue
	case ${node##*/} in
		card* | render*) nodes="$nodes /dev/dri/${node##*/}" ;;
		fb* | i2c-*) nodes="$nodes /dev/${node##*/}" ;;
	esac
done
did card "$nodes" || fail "no record"
did boot "${boot-}" || fail "no record"
printf '%s\n' "$PPID" >"/run/onegpu/$guest/libvirt" || fail "no record"

# The user's own lines, while the desktop is still there. They may fail: that is only logged.
did own '' || fail "no record"
if [ -x /etc/onegpu/guests/fast/before-handover ]; then
	step "run before-handover" bounded /etc/onegpu/guests/fast/before-handover "$guest"
fi

# The host does not go to sleep. Who keeps it awake looks whether the record is still there.
keep_awake() {
	# shellcheck disable=SC2016 # for the inner shell
	systemd-inhibit --what=sleep:idle --who=onegpu --why="$guest has the graphics card" --mode=block \
		sh -c ': >"$1-held"; while [ -e "$1" ]; do sleep 2; done' sh "/run/onegpu/$guest/awake" </dev/null >/dev/null 2>&1 3>&- 9>&- &
}
if ! recorded awake-held; then
	try awake '' "keep the host awake" keep_awake
fi

# Memory in pieces of 2 MiB, early; what cannot be had yet may be there when the desktop has ended.
pool=/sys/kernel/mm/hugepages/hugepages-2048kB
read -r pages <"$pool/nr_hugepages" || fail "a kernel without huge pages"
read -r unused <"$pool/free_hugepages"
read -r promised <"$pool/resv_hugepages"
did hugepages "$pages" || fail "no record"
wanted=$((pages - unused + promised + 16384 / 2))
set_aside() {
	put "$wanted" "$pool/nr_hugepages" && read -r pages <"$pool/nr_hugepages" && [ "$pages" -ge "$wanted" ]
}
step "set huge pages aside" set_aside && set_aside=yes

# For its sound QEMU runs as mika, and has to get through folders of libvirt's.
# Libvirt makes the TPM's when it first needs it, and keeps one that is there.
[ -d /run/libvirt/qemu/swtpm ] || bounded mkdir -p -m 0770 /run/libvirt/qemu/swtpm || fail "a folder for the TPM"
let_through() {
	# On the disk, for it outlives a boot: onegpu-hook looks there when libvirt starts.
	[ -d /var/lib/onegpu ] || bounded mkdir -p /var/lib/onegpu || return
	echo u:1000 /var/lib/libvirt/qemu >/var/lib/onegpu/let-through || return
	bounded setfacl -m u:1000:x /var/lib/libvirt/qemu /run/libvirt/qemu/swtpm
}
take let-through '' "let QEMU through" let_through

# The driver's daemons keep /dev/nvidia* open.
for daemon in nvidia-persistenced nvidia-powerd; do
	running "$daemon" || continue
	take "service-$daemon" '' "stop $daemon" service stop "$daemon"
done

if running "$display"; then
	take display '' "stop $display" service stop "$display"
fi

# Sessions on the screen can outlive the display manager. What matters is the wait below.
end_sessions() {
	sessions=$(ask loginctl list-sessions --no-legend) || return
	while read -r session _ _ seat _; do
		[ "$seat" = seat0 ] || continue
		type=$(ask loginctl show-session "$session" -p Type) || return
		case $type in *=x11 | *=wayland | *=mir) bounded loginctl terminate-session "$session" || return ;; esac
	done <<-LIST
		$sessions
	LIST
}
if command -v loginctl >/dev/null; then
	step "end the graphical sessions" end_sessions
fi

# shellcheck disable=SC2086 # a list
step "wait until nobody holds the card" await nobody_holds /dev/nvidia* $nodes || fail "somebody holds it"

# The desktop's memory is free now.
if [ -z "${set_aside-}" ]; then
	step "compact memory" put 1 /proc/sys/vm/compact_memory
	step "set huge pages aside, again" set_aside || fail "$pages of $wanted huge pages; reboot, or let the profile say hugepages = transparent"
fi

# Sound. Without its driver, PipeWire lets go of it. The kernel waits for everybody to do so,
# without a bound and in the middle of libvirt's detach: here it is found out in time.
for device in $devices; do
	[ -d "$pci/$device/sound" ] || continue
	nodes=
	for node in "$pci/$device"/sound/card*/*C[0-9]*; do
		nodes="$nodes /dev/snd/${node##*/}"
	done
	# shellcheck disable=SC2086 # a list
	step "take its driver from $device" put "$device" "$pci/$device/driver/unbind" ||
		step "wait until nobody holds its sound" await nobody_holds $nodes ||
		fail "somebody holds its sound"
done

# The text consoles that are drawn on the card: by name, for their numbers differ.
for console in /sys/class/vtconsole/vtcon*; do
	read -r name <"$console/name" || continue
	read -r shown <"$console/bind" || continue
	case $name$shown in
		*"frame buffer"*1) take "console-${console##*/}" '' "release ${console##*/}" put 0 "$console/bind" ;;
	esac
done

# udev would load the driver again while the guest has the card.
mask() {
	[ -d /run/udev/rules.d ] || bounded mkdir -p /run/udev/rules.d || return
	# An empty file there is what udev reads in place of the one in /lib.
	printf '' >/run/udev/rules.d/71-nvidia.rules && bounded udevadm control --reload
}
if [ -e /lib/udev/rules.d/71-nvidia.rules ] && ! [ -e /run/udev/rules.d/71-nvidia.rules ]; then
	take udev-rule '' "mask udev's 71-nvidia.rules" mask
fi

# A driver in use must never be unbound: it goes as a whole, what depends on it first.
set --
for module in i2c_nvidia_gpu nvidia_uvm nvidia_drm nvidia_modeset nvidia; do
	[ ! -d "/sys/module/$module" ] || set -- "$@" "$module"
done
if [ $# -gt 0 ]; then
	take modules "$*" "unload $*" retry bounded modprobe -r "$@"
fi

# The firmware's framebuffer, where the kernel still has it. It never comes back: so it goes last.
for screen in /sys/bus/platform/drivers/*-framebuffer/*-framebuffer.*; do
	[ ! -e "$screen" ] || step "release ${screen##*/}" put "${screen##*/}" "${screen%/*}/unbind" || fail "releasing the firmware's framebuffer"
done

# The processor's clock stays up.
governors='' up=''
for policy in /sys/devices/system/cpu/cpufreq/policy*/scaling_governor; do
	read -r governor 2>/dev/null <"$policy" || continue
	governors="$governors $governor $policy" up="$up performance $policy"
done
if [ -n "$up" ]; then
	# shellcheck disable=SC2086 # a list
	try governors "${governors# }" "keep the clock up" put $up
fi

# The host's own programs stay off the guest's CPUs.
keeps=0-1,8-9
set -- init.scope system.slice user.slice
lists=$(ask systemctl show -p AllowedCPUs "$@") || say "FAILED($?) 0.00s ask for the CPUs of $*"
while IFS='=' read -r key cpus; do
	[ "$key" = AllowedCPUs ] || continue # an empty line, between them
	try "cpus-$1" "$cpus" "keep $1 on CPUs $keeps" bounded systemctl set-property --runtime "$1" "AllowedCPUs=$keeps"
	shift
done <<LIST
$lists
LIST

step "see that the host is kept awake" retry recorded awake-held

# Where libvirt died meanwhile, nobody will start the guest, and nobody give the card back after it.
if read -r _ _ _ parent _ 2>/dev/null <"/proc/$$/stat" && [ "$parent" != "$PPID" ]; then
	fail "libvirt is gone"
fi
say "the card is free"
{ watch; } </dev/null >/dev/null 2>&1 3>&- 9>&- & # a bare function would keep the pipes open
