#!/bin/sh
# mika turns the guest off, as by its power button.
. ./lib.sh
virsh_mika shutdown "$guest" || exit 1
await 90 "the guest is off" is_state 'shut off'
tail -n 12 "/var/log/onegpu/$guest.log"
exec sh ./home.sh "$@"
