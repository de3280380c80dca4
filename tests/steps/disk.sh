#!/bin/sh
# A machine whose root is a real file system on a loop device, so that nothing has to stand in for
# grub-probe. $1 is a root with GRUB, $2 a folder of the test's, $3 the setup's files.
set -eu
mount --make-rprivate /
mkdir "$2/memory"
mount -t tmpfs none "$2/memory"
machine=$2/memory/machine
mkdir "$machine"
# GRUB passes over loop devices, unless the file behind them has the name of a device.
disk=$(mktemp /dev/shm/onegpu-disk-XXXXXX)
trap 'rm -f "$disk"' EXIT
truncate -s 64M "$disk"
mkfs.ext4 -q "$disk"
mount -o loop "$disk" "$machine"
for folder in usr proc dev sys; do
    mkdir "$machine/$folder"
done
# Programs are the root's; what a setup writes below /usr lies on top of them, in memory.
mkdir "$2/memory/upper" "$2/memory/work"
mount -t overlay -o "lowerdir=$1/usr,upperdir=$2/memory/upper,workdir=$2/memory/work" overlay "$machine/usr"
for link in bin lib lib64 sbin; do cp -a "$1/$link" "$machine/"; done
cp -a "$1/etc" "$machine/"
for folder in proc dev sys; do mount --rbind "/$folder" "$machine/$folder"; done
mkdir -p "$machine/boot/grub" "$machine/var/lib" "$machine/run" "$machine/tmp"
echo kernel >"$machine/boot/vmlinuz-6.1.0-1-amd64"
echo initrd >"$machine/boot/initrd.img-6.1.0-1-amd64"
cp -a "$3/." "$machine/"
printf 'GRUB_DISABLE_OS_PROBER=true\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"' >"$machine/etc/default/grub"
in_it() { chroot "$machine" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LC_ALL=C "$@"; }
# The whole file system and what was written below /usr.
tree() {
    (cd "$machine" && find . -xdev \( -type f -printf '%p %m %u %T@ ' -exec cksum {} \; -o -printf '%p %y %m %u %l\n' \) | sort)
    (cd "$2/memory/upper" && find . | sort)
}
in_it update-grub 2>/dev/null
echo '# as of then' >>"$machine/boot/grub/grub.cfg"
tree "$@" >"$2/before"
in_it /usr/libexec/onegpu/apply host
in_it /usr/libexec/onegpu/status host
uuid=$(blkid -o value -s UUID "$disk")
grep -q "vmlinuz-6.1.0-1-amd64 root=.* ro *quiet intel_iommu=on iommu=pt" "$machine/boot/grub/grub.cfg"
grep -q "search .*--set=root.* $uuid" "$machine/boot/grub/grub.cfg"
in_it /usr/libexec/onegpu/revert host
tree "$@" | diff "$2/before" -
echo same
