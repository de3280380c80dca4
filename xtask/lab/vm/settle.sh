#!/bin/sh
# The PC as it is before: its own GRUB menu, its desktop, AppArmor.
. ./lib.sh
! command -v update-grub >/dev/null || update-grub 2>&1 | grep -v improperly
apt-get -qq update
await 60 "mika's desktop is there" desktop
want "AppArmor enforces" aa-enabled
want "the profile of libvirtd is enforced" sh -c 'aa-status | sed -n "/enforce mode/,/complain mode/p" | grep -qx " *libvirtd"'
[ ! -d /run/systemd/system ] || want "nothing has failed" no sh -c 'systemctl --failed --no-legend | grep .'
want "apt has nothing to clean up" sh -c "apt-get -s autopurge | grep -q ' 0 to remove'"
