#!/bin/sh
# Takes it all out, and what apt had brought along.
. ./lib.sh
apt-get purge -y "onegpu-guest-$guest" onegpu-host || exit 1
apt-get autopurge -y || exit 1
rm -rf /home/mika/setup /usr/local/bin/onegpu
want "no package of onegpu's is known" no sh -c "dpkg -l 'onegpu*' | grep ^.i"
