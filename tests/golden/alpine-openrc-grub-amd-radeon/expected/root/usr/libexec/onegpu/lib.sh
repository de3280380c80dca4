# shellcheck shell=sh
# What `apply`, `revert` and `status` share. They source it, and nobody else does.
#
# A step is a file that defines
#   step_ready    can it be done here and now? If not, $why says what to do later
#   step_record   writes down what is there now, by `keep` and its kin
#   step_apply    does it
#   step_applied  0: in force; 1: not ($why); 3: the user changed it ($why), so it stays
#   step_revert   undoes what is still ours, by the record alone, and names the rest
#                 ($again is yes when the step is taken anew at once)
#   step_busy     (where it can be) 0: must not be undone now ($why)
# and sets step_reboot=yes when it is in force only after a reboot.
#
# Its record is the folder /var/lib/onegpu/host/ID or .../guests/NAME/ID: what was there
# before, the step file itself, and `done` once it was carried out. It is made beside its
# place and renamed into it before the step acts, and renamed away after the step was undone:
# whatever interrupts a run, the next finds whole records only. An interrupted, drifted or
# changed step is undone by its record, and taken anew.
#
# Recorded steps of older versions run on this file: what they call must keep its meaning.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables; $here is the caller's
set -u
LC_ALL=C
PATH=${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL PATH
umask 022

say() { printf 'onegpu: %s\n' "$*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

# later TEXT: this part of the step must wait; a later `apply` does it.
later() {
    say "$label: left for later: $1"
    left=$1
}

for name in paths commands record blocks snapshots links machine drift steps verbs; do
    # shellcheck source=/dev/null
    . "$here/lib/$name.sh"
done
