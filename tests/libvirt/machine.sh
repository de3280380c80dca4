#!/bin/sh
# A libvirtd of its own, in a copy of ROOT that is gone afterwards:
#   unshare --mount --net --pid --fork --kill-child sh machine.sh ROOT WORK
# runs WORK/ask.sh in it, with WORK at /lab.
set -eu
root=$1
work=$2

mkdir "$work/scratch" "$work/machine"
mount -t tmpfs tmpfs "$work/scratch"
mkdir "$work/scratch/upper" "$work/scratch/overlay"
mount -t overlay overlay \
    -o "lowerdir=$root,upperdir=$work/scratch/upper,workdir=$work/scratch/overlay" "$work/machine"
cd "$work/machine"
mount -t proc proc proc
mount --rbind /sys sys
mount --make-rslave sys
# libvirt hands PCI devices over only where it sees an IOMMU and VFIO.
mount -t tmpfs tmpfs sys/kernel/iommu_groups
mkdir -p sys/kernel/iommu_groups/1/devices

mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/net dev/vfio dev/pts dev/shm
while read -r name major minor; do
    mknod -m 666 "dev/$name" c "$major" "$minor"
done <<'NODES'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
net/tun 10 200
vfio/vfio 10 196
NODES
if [ -e /dev/kvm ]; then
    # As Debian's udev leaves it: not everybody's.
    mknod -m 660 dev/kvm c 10 232
    chown 0:"$(sed -n 's/^kvm:[^:]*:\([0-9]*\):.*/\1/p' etc/group)" dev/kvm
fi
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs run
mkdir lab
mount --bind "$work" lab
ip link set lo up
# No /dev of each domain's own: the nodes above are all there is.
echo 'namespaces = []' >>etc/libvirt/qemu.conf

exec chroot . sh /lab/ask.sh
