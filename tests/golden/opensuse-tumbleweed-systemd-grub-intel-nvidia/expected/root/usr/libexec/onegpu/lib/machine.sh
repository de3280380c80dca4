# shellcheck shell=sh
# What the machine is doing. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

# lent NAME: whether that guest has the card; its handover keeps a record in /run.
lent() {
    for mark in "$(at /run/onegpu)/$1"/* "$(at /run/onegpu)/$1"/.[!.]*; do
        if [ -f "$mark" ]; then return 0; fi
    done
    return 1
}

# guests_run: whether any domain of libvirt's runs; each has its state there while it does.
guests_run() {
    for domain in "$(at /run/libvirt/qemu)"/*.xml; do
        if [ -f "$domain" ]; then return 0; fi
    done
    return 1
}

# libvirt_answers: whether libvirt can be asked; asked once.
libvirt_answers() {
    if [ -z "${answers-}" ]; then
        answers=no
        if [ -z "$root" ] && have virsh && [ -n "$(virsh_ uri 2>/dev/null)" ]; then answers=yes; fi
    fi
    [ "$answers" = yes ]
}
virsh_() { limit 20 virsh -q -c qemu:///system "$@"; }

# runs: whether this machine runs, with its init; a chroot or an image does not.
runs() {
    [ -z "$root" ] || return 1
    [ -d /run/systemd/system ] || return 1
    # A chroot that shares the host's /run.
    outer=$(stat -L -c %d:%i /proc/1/root/. 2>/dev/null) || return 0
    [ "$outer" = "$(stat -L -c %d:%i /)" ]
}
