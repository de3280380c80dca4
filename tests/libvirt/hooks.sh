#!/bin/sh
# In a machine with a real libvirtd (machine.sh): libvirt calls the hooks for a real QEMU. The
# card is a folder, what the hooks call beside the usual tools is faked (tests/hooks/fake).
# What is said goes to the output, the first thing that is wrong ends it.
set -eu
cd /lab
export LC_ALL=C
guest=$1
wrong() {
    echo "wrong: $1"
    cat "/var/log/onegpu/$guest.log" || :
    tail -n 20 libvirtd.log || :
    exit 1
}
# within SECONDS COMMAND...: COMMAND comes true in that time.
within() {
    tries=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || wrong "never: $*"
        sleep 0.1
    done
}
soon() { within 20 "$@"; }
hooks=/etc/libvirt/hooks
start() { PATH=/lab/fakes:$PATH libvirtd -d 2>>libvirtd.log && soon virsh version; }
stop() {
    pid=$(cat /run/libvirtd.pid)
    kill "$pid"
    # libvirt waits thirty seconds for its own threads before it ends without them (virnetdaemon.c).
    within 60 sh -c "! grep -v '^State:.*zombie' /proc/$pid/status | grep '^State:'"
}
# The desktop, the console, and whether anything is recorded.
state() {
    ls /state
    cat /sys/class/vtconsole/vtcon1/bind /sys/bus/pci/devices/0000:0b:00.0/power/control
    ls "/run/onegpu/$guest" 2>/dev/null || :
}
lent() { [ -e "/run/onegpu/$guest/card" ] && ! [ -e /state/display-manager.service ]; }
back() {
    soon sh -c "! [ -e /run/onegpu/$guest ]"
    state | diff before - || wrong "$1: not as before"
}

# Over the real machine's: nothing of it may be unbound.
for place in bus/pci bus/platform class/vtconsole; do
    mount -t tmpfs tmpfs "/sys/$place"
    cp -a "sys/$place/." "/sys/$place"
done
ln -s /usr/bin /tools
cp -a state /state
: >/calls
: >/script
cp -a setup/. /
qemu-img create -q -f qcow2 /var/lib/libvirt/images/disk.qcow2 64M
cp "$hooks/qemu.d/50-onegpu" "$hooks/qemu.d/50-onegpu~"
virtlogd -d
start
virsh -q net-start default >/dev/null
virsh -q define domain.xml
virsh -q define twin.xml
state >before

echo '== the options in the schema'
for file in options-*.xml; do
    virt-xml-validate "$file" domain >said 2>&1 || wrong "$(cat said)"
    # As elsewhere: a machine may have no KVM.
    sed -e "s/<domain type='kvm'>/<domain type='qemu'>/" -e "s/<cpu mode='host-passthrough'.*>/<cpu mode='maximum'>/" \
        -e "/<cache mode='passthrough'/d" -e '/topoext/d' -e "s:<name>.*:<name>options</name>:" -e '/<uuid>/d' "$file" >options.xml
    virsh -q define options.xml || wrong "$file"
    [ "$(virsh dumpxml options | grep -c '<vcpupin')" = 4 ] || wrong "pins of $file"
    virsh -q undefine --nvram options
done

echo '== there and back'
virsh -q start --paused "$guest"
lent || wrong 'the guest runs and has not the card'
[ "$(virsh domstate "$guest" | head -n 1)" = paused ] || wrong 'the guest does not run'
grep -q 'the card is free' "/var/log/onegpu/$guest.log" || wrong 'no log'
virsh -q destroy "$guest"
back 'there and back'
[ "$(grep -c '== start' "/var/log/onegpu/$guest.log")" = 1 ] || wrong 'the stray copy ran too'

echo '== the twin is nobody'\''s'
virsh -q start --paused "$guest-setup"
[ -e /state/display-manager.service ] || wrong 'the twin took the card'
virsh -q destroy "$guest-setup"

echo '== a failing prepare'
printf 'always\nsystemctl stop display-manager.service\n' >/fault
! virsh -q start --paused "$guest" 2>said || wrong 'started'
grep -q 'cannot have the card (stop display-manager.service)' said || wrong "libvirt does not tell: $(cat said)"
rm /fault
back 'a failing prepare'

