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
# Its record is the folder {{ paths.state | comment }}/host/ID or .../guests/NAME/ID: what was there
# before, the step file itself, and `done` once it was carried out. It is made beside its
# place and renamed into it before the step acts, and renamed away after the step was undone:
# whatever interrupts a run, the next finds whole records only. An interrupted, drifted or
# changed step is undone by its record, and taken anew.
#
# Recorded steps of older versions run on this file: what they call must keep its meaning.
# shellcheck disable=SC2034 # some are for the steps alone
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

# ---- Paths -------------------------------------------------------------------------------

# at PATH: where PATH lies on the machine, its links followed as the machine itself would:
# below --root, an absolute link stays below it.
at() {
    rest=$1 solved='' hops=0
    while [ -n "$rest" ]; do
        part=${rest%%/*}
        case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
        case $part in
            '' | .) continue ;;
            ..) solved=${solved%/*} && continue ;;
        esac
        if [ -L "$root$solved/$part" ] && [ "$hops" -lt 40 ]; then
            hops=$((hops + 1))
            link=$(readlink "$root$solved/$part")
            case $link in /*) solved='' ;; esac
            rest=$link/$rest
        else
            solved=$solved/$part
        fi
    done
    printf '%s\n' "$root$solved"
}

# same A B: two files with the same bytes.
same() { [ -f "$1" ] && [ -f "$2" ] && [ "$(cksum <"$1")" = "$(cksum <"$2")" ]; }

# changed_on FILE: when it was last written, for telling people.
changed_on() { date -r "$1" '+on %Y-%m-%d at %H:%M' 2>/dev/null; }

flush() { sync "$@" 2>/dev/null || sync; }

# replace FILE NEW: NEW's bytes take the place of FILE's in one rename; mode, owner and
# attributes stay FILE's.
replace() {
    rm -f "$1.onegpu"
    if cp -a "$1" "$1.onegpu" && cat "$2" >"$1.onegpu" && flush "$1.onegpu" && mv -f "$1.onegpu" "$1"; then
        return 0
    fi
    rm -f "$1.onegpu"
    return 1
}

# restore FILE BEFORE: as replace, and the time of the last change with it.
restore() { replace "$1" "$2" && touch -r "$2" "$1"; }

# ---- Outside commands --------------------------------------------------------------------

# limit SECONDS COMMAND...: bounded, without standard input and without our lock.
limit() {
    seconds=$1
    shift
    if have timeout; then
        timeout "$seconds" "$@"
    else
        "$@"
    fi </dev/null 9<&-
}

# quiet SECONDS COMMAND...: shows what the command said only if it fails. Into a file, not a
# pipe: a daemon that it starts may keep its output open.
quiet() {
    output=$record/output
    touch "$output" 2>/dev/null || output=/dev/null
    limit "$@" >"$output" 2>&1
    ended=$?
    if [ "$ended" -ne 0 ]; then
        [ "$ended" -ne 124 ] || say "took longer than $1 seconds:"
        shift
        say "\`$*\` failed with status $ended"
        [ "$output" = /dev/null ] || sed 's/^/onegpu: | /' "$output" >&2
    fi
    rm -f "$record/output"
    return "$ended"
}

# ---- The record of the step at hand ------------------------------------------------------

# keep KEY TEXT, kept KEY: a value of the record.
keep() {
    printf '%s\n' "$2" >"$record/$1.part" && flush "$record/$1.part" && mv -f "$record/$1.part" "$record/$1"
}
kept() { if [ -f "$record/$1" ]; then cat "$record/$1"; fi; }

# keep_file KEY PATH: a file's bytes, mode, owner and times.
keep_file() {
    cp -a "$2" "$record/$1.part" && flush "$record/$1.part" && mv -f "$record/$1.part" "$record/$1"
}

# heir KEY: the record of another guest's step of this name with the same KEY. It is told, when
# we are undone, that what it shares with us was not there before.
heir() {
    for other in "$state"/guests/*/"${record##*/}"; do
        if [ "$other" != "$record" ] && same "$other/$1" "$record/$1"; then
            printf '%s\n' "$other"
            return 0
        fi
    done
    return 1
}

# make_folder PATH, remove_folder PATH: with the parents that are missing, and only those away.
keep_folder() {
    missing=$1
    while [ -n "$missing" ] && [ ! -d "$(at "${missing%/*}")" ]; do missing=${missing%/*}; done
    if [ -d "$(at "$1")" ]; then keep folder.made ''; else keep folder.made "$missing"; fi
}
remove_folder() {
    folder=$1
    top=$(kept folder.made)
    [ -n "$top" ] || return 0
    while rmdir "$(at "$folder")" 2>/dev/null && [ "$folder" != "$top" ]; do folder=${folder%/*}; done
    return 0
}

# ---- Blocks of our own in the user's files ------------------------------------------------

# block_keep KEY PATH: records the file before block_add KEY TEXT puts whole lines at its end.
block_keep() { keep "$1.path" "$2" && keep_file "$1.before" "$(at "$2")"; }
block_add() {
    file=$(at "$(kept "$1.path")")
    printf '%s\n' "$2" >"$record/$1.block" || return 1
    # The last line may lack its newline.
    gap=
    if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then gap=yes; fi
    keep "$1.gap" "$gap" || return 1
    { cat "$file" && { [ -z "$gap" ] || echo; } && cat "$record/$1.block"; } >"$record/new" || return 1
    flush "$record/$1.block" && replace "$file" "$record/new" && rm -f "$record/new"
}

# block_lines KEY FILE: the first and last line of our block, if it is there as we wrote it.
block_lines() {
    [ -f "$record/$1.block" ] && [ -f "$2" ] || return 1
    awk 'NR == FNR { ours[++n] = $0; next }
        { line[FNR] = $0; all = FNR }
        END {
            for (i = 1; i + n - 1 <= all; i++) {
                for (j = 1; j <= n && line[i + j - 1] == ours[j]; j++);
                if (j > n) { print i, i + n - 1, all; exit 0 }
            }
            exit 1
        }' "$record/$1.block" "$2"
}

# block_state KEY: as step_applied.
block_state() {
    file=$(at "$(kept "$1.path")")
    block_lines "$1" "$file" >/dev/null && return 0
    why="$file: our lines are gone ($(changed_on "$file"))"
    grep -q 'BEGIN onegpu' "$file" 2>/dev/null || return 1
    why="$file: our lines were edited ($(changed_on "$file"))"
    return 3
}

# block_remove KEY: takes out our lines and no others.
block_remove() {
    file=$(at "$(kept "$1.path")")
    rm -f "$file.onegpu"
    [ -f "$file" ] && [ -f "$record/$1.block" ] || return 0
    if ! found=$(block_lines "$1" "$file"); then
        if grep -q 'BEGIN onegpu' "$file"; then
            say "$label: $file: lines between BEGIN onegpu and END onegpu were edited, so they stay"
        fi
        return 0
    fi
    # shellcheck disable=SC2086 # three numbers
    set -- "$1" $found
    sed "$2,$3d" "$file" >"$record/new" || return 1
    if [ -n "$(kept "$1.gap")" ] && [ "$3" = "$4" ]; then
        head -c $(($(wc -c <"$record/new") - 1)) "$record/new" >"$record/cut" && mv -f "$record/cut" "$record/new" || return 1
    fi
    if same "$record/new" "$record/$1.before"; then
        restore "$file" "$record/$1.before"
    else
        replace "$file" "$record/new"
    fi && rm -f "$record/new"
}

# ---- Files that another program writes for us ---------------------------------------------

# snap_keep PATH...: records those of the files that exist. After the program has run,
# snap_after records what it made of them. snap_restore PATH... puts all back byte for byte, if
# no other file has come or gone and nobody has changed them since; else it returns 1.
snap_keep() {
    count=0
    for path in "$@"; do
        [ -f "$(at "$path")" ] || continue
        count=$((count + 1))
        keep "snap.$count.path" "$path" && keep_file "snap.$count.before" "$(at "$path")" || return 1
    done
    keep snap.count "$count"
}
snap_after() {
    count=$(kept snap.count)
    while [ "${count:-0}" -gt 0 ]; do
        keep "snap.$count.sum" "$(cksum <"$(at "$(kept "snap.$count.path")")")" || return 1
        count=$((count - 1))
    done
}
snap_restore() {
    there=0
    for path in "$@"; do
        if [ -f "$(at "$path")" ]; then there=$((there + 1)); fi
    done
    [ "$there" = "$(kept snap.count)" ] || return 1
    count=$there
    while [ "$count" -gt 0 ]; do
        file=$(at "$(kept "snap.$count.path")")
        [ -f "$file" ] || return 1
        if ! same "$file" "$record/snap.$count.before"; then
            [ "$(cksum <"$file")" = "$(kept "snap.$count.sum")" ] || return 1
        fi
        count=$((count - 1))
    done
    count=$there
    while [ "$count" -gt 0 ]; do
        file=$(at "$(kept "snap.$count.path")")
        same "$file" "$record/snap.$count.before" || restore "$file" "$record/snap.$count.before" || return 1
        count=$((count - 1))
    done
}

# made_keep FILE: records the boot loader's generated FILE; made_again FILE COMMAND... has the
# distro's own program write it again; made_back FILE COMMAND... does so after the cause is gone, or
# puts the recorded FILE back when it starts the same kernels.
made_keep() {
    snap_keep "$1" && if [ -e "$(at "$1.new")" ]; then keep new.was-there ''; fi
}
made_again() {
    made=$1
    shift
    if [ ! -f "$(at "$made")" ]; then
        say "$label: there is no $made yet: \`$*\` takes the words up when there is"
    elif [ -n "$root" ] || ! have "$1"; then
        later "run on the machine: $*"
    elif quiet 600 "$@"; then
        snap_after
    else
        # grub-mkconfig writes there first.
        [ -e "$record/new.was-there" ] || rm -f "$(at "$made.new")"
        # Without an init there is often no disk to be seen either: an image, a chroot.
        [ "$running" = no ] && later "run on the machine: $*"
    fi
}
made_back() {
    made=$(at "$1")
    [ -e "$record/new.was-there" ] || rm -f "$made.new"
    [ -f "$made" ] || return 0
    if [ "$(made_kernels "$made")" = "$(made_kernels "$record/snap.1.before")" ] && snap_restore "$1"; then
        return 0
    fi
    made_again "$@"
}
made_kernels() {
    [ ! -f "$1" ] || grep -E '^[[:space:]]*(linux|initrd)' "$1" | tr -s '[:blank:]' '\n' | grep '^[(/]' | sort -u
}

# ---- Links by which an init enables services ----------------------------------------------

# links FOLDER...: the links there that are called after one of $services or lead to one.
links() {
    for folder in "$@"; do
        folder=$(at "$folder")
        for link in "$folder"/* "$folder"/*/*; do
            [ -L "$link" ] || continue
            target=$(readlink "$link")
            for service in $services; do
                case ${link##*/} in
                    "$service" | [SK][0-9][0-9]"${service%.service}") ;;
                    *) [ "${target##*/}" = "$service" ] || continue ;;
                esac
                printf '%s %s\n' "${link#"$root"}" "$target"
                break
            done
        done
    done
}
links_keep() {
    keep links.folders "$*" && keep services "$services" && keep links.before "$(links "$@")" || return 1
    for folder in "$@"; do
        for sub in "$(at "$folder")"/*/; do printf '%s\n' "${sub#"$root"}"; done
    done >"$record/links.subfolders"
}
links_after() {
    # shellcheck disable=SC2046 # folders of an init have no blanks
    keep links.after "$(links $(kept links.folders))"
}
# links_restore: exactly those links go that came with us; `disable` would also take what the
# unit's Also= names, enabled before or not.
links_restore() {
    services=$(kept services)
    # shellcheck disable=SC2046 # folders of an init have no blanks
    links $(kept links.folders) >"$record/links.now" || return 1
    [ -f "$record/links.after" ] || cp "$record/links.now" "$record/links.after" || return 1
    while read -r link target; do
        [ -n "$link" ] || continue
        grep -qxF "$link $target" "$record/links.before" && continue
        grep -qxF "$link $target" "$record/links.after" || continue
        rm -f "$root$link" || return 1
        grep -qxF "${link%/*}/" "$record/links.subfolders" || rmdir "$root${link%/*}" 2>/dev/null
    done <"$record/links.now"
    while read -r link target; do
        [ -n "$link" ] || continue
        grep -qxF "$link $target" "$record/links.after" && continue
        [ -e "$root$link" ] || [ -L "$root$link" ] || ln -s "$target" "$root$link" || return 1
    done <"$record/links.before"
}

# ---- The machine ---------------------------------------------------------------------------

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
{%- if host.init == "systemd" %}
    [ -d /run/systemd/system ] || return 1
{%- elif host.init == "openrc" %}
    [ -e /run/openrc/softlevel ] || return 1
{%- else %}
    [ -d /run/runit ] || return 1
{%- endif %}
    # A chroot that shares the host's /run.
    outer=$(stat -L -c %d:%i /proc/1/root/. 2>/dev/null) || return 0
    [ "$outer" = "$(stat -L -c %d:%i /)" ]
}

# ---- Records and steps ---------------------------------------------------------------------

# records SCOPE: the steps recorded, the last one first.
records() {
    for record in "$state/$1"/*/order; do
        [ -f "$record" ] || continue
        record=${record%/order}
        printf '%s %s\n' "$(cat "$record/order")" "${record##*/}"
    done | sort -rn | sed 's/^[^ ]* //'
}

# step_file SCOPE ID: the step's file among those installed.
step_file() {
    for file in "$(at {{ paths.libexec | sh }}/steps)/$1"/*; do
        name=${file##*/}
        if [ "${name#*-}" = "$2" ] && [ -f "$file" ]; then printf '%s\n' "$file"; fi
    done
}

load() {
    step_reboot=no why='' left=''
    step_busy() { return 1; }
    # shellcheck source=/dev/null
    . "$1"
}

# open SCOPE ID: the step's record becomes the one at hand.
open() {
    scope=$1 id=$2 record=$state/$1/$2
    case $scope in host) label="host: $id" ;; *) label="guest ${scope#*/}: $id" ;; esac
}

