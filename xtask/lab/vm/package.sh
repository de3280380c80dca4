#!/bin/sh
# package CPU FOLDER: the profile of this PC and its packages, as mika makes them. CPU is the one whose kernel parameters are
# wanted. The card's driver is said to be radeon: this PC's is bochs-drm, which no real card has, and for
# radeon nothing is generated that is not for every card.
. ./lib.sh
cpu=$1
rm -rf "/home/mika/$2"
as_mika "mkdir -p '$2' && onegpu detect --format toml -o '$2/lab.toml'" || exit 1
sed -i -e 's/^# driver = .*/driver = "radeon"/' -e "s/^cpu = .*/cpu = \"$cpu\"/" "/home/mika/$2/lab.toml"
cat >>"/home/mika/$2/lab.toml" <<END

[[guest]]
name = "$guest"
os = "linux"
memory = "512 MiB"
cpus = { cores = 1, threads = 1 }
disk = { path = "$disk" }

[package]
revision = ${3:-1}
END
cat "/home/mika/$2/lab.toml"
as_mika "onegpu package '$2/lab.toml' -o '$2/packages'"
