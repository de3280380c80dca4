#!/bin/sh
# A program of mika's holds the card's node and ignores the request to end.
. ./lib.sh
as_mika 'sh -c '\''trap "" TERM; exec 3</dev/dri/card0; exec sleep 3000'\''' &
held() { pgrep -u mika -x sleep | while read -r pid; do readlink "/proc/$pid/fd/3"; done | grep -x '/dev/dri/card0'; }
await 30 "somebody else holds the card" held
sh ./start.sh || exit 1
want "it was asked first" grep -q 'held by sleep.*SIGTERM' "/var/log/onegpu/$guest.log"
want "it was killed then" grep -q 'held by sleep.*SIGKILL' "/var/log/onegpu/$guest.log"
virsh_mika destroy "$guest" || die "no destroy"
exec sh ./home.sh