# tidy SCOPE: empty folders of records go, in the end all of them.
tidy() {
    rm -rf "$state/$1"/.new-* "$state/$1"/.gone-*
    rmdir "$state/$1" 2>/dev/null
    rmdir "$state/guests" 2>/dev/null
    made=$(cat "$state/.parents" 2>/dev/null)
    for folder in "$state"/*; do
        if [ -e "$folder" ]; then return 0; fi
    done
    if [ -d "$state" ]; then
        rm -rf "$state"
        parent=${state%/*}
        while [ "${made:-0}" -gt 0 ] && rmdir "$parent" 2>/dev/null; do
            parent=${parent%/*} made=$((made - 1))
        done
    fi
    return 0
}

# prepare SCOPE: makes the folder of its records, and remembers how many parents it took.
prepare() {
    if [ ! -d "$state" ]; then
        parent=${state%/*} made=0
        while [ ! -d "$parent" ]; do parent=${parent%/*} made=$((made + 1)); done
        mkdir -p "$state" || return 1
        [ "$made" = 0 ] || echo "$made" >"$state/.parents" || return 1
    fi
    mkdir -p "$state/$1"
}

# take SCOPE FILE: records, then acts; what fails is taken back.
take() {
    name=${2##*/}
    open "$1" "${name#*-}"
    load "$2"
    if ! step_ready; then
        later "$why"
        return 0
    fi
    record=$state/$scope/.new-$id
    if prepare "$scope" && rm -rf "$record" && mkdir "$record" && cp "$2" "$record/step" &&
        keep order "${name%%-*}" && step_record && flush "$record"/* "$record" &&
        mv "$record" "$state/$scope/$id" && flush "$state/$scope"; then
        record=$state/$scope/$id
    else
        tidy "$scope"
        say "$label: could not record what is there now; nothing was changed"
        return 1
    fi
    if step_apply && { [ -z "$left" ] || keep later "$left"; } && keep 'done' ''; then
        [ -n "$left" ] || echo "$label: applied"
        [ "$step_reboot" = no ] || reboot=yes
        taken="$scope:$id $taken"
        return 0
    fi
    say "$label: failed, and is taken back"
    again=no
    give_back "$scope" "$id"
    return 1
}

# give_back SCOPE ID: undoes a recorded step by its own copy, then drops the record.
give_back() {
    open "$1" "$2"
    load "$record/step"
    if step_revert && mv "$record" "$state/$scope/.gone-$id"; then
        [ "$step_reboot" = no ] || reboot=yes
        tidy "$scope"
        return 0
    fi
    say "$label: could not be undone; its record stays in $record"
    return 1
}

# standing SCOPE ID: 0: in force as installed; 1: not; 3: the user's now. $why says what is wrong.
standing() {
    open "$1" "$2"
    installed=$(step_file "$1" "$2")
    load "$record/step"
    [ -f "$record/done" ] || { why='was interrupted' && return 1; }
    step_applied
    case $? in
        0) ;;
        3) return 3 ;;
        *) return 1 ;;
    esac
    [ -n "$installed" ] || { why='is no longer part of the setup' && return 1; }
    same "$installed" "$record/step" || { why='was applied by another version' && return 1; }
    [ ! -f "$record/later" ] || { why="left for later: $(kept later)" && return 1; }
}

apply_scope() {
    applying=$1 retaken=''
    tidy "$1"
    for id in $(records "$1"); do
        standing "$1" "$id"
        held=$?
        if [ "$held" = 0 ]; then
            echo "$label: already applied"
        elif [ "$held" = 3 ] && [ -n "$installed" ]; then
            say "$label: left as you changed it: $why"
        elif [ "$scope" != host ] && lent "${scope#*/}"; then
            later 'the guest has the card: run apply again when it is back'
        elif step_busy; then
            later "$why: run apply again then"
        else
            # Taken again below, unless the setup no longer has it.
            if [ -n "$installed" ]; then retaken="$retaken $id " again=yes; fi
            give_back "$applying" "$id" || return 1
            again=no
        fi
    done
    for file in "$(at {{ paths.libexec | sh }}/steps)/$applying"/*; do
        [ -f "$file" ] || continue
        name=${file##*/}
        [ ! -d "$state/$applying/${name#*-}" ] || continue
        case $retaken in *" ${name#*-} "*) again=yes ;; esac
        take "$applying" "$file" || return 1
        again=no
    done
}

