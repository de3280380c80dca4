#!/bin/sh
# In a machine with a real libvirtd (tests/libvirt/machine.sh): the setup in /lab/setup goes in
# and out; what is said goes to the output, the first thing that is wrong ends it.
set -eu
cd /lab
wrong() {
    echo "wrong: $1"
    exit 1
}
# A domain, an autostart link or a disk of ours.
traces() { find /etc/libvirt /var/lib/libvirt/images /var/lib/systemd /var/lib/onegpu /etc/systemd /etc/group* /etc/gshadow* \( -type f -o -type l \) -printf '%m %u %g %p %l\n' 2>/dev/null | sort; }
# soon COMMAND...: within ten seconds.
soon() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || wrong "never: $*"
        sleep 0.1
    done
}
start() { libvirtd -d 2>>libvirtd.log && soon virsh version; }
# A daemon that has ended may wait as a zombie: nobody here is its parent.
gone() { ! grep -v "^State:.*zombie" "/proc/$1/status" | grep "^State:"; }
stop() {
    pid=$(cat /run/libvirtd.pid)
    kill "$pid"
    # Now and then libvirtd itself does not come to its end; how it ends is not what is tried.
    tries=0
    until gone "$pid" >/dev/null 2>&1 || [ "$tries" -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    gone "$pid" >/dev/null 2>&1 || kill -KILL "$pid"
    soon gone "$pid"
}
useradd --uid 1000 mika
virtlogd -d
start
cp -a setup/. /
echo rom >/root/card.rom
traces >before
a=/usr/libexec/onegpu

$a/apply
virsh dominfo one >/dev/null || wrong 'no domain'
virsh net-info default | grep -q 'Active: *yes' || wrong 'no network'
$a/status || wrong status
$a/apply | grep 'guest one: domain: already applied' || wrong 'applied twice'
# A restarted daemon reads its files: still ours.
stop
start
$a/status guest one || wrong 'status after a restart'
# A snapshot stays when the setup changes.
virsh -q snapshot-create-as one s1 >/dev/null
sed -i 's:<memory.*:<memory unit="MiB">2048</memory>:' /usr/share/onegpu/guests/one/one.xml
$a/apply guest one
virsh dumpxml one | grep -q 2097152 || wrong 'not redefined'
virsh snapshot-list one --name | grep -q s1 || wrong 'snapshot lost'
$a/revert 2>&1 | grep 'one has snapshots' || wrong 'snapshot not named'
$a/apply 2>&1 | grep 'libvirt has a domain one already' || wrong 'domain not named'
virsh -q snapshot-delete one s1 >/dev/null
virsh -q undefine one
rm /var/lib/libvirt/images/one.qcow2
$a/revert
traces | diff before - || wrong 'traces'
$a/revert

# Edited by hand.
$a/apply >/dev/null
virsh dumpxml --inactive one | sed 's:<on_reboot>restart:<on_reboot>destroy:' >edited
virsh -q define edited
$a/status guest one | grep 'drifted, and stays' || wrong 'edit not seen'
$a/revert 2>&1 | grep 'the domain one was changed, so it stays' || wrong 'edit not named'
virsh dumpxml --inactive one | grep -q '<on_reboot>destroy' || wrong 'edit lost'
virsh -q undefine one

# Without a daemon the file is all there is.
$a/apply >/dev/null
stop
$a/revert
traces | diff before - || wrong 'traces without a daemon'
echo 'done'
