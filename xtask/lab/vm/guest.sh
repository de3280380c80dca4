#!/bin/sh
# What the guest's own report says: it has the card and its sound.
. ./lib.sh
report() {
	qemu-img convert -U -f qcow2 -O raw "$disk" /run/guest.raw || return
	dd if=/run/guest.raw bs=1M skip=61 count=1 2>/dev/null | tr -d '\0' >/run/guest.report
	rm -f /run/guest.raw
	grep -qx 'guest is done' /run/guest.report
}
await 120 "the guest has reported" report
cat /run/guest.report
want "the guest sees the card" grep -q '^pci .* 0x030000 bochs-drm$' /run/guest.report
want "the guest sees its sound" grep -q '^pci .* 0x040300 snd_hda_intel$' /run/guest.report
want "the guest has a display" grep -qx 'card card0' /run/guest.report
want "the sound chip answered (DMA)" grep -q '^codec QEMU Generic' /run/guest.report
want "the sound chip interrupts" grep -q '^interrupt .* [1-9][0-9]* .*snd_hda_intel' /run/guest.report