# orphans: guests whose package is gone and whose records are not: its removal was interrupted.
orphans() {
    for folder in "$state"/guests/*/; do
        [ -d "$folder" ] || continue
        guest=${folder%/}
        guest=guests/${guest##*/}
        [ -d "$(at {{ paths.libexec | sh }}/steps)/$guest" ] || printf '%s\n' "$guest"
    done
}

scopes() {
    echo host
    for folder in "$(at {{ paths.libexec | sh }}/steps)"/guests/*/ "$state"/guests/*/; do
        [ -d "$folder" ] || continue
        folder=${folder%/}
        echo "guests/${folder##*/}"
    done | sort -u
}

# refused SCOPE...: says why they must not be undone now, and is true then.
refused() {
    for scope in "$@"; do
        for folder in "$(at /run/onegpu)"/*/; do
            guest=${folder%/}
            guest=${guest##*/}
            case $scope in host | "guests/$guest") ;; *) continue ;; esac
            if lent "$guest"; then
                say "the guest $guest has the card: shut it down first"
                return 0
            fi
        done
        for id in $(records "$scope"); do
            open "$scope" "$id"
            load "$record/step"
            if step_busy; then
                say "$label: $why"
                return 0
            fi
        done
    done
    return 1
}

# ---- The three verbs -----------------------------------------------------------------------

