#!/bin/sh
# package CPU FOLDER REVISION: the profile of this PC and its packages, as mika makes them, asked nothing. CPU is
# the one whose kernel parameters are wanted. The card's driver is said to be radeon: this PC's is
# bochs-drm, which no real card has, and for radeon nothing is generated that is not for every card.
. ./lib.sh
rm -rf "/home/mika/$2"
as_mika "mkdir -p '$2' && onegpu init --yes -o '$2/lab.toml' --guest '$guest' --os linux --memory 512MiB --cores 1 --threads 1 \
	--disk '$disk' --disk-size 1GiB --install-media none --usb none --evdev none --audio none --driver radeon --cpu '$1'" || exit 1
[ "$3" = 1 ] || sed -i "s/^# revision = .*/revision = $3/" "/home/mika/$2/lab.toml"
cat "/home/mika/$2/lab.toml"
as_mika "onegpu package '$2/lab.toml' -o '$2/packages'"
