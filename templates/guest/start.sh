{*- Sections that only some profiles ask for lie in start/. -*}
#!/bin/sh
# The handover of {{ gpu.address | comment }} to {{ guest.name | comment }}. Libvirt runs it before it takes the card
# (prepare/begin), and then detaches the devices itself. Each step is recorded in
# /run/onegpu/{{ guest.name | comment }} before it is taken, and release/end/stop.sh undoes the record.
# Log: /var/log/onegpu/{{ guest.name | comment }}.log. Never call libvirt from here: it would wait for itself.

# A stray copy of this file does nothing, nor does what a removed package leaves behind.
[ "${0##*/}" = start.sh ] && [ -e {{ paths.share | sh }}/guests/{{ guest.name | sh }}/{{ guest.name | sh }}.xml ] || exit 0
guest={{ guest.name | sh }} pci=/sys/bus/pci/devices{% if host.display_service %} display={{ host.display_service | sh }}{% endif %}
# shellcheck source=/dev/null
. {{ paths.libexec | sh }}/handover.sh
{%- if gpu.devices | length > 1 or gpu.driver == "amdgpu" %}
devices={{ gpu.devices | join(sep=" ") | sh }}
{%- endif %}

lock && bounded mkdir -p -m 0700 "/run/onegpu/$guest" || exit 1
begin start
trap 'fail "a signal"' HUP INT TERM

# The card's nodes, for later: who has one of them open holds the card.
nodes=
card=$pci/{{ gpu.address | sh }}
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
{%- if guest.own_hooks %}
{%- include "guest/start/own.sh" %}
{%- endif %}
{%- if guest.inhibit_sleep %}
{%- include "guest/start/awake.sh" %}
{%- endif %}
{%- if guest.hugepages != "none" %}
{%- include "guest/start/hugepages.sh" %}
{%- endif %}
{%- if guest.audio == "pipewire" %}

# For its sound QEMU runs as {{ host.user.name | comment }}, and has to get through folders of libvirt's.
{%- if guest.os == "windows-11" %}
# Libvirt makes the TPM's when it first needs it, and keeps one that is there.
[ -d /run/libvirt/qemu/swtpm ] || bounded mkdir -p -m 0770 /run/libvirt/qemu/swtpm || fail "a folder for the TPM"
{%- endif %}
let_through() {
	# On the disk, for it outlives a boot: onegpu-hook looks there when libvirt starts.
	[ -d {{ paths.state | sh }} ] || bounded mkdir -p {{ paths.state | sh }} || return
	echo u:{{ host.user.uid }} /var/lib/libvirt/qemu >{{ paths.state | sh }}/let-through || return
	bounded setfacl -m u:{{ host.user.uid }}:x /var/lib/libvirt/qemu{% if guest.os == "windows-11" %} /run/libvirt/qemu/swtpm{% endif %}
}
take let-through '' "let QEMU through" let_through
{%- endif %}
{%- if gpu.driver == "nvidia" %}

# The driver's daemons keep /dev/nvidia* open.
for daemon in nvidia-persistenced nvidia-powerd; do
{%- if host.init == "openrc" %}
	[ -e "/etc/init.d/$daemon" ] || continue
{%- endif %}
	running "$daemon" || continue
	take "service-$daemon" '' "stop $daemon" service stop "$daemon"
done
{%- endif %}
{%- if host.display_service %}

if running "$display"; then
	take display '' "stop $display" service stop "$display"
fi
{%- endif %}

# Sessions on the screen{% if host.display_service %} can outlive the display manager{% endif %}. What matters is the wait below.
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
step "wait until nobody holds the card" await nobody_holds {% if gpu.driver == "nvidia" %}/dev/nvidia* {% endif %}$nodes || fail "somebody holds it"
{%- if guest.hugepages == "reserve" %}
{%- include "guest/start/hugepages-again.sh" %}
{%- endif %}
{%- if gpu.devices | length > 1 %}

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
{%- endif %}
{%- if gpu.driver == "amdgpu" %}

# Awake, for not every card comes back from its deepest sleep for another driver.
for device in $devices; do
	read -r d3cold 2>/dev/null <"$pci/$device/d3cold_allowed" || continue
	read -r control <"$pci/$device/power/control" || continue
	take "d3cold-$device" "$d3cold" "keep $device out of D3cold" put 0 "$pci/$device/d3cold_allowed"
	take "power-$device" "$control" "keep $device awake" put on "$pci/$device/power/control"
done
{%- endif %}

# The text consoles that are drawn on the card: by name, for their numbers differ.
for console in /sys/class/vtconsole/vtcon*; do
	read -r name <"$console/name" || continue
	read -r shown <"$console/bind" || continue
	case $name$shown in
		*"frame buffer"*1) take "console-${console##*/}" '' "release ${console##*/}" put 0 "$console/bind" ;;
	esac
done
{%- if gpu.driver == "nvidia" %}

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
{%- endif %}
{%- if gpu.driver != "amdgpu" %}

# The firmware's framebuffer, where the kernel still has it. It never comes back: so it goes last.
for screen in /sys/bus/platform/drivers/*-framebuffer/*-framebuffer.*; do
	[ ! -e "$screen" ] || step "release ${screen##*/}" put "${screen##*/}" "${screen%/*}/unbind" || fail "releasing the firmware's framebuffer"
done
{%- endif %}
{%- include "guest/start/speed.sh" %}
{%- if guest.inhibit_sleep %}

step "see that the host is kept awake" retry recorded awake-held
{%- endif %}

# Where libvirt died meanwhile, nobody will start the guest, and nobody give the card back after it.
if read -r _ _ _ parent _ 2>/dev/null <"/proc/$$/stat" && [ "$parent" != "$PPID" ]; then
	fail "libvirt is gone"
fi
say "the card is free"
{ watch; } </dev/null >/dev/null 2>&1 3>&- 9>&- & # a bare function would keep the pipes open
