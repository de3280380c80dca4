#!/bin/sh
# check [PROFILE]: what onegpu check says of this PC, and of the profile made for it. Before the setup is there it
# may find things to do; afterwards it has to be content.
. ./lib.sh
onegpu check "$@"
status=$?
if [ $# = 0 ]; then
	want "it has an answer" test $status -le 1
else
	want "it finds nothing in the way" test $status = 0
fi
