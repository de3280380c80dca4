#!/bin/sh
# install FOLDER: by apt, which brings the dependencies along.
. ./lib.sh
apt-get install -y --no-install-recommends "/home/mika/$1"/packages/*.deb || exit 1
want "nothing was left half-installed" no sh -c 'dpkg --audit | grep .'
