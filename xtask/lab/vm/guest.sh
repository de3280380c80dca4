#!/bin/sh
# What the guest's own report says: it has the card and its sound.
. ./lib.sh
reported() {
	report /run/guest.report || return
	grep -qx 'guest is done' /run/guest.report && ! cmp -s /run/guest.report /run/guest.before
}
await 120 "the guest has reported" reported
cat /run/guest.report
want "the guest sees the card" grep -q '^pci .* 0x030000 bochs-drm$' /run/guest.report
want "the guest sees its sound" grep -q '^pci .* 0x040300 snd_hda_intel$' /run/guest.report
want "the guest has a display" grep -qx 'card card0' /run/guest.report
want "the sound chip answered (DMA)" grep -q '^codec QEMU Generic' /run/guest.report
want "the sound chip interrupts" grep -q '^interrupt .* [1-9][0-9]* .*snd_hda_intel' /run/guest.report
