#!/bin/sh
# The guest is switched off the hard way.
. ./lib.sh
sh ./start.sh || exit 1
virsh_mika destroy "$guest" || die "no destroy"
exec sh ./home.sh
