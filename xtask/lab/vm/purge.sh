#!/bin/sh
# Takes it all out, and what apt had brought along. Its own `autopurge` keeps whatever a package that stays
# recommends: so the packages that came with onegpu's are named.
. ./lib.sh
packages | comm -13 /run/lab/before.packages - >/run/brought
tr '\n' ' ' </run/brought
# shellcheck disable=SC2046 # words
apt-get purge -y $(cat /run/brought) || exit 1
rm -rf /home/mika/setup
want "no package of onegpu's is known" no sh -c "dpkg -l 'onegpu*' | grep ^.i"
packages >/run/after.packages
want "the packages are those from before" cmp /run/lab/before.packages /run/after.packages
