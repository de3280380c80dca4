# shellcheck shell=sh
# Records and steps: taking one, giving it back, and how it stands. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

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
    for file in "$(at /usr/lib/onegpu/steps)/$1"/*; do
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
    [ -f "$state/.format" ] || { echo "$records_format" >"$state/.format.part" && flush "$state/.format.part" && mv -f "$state/.format.part" "$state/.format"; } || return 1
    mkdir -p "$state/$1"
}

# Of the records, as this version writes them. What changes their meaning counts it up, and reads the
# ones before; a record without a number is of the first.
# Not a name that a step has: the steps of every version are read into this.
records_format=1

# of_newer: whether a newer onegpu wrote the records. What they mean then is unknown here.
of_newer() {
    written_as=$(cat "$state/.format" 2>/dev/null) || return 1
    case $written_as in '' | *[!0-9]*) ;; *) [ "$written_as" -gt "$records_format" ] || return 1 ;; esac
    say "the records in $state are of a newer onegpu (format ${written_as:-unknown}, this one knows up to $records_format):"
    say "nothing is touched; install that onegpu's packages again, which can apply, revert and go"
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
        say "$label: could not record what is there now (no room there, or read-only?); nothing was changed"
        return 1
    fi
    if step_apply && { [ -z "$left" ] || keep later "$left"; } && keep 'done' ''; then
        [ -n "$left" ] || echo "$label: applied"
        [ "$step_reboot" = no ] || reboot=yes
        taken="$scope:$id $taken"
        return 0
    fi
    say "$label: failed, and is taken back"
    again=no failing=yes
    give_back "$scope" "$id"
    failing=no
    return 1
}

# give_back SCOPE ID: undoes a recorded step by its own copy, then drops the record.
give_back() {
    open "$1" "$2"
    load "$record/step"
    rm -f "$record"/*.spare
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
    for file in "$(at /usr/lib/onegpu/steps)/$applying"/*; do
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
        [ -d "$(at /usr/lib/onegpu/steps)/$guest" ] || printf '%s\n' "$guest"
    done
}

scopes() {
    echo host
    for folder in "$(at /usr/lib/onegpu/steps)"/guests/*/ "$state"/guests/*/; do
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
