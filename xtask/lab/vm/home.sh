#!/bin/sh
# home: everything is as it was before the guest had the card.
. ./lib.sh
is_new() { ! [ -s /run/xorg.before ] || ! xorg | grep -qxF -f /run/xorg.before; }
await 60 "the guest is off" is_state 'shut off'
await 60 "the card has its driver" is_driver "$card" bochs-drm
await 30 "its sound has its driver" is_driver "$sound" snd_hda_intel
await 90 "mika's desktop is there" desktop
want "the Xorg is a new one" is_new
await 10 "a console is drawn on the card" shown_on_card
await 10 "onegpu remembers no handover" no test -e "/run/onegpu/$guest"
want "no QEMU runs" no pgrep -f 'qemu-system-x86_64 .*guest=lab'
want "every step is in force" /usr/libexec/onegpu/status
