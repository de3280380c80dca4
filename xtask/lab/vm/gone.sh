#!/bin/sh
# gone WORD: after the last restart.
. ./lib.sh
await 60 "mika's desktop is there" desktop
want "the kernel was started without $1" no grep -qw -- "$1" /proc/cmdline
