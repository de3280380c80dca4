#!/bin/sh
# After this script's end, for the agent tells of it.
setsid sh -c 'sleep 1; exec poweroff' >/dev/null 2>&1 </dev/null &
