#!/bin/sh
# The packages are removed and upgraded while the guest has the card. Removing is refused.
. ./lib.sh
sh ./package.sh "$1" again 2 || exit 1
sh ./start.sh || exit 1
apt-get purge -y "onegpu-guest-$guest" && die "the guest's package went while its guest runs"
apt-get purge -y onegpu-host && die "the host's package went while a guest runs"
want "the guest still runs" is_state running
want "the hook is still there" test -x "/etc/libvirt/hooks/qemu.d/$guest/release/end/stop.sh"
apt-get install -y --no-install-recommends /home/mika/again/packages/*.deb || die "no upgrade"
want "the guest still runs" is_state running
virsh_mika destroy "$guest" || die "no destroy"
want "the upgrade is in" sh -c "dpkg-query -W -f '\${Version}' onegpu-host | grep -- '-2\$'"
rm -rf /home/mika/again
exec sh ./home.sh