echo '== a failing start: QEMU ends at once'
sed -e "s:<domain type='qemu':& xmlns\:qemu='http\://libvirt.org/schemas/domain/qemu/1.0':" \
    -e "s:</domain>:<qemu\:commandline><qemu\:arg value='-nonsense'/></qemu\:commandline></domain>:" domain.xml >broken.xml
virsh -q define broken.xml
! virsh -q start --paused "$guest" 2>said || wrong 'started'
grep -q nonsense said || wrong "another error: $(cat said)"
back 'a failing start'
virsh -q define domain.xml

echo '== a file of the user'\''s own in qemu.d'
cat >"$hooks/qemu.d/10-own" <<'OWN'
#!/bin/sh
echo "$*" >>/lab/own
[ "$2 $3" != "$(cat /lab/own-fails 2>/dev/null)" ]
OWN
chmod 755 "$hooks/qemu.d/10-own"
virsh -q start --paused "$guest"
lent || wrong 'beside a file of the user'\''s own'
virsh -q destroy "$guest"
back 'beside a file of the user'\''s own'
for call in 'prepare begin' 'start begin' 'started begin' 'stopped end' 'release end'; do
    grep -q "^$guest $call" own || wrong "the user's own was not called: $call"
done
for call in 'prepare begin' 'start begin' 'started begin'; do
    echo "$call" >own-fails
    ! virsh -q start --paused "$guest" 2>/dev/null || wrong 'started'
    back "the user's own fails at $call"
done
rm own-fails "$hooks/qemu.d/10-own"

echo '== a foreign main hook, that calls the scripts too'
cat >"$hooks/qemu" <<'FOREIGN'
#!/bin/sh
status=0
for hook in "/etc/libvirt/hooks/qemu.d/$1/$2/$3"/*; do
    [ ! -x "$hook" ] || "$hook" "$@" || status=$?
done
exit $status
FOREIGN
chmod 755 "$hooks/qemu"
kill -HUP "$(cat /run/libvirtd.pid)"
sleep 1
virsh -q start --paused "$guest"
lent || wrong 'beside a foreign hook'
virsh -q destroy "$guest"
back 'beside a foreign hook'
tail -n 60 "/var/log/onegpu/$guest.log" | grep -c '== start' >twice
[ "$(cat twice)" -ge 2 ] || wrong 'the foreign hook called nothing'
rm "$hooks/qemu"

echo '== the daemon restarts while the guest runs'
virsh -q start --paused "$guest"
stop
start
[ "$(virsh domstate "$guest" | head -n 1)" = paused ] || wrong 'the guest did not live on'
lent || wrong 'the restart gave the card back'
virsh -q destroy "$guest"
back 'after a restart'

echo '== the guest ends while the daemon is away'
virsh -q start --paused "$guest"
stop
kill -KILL "$(cat "/run/libvirt/qemu/$guest.pid")"
lent || wrong 'nobody was there to give it back'
start
back 'when the daemon is back'

echo '== libvirt tells its own hooks that it starts'
mkdir -p "$hooks/daemon.d"
printf '#!/bin/sh\necho "$*" >>/lab/starts\n' >"$hooks/daemon.d/50-onegpu"
chmod 755 "$hooks/daemon.d/50-onegpu"
stop
start
grep -q '^- start - start$' starts || wrong "not told: $(cat starts)"

for call in prepare start; do
    echo "== the daemon dies after the handover and before QEMU runs, in $call"
    # shellcheck disable=SC2016 # for the hook's own shell
    printf '#!/bin/sh\n[ "$2" != %s ] || { echo $$ >/lab/slow; exec sleep 60; }\n' "$call" >"$hooks/qemu.d/60-slow"
    chmod 755 "$hooks/qemu.d/60-slow"
    virsh -q start --paused "$guest" 2>/dev/null &
    soon test -s slow
    sleep 3
    lent || wrong 'a slow start is no dead daemon'
    kill -KILL "$(cat /run/libvirtd.pid)"
    back "the daemon died in $call"
    grep -q 'libvirt is gone, and no guest runs' "/var/log/onegpu/$guest.log" || wrong 'the log does not say why'
    kill "$(cat slow)" || :
    wait
    rm slow "$hooks/qemu.d/60-slow" "/var/log/onegpu/$guest.log"
    start
    virsh -q start --paused "$guest"
    lent || wrong 'the next start'
    virsh -q destroy "$guest"
    back 'the start after that'
done
echo 'done'
