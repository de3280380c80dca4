{*- Sections that only some profiles ask for lie in stop/. -*}
#!/bin/sh
# The return of {{ gpu.address | comment }} from {{ guest.name | comment }}. Libvirt runs it after the guest's end
# (release/end), when it has attached the devices to the host again; start.sh runs it when
# a handover fails. It undoes what is recorded in /run/onegpu/{{ guest.name | comment }}, the last thing
# first, and goes on whatever fails. Log: /var/log/onegpu/{{ guest.name | comment }}.log.

# A stray copy of this file does nothing, nor does what a removed package leaves behind.
[ "${0##*/}" = stop.sh ] && [ -e {{ paths.share | sh }}/guests/{{ guest.name | sh }}/{{ guest.name | sh }}.xml ] || exit 0
guest={{ guest.name | sh }} pci=/sys/bus/pci/devices{% if host.display_service %} display={{ host.display_service | sh }}{% endif %}
# shellcheck source=/dev/null
. {{ paths.libexec | sh }}/handover.sh
record=/run/onegpu/$guest devices={{ gpu.devices | join(sep=" ") | sh }}

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
{%- include "guest/stop/speed.sh" %}
{%- if gpu.driver == "nvidia" %}

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
{%- endif %}

# Where libvirt could not attach a device, or its driver was not there yet, the kernel is asked again.
drivers_are_back() {
	for device in $devices; do
		if [ -e "/sys/bus/pci/drivers/vfio-pci/$device" ]; then
			put "$device" /sys/bus/pci/drivers/vfio-pci/unbind && put '' "$pci/$device/driver_override" || return
		fi
		[ -e "$pci/$device/driver" ] || put "$device" /sys/bus/pci/drivers_probe || return
	done
	[ -e "$pci"/{{ gpu.address | sh }}/driver ]
}
# tell TEXT: to the person at the screen.
tell() {
	for screen in /dev/tty1 /dev/console; do
		put "onegpu: $1; the log is /var/log/onegpu/$guest.log" "$screen"
	done
}
undo "wait for the drivers" drivers_are_back || {
	# The next best: one that draws at least a console.
	step "load another driver" bounded modprobe {% if gpu.driver == "nvidia" %}nouveau{% else %}{{ gpu.driver | sh }}{% endif %}
	step "wait for a driver" drivers_are_back || tell "the card has no driver: only a reboot may help"
}

card_is_there() {
	set -- "$pci"/{{ gpu.address | sh }}/drm/card*
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
{%- if gpu.driver == "amdgpu" %}

for device in $devices; do
	read -r control 2>/dev/null <"$record/power-$device" && undo "power of $device: $control" put "$control" "$pci/$device/power/control"
	read -r d3cold 2>/dev/null <"$record/d3cold-$device" && undo "D3cold of $device: $d3cold" put "$d3cold" "$pci/$device/d3cold_allowed"
done
{%- endif %}
{%- if host.display_service or gpu.driver == "nvidia" %}

# A daemon that is started here must not keep the log open.
launch() {
	service start "$1" >/dev/null 2>&1
}
{%- endif %}
{%- if gpu.driver == "nvidia" %}
for daemon in nvidia-powerd nvidia-persistenced; do
	! recorded "service-$daemon" || undo "start $daemon" launch "$daemon"
done
{%- endif %}
{%- if host.display_service %}

# Without a desktop, a console: the person at the screen has nothing else.
console_instead() {
	tell "$display does not start. Log in here"
{%- if host.init == "systemd" %}
	bounded systemctl start getty@tty1.service
{%- elif host.init == "openrc" %}
	bounded rc-service agetty.tty1 start # elsewhere init itself keeps a getty there
{%- else %}
	bounded sv start agetty-tty1
{%- endif %}
	bounded chvt 1
}
if recorded display; then
	undo "start $display" launch "$display" || step "turn to the console" console_instead
fi
{%- endif %}

{%- if guest.audio == "pipewire" %}

# With the entry goes the mask that came with it, unless somebody else's entries need it.
keep_out() {
	bounded setfacl -x u:{{ host.user.uid }},m /var/lib/libvirt/qemu{% if guest.os == "windows-11" %} /run/libvirt/qemu/swtpm{% endif %} ||
		bounded setfacl -x u:{{ host.user.uid }} /var/lib/libvirt/qemu{% if guest.os == "windows-11" %} /run/libvirt/qemu/swtpm{% endif %} || return
	bounded rm -f {{ paths.state | sh }}/let-through
}
if recorded let-through; then
	undo "QEMU no longer gets through" keep_out
fi
{%- endif %}
{%- if guest.own_hooks %}
{%- include "guest/stop/own.sh" %}
{%- endif %}

undo "forget" bounded rm -rf "$record"
