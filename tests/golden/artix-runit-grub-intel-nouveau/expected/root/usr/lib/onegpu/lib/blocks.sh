# shellcheck shell=sh
# Blocks of our own in the user's files. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

# block_keep KEY PATH: records the file before block_add KEY TEXT puts whole lines at its end.
block_keep() {
    keep "$1.path" "$2" && keep_twice "$1" "$(at "$2")"
}
block_add() {
    file=$(at "$(kept "$1.path")")
    keep "$1.block" "$2" || return 1
    # The last line may lack its newline.
    gap=
    if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then gap=yes; fi
    keep "$1.gap" "$gap" || return 1
    { cat "$file" && { [ -z "$gap" ] || echo; } && cat "$record/$1.block"; } >"$record/new" || return 1
    replace "$file" "$record/new" && rm -f "$record/new"
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
            say "$label: $file: lines between BEGIN onegpu and END onegpu were edited, so they stay:"
            awk 'NR == FNR { ours[$0]; next }
                /BEGIN onegpu/ { within = 1 }
                within && !($0 in ours) { print "onegpu: | line " FNR ": " $0 }
                /END onegpu/ { within = 0 }' "$record/$1.block" "$file" | tr -cd '[:print:]\n' >&2
        fi
        return 0
    fi
    # shellcheck disable=SC2086 # three numbers
    set -- "$1" $found
    bytes=$(sed "$2,$3d" "$file" | wc -c)
    if [ -n "$(kept "$1.gap")" ] && [ "$3" = "$4" ]; then bytes=$((bytes - 1)); fi
    sed "$2,$3d" "$file" | head -c "$bytes" >"$record/new" || return 1
    if same "$record/new" "$record/$1.before"; then
        rm -f "$record/new"
        restore "$file" "$record/$1.before"
    else
        replace "$file" "$record/new"
    fi && rm -f "$record/new"
}
