# shellcheck shell=sh
# Where things lie on the machine, and changing files whole. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

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

flush() { sync "$@" 2>/dev/null || sync; }

# replace FILE NEW [OLD]: NEW's bytes take the place of FILE's in one rename; mode, owner and
# attributes stay FILE's, if there is one. The time of the last change is OLD's, where it is said.
replace() {
    rm -f "$1.onegpu"
    if { [ ! -e "$1" ] || cp -a "$1" "$1.onegpu"; } && cat "$2" >"$1.onegpu" && { [ $# -lt 3 ] || touch -r "$3" "$1.onegpu"; } && flush "$1.onegpu" && mv -f "$1.onegpu" "$1"; then
        return 0
    fi
    rm -f "$1.onegpu"
    return 1
}

# restore FILE BEFORE: bytes and time of the last change.
restore() { replace "$1" "$2" "$2"; }
