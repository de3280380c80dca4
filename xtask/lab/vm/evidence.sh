#!/bin/sh
# Everything that may say what went wrong.
. ./lib.sh
for log in /var/log/onegpu/* /var/log/libvirt/qemu/*.log; do
	echo "--- $log"
	tail -n 60 "$log"
done
virsh -c qemu:///system list --all
/usr/libexec/onegpu/status
find /run/onegpu -type f
lspci -nnk -s 01:00
ps -eo pid,ppid,user,stat,args --ppid 2 -p 2 --deselect
dmesg | tail -n 40
journalctl --no-pager -n 150
