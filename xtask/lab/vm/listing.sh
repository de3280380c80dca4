#!/bin/sh
# listing NAME: every file of the disk, with mode, owner, size, target and checksum.
. ./lib.sh
sync
packages >"/run/lab/$1.packages"
find / /boot/efi -xdev \( -path /tmp -o -path /run -o -path /proc -o -path /sys -o -path /dev \) -prune -o \
	-printf '%p\t%y %m %U:%G %l\n' | LC_ALL=C sort >/tmp/places
find / /boot/efi -xdev \( -path /tmp -o -path /run -o -path /proc -o -path /sys -o -path /dev \) -prune -o \
	-type f -print0 | xargs -0 -P2 -n 400 md5sum | sed 's/^\\//; s/^\([^ ]*\)  \(.*\)/\2\t\1/' | LC_ALL=C sort >/tmp/sums
cat /tmp/places /tmp/sums | LC_ALL=C sort >"/run/lab/$1.listing"
wc -l <"/run/lab/$1.listing"
rm -f /tmp/places /tmp/sums
