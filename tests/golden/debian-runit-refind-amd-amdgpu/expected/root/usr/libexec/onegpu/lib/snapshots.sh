# shellcheck shell=sh
# Files that another program writes for us. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

# snap_keep PATH...: records those of the files that exist. After the program has run,
# snap_after records what it made of them. snap_restore PATH... puts all back byte for byte, if
# no other file has come or gone and nobody has changed them since; else it returns 1. It returns 2
# when it cannot write: no reason to let that program try.
snap_keep() {
    count=0
    for path in "$@"; do
        [ -f "$(at "$path")" ] || continue
        count=$((count + 1))
        keep "snap.$count.path" "$path" && keep_twice "snap.$count" "$(at "$path")" || return 1
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
            # What a program has left that failed a moment ago is its, too.
            [ "$failing" = yes ] && [ ! -f "$record/snap.$count.sum" ] ||
                [ "$(cksum <"$file")" = "$(kept "snap.$count.sum")" ] || return 1
        fi
        count=$((count - 1))
    done
    count=$there
    while [ "$count" -gt 0 ]; do
        file=$(at "$(kept "snap.$count.path")")
        same "$file" "$record/snap.$count.before" || restore "$file" "$record/snap.$count.before" || return 2
        count=$((count - 1))
    done
}

# snap_times: what the program has itself put back byte for byte gets its old time, too.
snap_times() {
    count=$(kept snap.count)
    while [ "${count:-0}" -gt 0 ]; do
        file=$(at "$(kept "snap.$count.path")")
        ! same "$file" "$record/snap.$count.before" || touch -r "$record/snap.$count.before" "$file"
        count=$((count - 1))
    done
}

# made_keep FILE: records the boot loader's generated FILE; made_again FILE COMMAND... has the
# distro's own program write it again; made_back FILE COMMAND... does so after the cause is gone, or
# puts the recorded FILE back when it starts the same kernels.
made_keep() {
    snap_keep "$1" && keep made.from "$(made_from)" && if [ -e "$(at "$1.new")" ]; then keep new.was-there ''; fi
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
    # It came after us, and nothing of ours is in it.
    [ "$(kept snap.count)" != 0 ] || made_has_words || return 0
    if [ "$(made_kernels "$made")" = "$(made_kernels "$record/snap.1.before")" ]; then
        snap_restore "$1" && return 0
        [ $? = 1 ] || return 1 # could not write
    fi
    # Interrupted while it was made: what stands there, whole or not, is ours, if nobody else had a
    # reason to make it.
    if [ -f "$record/snap.1.before" ] && [ ! -f "$record/snap.1.sum" ] && ! made_newer &&
        ! made_kernels "$made" | grep -qvxF -e "$(made_kernels "$record/snap.1.before")"; then
        restore "$made" "$record/snap.1.before"
        return
    fi
    made_again "$@"
}
# made_has_words: whether one of the step's $words is in it.
made_has_words() {
    for word in $words; do
        if grep -qF -- "$word" "$made"; then return 0; fi
    done
    return 1
}
# made_newer: whether somebody has changed, since the record, what it is made from. Times do not tell:
# a package that is installed again writes its folders anew.
made_newer() { [ "$(kept made.from)" != "$(made_from)" ]; }
# made_from: what it is made from but our own drop-in, as a sum: settings and snippets by their
# content, kernels by their names.
made_from() {
    set -- /dev/null
    for source in "$(at /etc/default/grub)" "$(at /etc/default/grub.d)"/* "$(at /etc/grub.d)"/*; do
        case $source in */50-onegpu.cfg) continue ;; esac
        if [ -f "$source" ]; then set -- "$@" "$source"; fi
    done
    {
        cat "$@"
        for source in "$@" "$(at /boot)"/*; do printf '%s\n' "${source#"$root"}"; done
    } 2>/dev/null | cksum
}
made_kernels() {
    [ ! -f "$1" ] || grep -E '^[[:space:]]*(linux|initrd)' "$1" | tr -s '[:blank:]' '\n' | grep '^[(/]' | sort -u
}