apply_all() {
    taken=''
    for scope in $(orphans); do
        say "${scope#*/} is no longer installed: taking back what it left"
        refused "$scope" || revert_all "$scope" || return 1
    done
    for scope in "$@"; do
        apply_scope "$scope" && continue
        # All or nothing: what this run has done before goes too.
        for done_before in $taken; do
            give_back "${done_before%:*}" "${done_before#*:}" && echo "$label: taken back"
        done
        return 1
    done
}

revert_all() {
    ! refused "$@" || return 1
    for scope in "$@"; do
        reverted=$scope
        tidy "$reverted"
        for id in $(records "$reverted"); do
            give_back "$reverted" "$id" || return 1
            echo "$label: reverted"
        done
    done
}

status_all() {
    all=0
    for scope in "$@"; do
        shown=$scope
        for file in "$(at {{ paths.libexec | sh }}/steps)/$shown"/*; do
            [ -f "$file" ] || continue
            name=${file##*/}
            open "$shown" "${name#*-}"
            if [ ! -d "$record" ]; then
                all=1
                load "$file"
                if step_ready; then echo "$label: not applied"; else echo "$label: left for later: $why"; fi
                continue
            fi
            status_one "$shown" "$id" || all=1
        done
        for id in $(records "$shown"); do
            if [ -z "$(step_file "$shown" "$id")" ]; then status_one "$shown" "$id" || all=1; fi
        done
    done
    return "$all"
}
status_one() {
    standing "$1" "$2"
    case $? in
        0) echo "$label: applied" && return 0 ;;
        3) echo "$label: drifted, and stays as you changed it: $why" ;;
        *) case $why in
            'left for later'*) echo "$label: $why" ;;
            *) echo "$label: drifted: $why" ;;
        esac ;;
    esac
    return 1
}

