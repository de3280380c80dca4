# shellcheck shell=sh
# The record of the step at hand: what was there before. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

# keep KEY TEXT, kept KEY: a value of the record.
keep() {
    printf '%s\n' "$2" >"$record/$1.part" && flush "$record/$1.part" && mv -f "$record/$1.part" "$record/$1" && return
    # The shell's own message is only `I/O error`.
    say "$label: cannot write $record/$1: no room there, or read-only?"
    return 1
}
kept() { if [ -f "$record/$1" ]; then cat "$record/$1"; fi; }

# keep_file KEY PATH: a file's bytes, mode, owner and times.
keep_file() {
    cp -a "$2" "$record/$1.part" && flush "$record/$1.part" && mv -f "$record/$1.part" "$record/$1"
}

# keep_twice KEY PATH: as KEY.before and KEY.spare. Whatever is undone first gives the spare ones' room
# back: on a full disk there is room for one copy then.
keep_twice() { keep_file "$1.before" "$2" && keep_file "$1.spare" "$2"; }

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
