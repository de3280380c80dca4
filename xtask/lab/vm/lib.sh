# shellcheck shell=sh
# What the lab's scripts on the PC share.
# shellcheck disable=SC2034 # for those who read it
card=/sys/bus/pci/devices/0000:01:00.0 sound=/sys/bus/pci/devices/0000:01:00.1
disk=/var/lib/libvirt/images/lab.qcow2
guest=lab
# An init of another kind hands down a shorter PATH.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH LC_ALL=C DEBIAN_FRONTEND=noninteractive

die() {
	echo "LAB: $*"
	exit 1
}

# want WHAT COMMAND...: a fact that has to be true.
want() {
	what=$1
	shift
	"$@" >/run/want.out 2>&1 && echo "yes: $what" && return
	cat /run/want.out
	die "not so: $what"
}

# await SECONDS WHAT COMMAND...: a fact that has to become true.
await() {
	left=$(($1 * 4)) what=$2
	shift 2
	until "$@" >/run/want.out 2>&1; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || { cat /run/want.out; die "did not become so: $what"; }
		sleep 0.25
	done
	echo "yes: $what"
}

# as_mika COMMAND: as the PC's user, who is in no group of libvirt's.
as_mika() { runuser -l mika -c "$1"; }
virsh_mika() { as_mika "virsh -c qemu:///system $*"; }
# What the lab asks for itself, as root.
state() { virsh -c qemu:///system domstate "$guest" | head -n1; }
is_state() { [ "$(state)" = "$1" ]; }

# What the guest last wrote to its second partition; each of its boots has a line of its own in it.
report() {
	qemu-img convert -U -f qcow2 -O raw "$disk" /run/guest.raw || return
	dd if=/run/guest.raw bs=1M skip=61 count=1 2>/dev/null | tr -d '\0' >"$1"
	rm -f /run/guest.raw
}

# Every package that is installed, or has files left.
packages() { dpkg-query -W -f '${binary:Package}\n' | LC_ALL=C sort; }

driver() { basename "$(readlink "$1/driver")"; }
is_driver() { [ "$(driver "$1")" = "$2" ]; }
xorg() { pgrep -x Xorg; }
no() { ! "$@"; }

display_manager() {
	if [ -d /run/systemd/system ]; then
		[ "$(systemctl is-active lightdm)" = active ]
	else
		pgrep -x lightdm
	fi
}
# The desktop of mika is there, drawn on the card.
desktop() {
	display_manager && xorg && pgrep -u mika -f 'sleep 100000' && fuser -s /dev/dri/card*
}
shown_on_card() { grep -l 1 /sys/class/vtconsole/*/bind | while read -r bind; do grep -h 'frame buffer' "${bind%bind}name"; done | grep .; }