# lock: one run at a time on one machine. The root folder itself is locked: it is always there,
# and nothing stays behind.
lock() {
    exec 9<"$root/"
    if have flock; then
        flock -w 60 9 && return 0
    else
        tries=0
        while [ "$tries" -lt 60 ]; do
            if mkdir "$state.lock" 2>/dev/null; then
                trap 'rm -rf "$state.lock"' EXIT
                echo $$ >"$state.lock/pid"
                return 0
            fi
            [ -d "$state.lock" ] || return 0
            # Its owner was killed.
            owner=$(cat "$state.lock/pid" 2>/dev/null)
            if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$state.lock"; fi
            tries=$((tries + 1))
            sleep 1
        done
    fi
    say "another run of apply or revert has not ended within a minute"
    return 1
}

wrong() {
    say "$1"
    usage >&2
    exit 2
}

# work_on DIR: the machine whose root is DIR, in place of this one.
work_on() {
    root=$(CDPATH='' cd -- "$1" 2>/dev/null && pwd -P) || wrong "--root: no such folder: $1"
    [ "$root" != / ] || root=''
}

main() {
    verb=$1 root='' check=no which='' reboot=no again=no label=onegpu
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help) usage && exit 0 ;;
            --root=*) work_on "${1#--root=}" ;;
            --root)
                [ $# -gt 1 ] || wrong '--root needs a folder'
                shift
                work_on "$1"
                ;;
            --check)
                [ "$verb" = revert ] || wrong "unknown option: $1"
                check=yes
                ;;
            host | guest)
                [ -z "$which" ] || wrong "one of them at a time: $1"
                which=$1
                [ "$1" = guest ] || { shift && continue; }
                [ $# -gt 1 ] || wrong 'guest needs a name'
                shift
                case $1 in
                    '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._+-]*) wrong "not a guest's name: $1" ;;
                esac
                which=guests/$1
                ;;
            *) wrong "unknown word: $1" ;;
        esac
        shift
    done
    for tool in awk cat cksum cp date dirname grep head id ln mkdir mv readlink rm rmdir sed sort stat sync tail touch tr wc; do
        have "$tool" || { say "needs \`$tool\`, which is not here" && exit 1; }
    done
    state=$(at {{ paths.state | sh }})
    if runs; then running=yes; else running=no; fi
    case $which in
        guests/*)
            if [ "$verb" != revert ] && [ ! -d "$(at {{ paths.libexec | sh }}/steps)/$which" ] && [ ! -d "$state/$which" ]; then
                wrong "no guest ${which#*/} is installed"
            fi
            ;;
    esac
    case $verb:$which in
        # Without the host's part nobody could undo a guest's.
        revert: | revert:host) which=$(scopes | sort) ;;
        *:) which=$(scopes) ;;
    esac
    # shellcheck disable=SC2086 # names of guests have no blanks
    set -- $which
    case $verb in
        status) status_all "$@" && exit 0 || exit 1 ;;
    esac
    if [ "$check" = yes ]; then
        if refused "$@"; then exit 1; else exit 0; fi
    fi
    if [ -z "$root" ] && [ "$(id -u)" != 0 ]; then
        say "must be run as root"
        exit 1
    fi
    lock || exit 1
    "${verb}_all" "$@" || { say "$verb did not finish: see above" && exit 1; }
    if [ "$reboot" = yes ]; then echo "onegpu: in force after the next reboot"; fi
}
