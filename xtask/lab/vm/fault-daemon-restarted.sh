#!/bin/sh
# libvirtd is restarted, and then dies, while the guest has the card.
. ./lib.sh
sh ./start.sh || exit 1
systemctl restart libvirtd || die "no restart"
await 30 "the guest still runs" is_state running
want "the card is still the guest's" is_driver "$card" vfio-pci
systemctl kill --kill-whom=main -s KILL libvirtd
await 30 "the guest still runs" is_state running
want "the card is still the guest's" is_driver "$card" vfio-pci
virsh_mika destroy "$guest" || die "no destroy"
exec sh ./home.sh
