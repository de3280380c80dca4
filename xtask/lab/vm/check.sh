#!/bin/sh
# check [PROFILE]: what onegpu check says of this PC, and of the profile made for it. Before the setup is there it
# may find things to do; afterwards it has to be content.
. ./lib.sh
onegpu check "$@" >/run/check.out
status=$?
cat /run/check.out
if [ $# = 0 ]; then
	want "it has an answer" test $status -le 1
else
	# Beside Intel's IOMMU stands AMD's processor here, and the profile says Intel for the parameters.
	failed=$(grep '^fail ' /run/check.out | grep -v 'for cpu intel, and this machine has amd')
	want "it finds nothing in the way" test $status -le 1 -a -z "$failed"
fi
