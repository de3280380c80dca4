#!/bin/sh
# Asks libvirt about every /lab/in/NAME.xml, and starts every /lab/start/NAME.xml;
# what it says goes to /lab/out, a file for each name and question.
set -eu
cd /lab
mkdir out
export LC_ALL=C

virtlogd -d
libvirtd -d 2>out/libvirtd.log
tries=0
until virsh version >out/version 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || exit 1
    sleep 0.1
done
virsh -q net-start default >/dev/null
useradd --uid 1000 mika

for file in in/*.xml; do
    name=${file#in/}
    name=${name%.xml}
    virt-xml-validate "$file" >schema 2>&1 || cp schema "out/$name.schema"
    # A machine without KVM takes no domain of that type: the rest of it is asked about.
    if [ ! -e /dev/kvm ]; then
        sed -i -e "s/<domain type='kvm'>/<domain type='qemu'>/" \
            -e "s/<cpu mode='host-passthrough'.*>/<cpu mode='maximum'>/" \
            -e "/<cache mode='passthrough'/d" -e '/topoext/d' \
            -e '/<hyperv/,/<\/hyperv>/d' -e '/hypervclock/d' -e '/<kvm>/,/<\/kvm>/d' "$file"
    fi
    # libvirt looks USB devices up only at the start, and makes no command line without that.
    sed "/<hostdev mode='subsystem' type='usb'/,/<\/hostdev>/d" "$file" >argv.xml
    virsh -q "define $file
        dumpxml --inactive $name
        echo =argv=
        domxml-to-native qemu-argv argv.xml" >"out/$name.said" 2>"out/$name.errors" || :
    # What libvirt keeps of it, and what it says of the same with half the memory and a second disk.
    cp "/etc/libvirt/qemu/$name.xml" "out/$name.stored"
    sed -e '/=argv=/,$d' -e 's/>8388608</>4194304</' \
        -e "s:<devices>:&<disk device='disk'><source file='/srv/more.raw'/><target dev='vdz' bus='virtio'/></disk>:" \
        "out/$name.said" >changed.xml
    virsh -q "define changed.xml
        dumpxml --inactive $name
        undefine --keep-nvram --keep-tpm $name" >"out/$name.changed" 2>>"out/$name.errors" || :
done

# libvirt's driver for tests forgets all when the connection ends: everything in one.
{
    for file in in/*.xml; do echo "define $file"; done
    echo 'list --all --name'
} >commands
virsh -q -c test:///default "$(cat commands)" >out/test-driver 2>out/test-driver.errors || :

# What start.sh does so that another user's QEMU gets through libvirt's folders.
getfacl -p /var/lib/libvirt/qemu >out/acl-before
sh -eu let-through.sh
qemu-img create -q -f qcow2 /var/lib/libvirt/images/disk.qcow2 1G
for file in start/*.xml; do
    name=${file#start/}
    name=${name%.xml}
    {
        virsh -q define --validate "$file"
        virsh -q start --paused "$name"
        echo "state $(virsh domstate "$name" | head -n 1)"
        echo "screen $(virsh vncdisplay "$name" 2>/dev/null | head -n 1)"
        echo "disk $(stat -c %U:%G /var/lib/libvirt/images/disk.qcow2)"
        virsh qemu-monitor-command --hmp "$name" 'info pci' |
            sed -n 's/^ *\(.*\): PCI device \(....:....\).*/device \2 \1/p'
        virsh -q destroy "$name"
        echo "disk afterwards $(stat -c %U:%G /var/lib/libvirt/images/disk.qcow2)"
        virsh -q undefine --keep-nvram "$name"
    } >"out/$name.started" 2>"out/$name.start-errors" || :
done
sh -eu keep-out.sh
getfacl -p /var/lib/libvirt/qemu >out/acl-after
ls /var/lib/libvirt/qemu/nvram >out/variables 2>&1 || :
for state in /var/lib/libvirt/swtpm/*/tpm2; do echo "$state"; done >out/tpms
