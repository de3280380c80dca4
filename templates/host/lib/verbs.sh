# shellcheck shell=sh
# The three verbs, the lock, and the command line. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

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
{%- if pipewire %}
    shut
{%- endif %}
    for scope in "$@"; do
        reverted=$scope
        tidy "$reverted"
        for id in $(records "$reverted"); do
            give_back "$reverted" "$id" || return 1
            echo "$label: reverted"
        done
        logs_go "$reverted"
    done
}

{%- if pipewire %}

# shut: what a power loss kept stop.sh from taking back; a guest that has the card still needs it.
shut() {
    for mark in "$(at /run/onegpu)"/*/let-through; do
        if [ -e "$mark" ]; then return 0; fi
    done
    read -r entry folder 2>/dev/null <"$state/let-through" || return 0
    folder=$(at "$folder")
    setfacl -x "$entry,m" "$folder" 2>/dev/null || setfacl -x "$entry" "$folder"
    rm -f "$state/let-through"
}
{%- endif %}

# logs_go SCOPE: what the handovers left behind.
logs_go() {
    logs=$(at /var/log/onegpu)
    case $1 in guests/*) rm -f "$logs/${1#*/}.log" "$logs/${1#*/}.log.1" ;; esac
    rmdir "$logs" "$(at /run/onegpu)" 2>/dev/null
    return 0
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
    verb=$1 root='' check=no which='' reboot=no again=no failing=no label=onegpu
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
    for tool in awk cat cksum cp date grep head id ln mkdir mv readlink rm rmdir sed sort stat sync tail touch tr wc; do
        have "$tool" || { say "needs \`$tool\`, which is not here" && exit 1; }
    done
    state=$(at {{ paths.state | sh }})
    if runs; then running=yes; else running=no; fi
    ! of_newer || exit 1
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
