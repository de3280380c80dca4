# shellcheck shell=sh
# Outside commands: bounded, and quiet unless they fail. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

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
        if [ -s "$output" ]; then sed 's/^/onegpu: | /' "$output" >&2; else say 'it said nothing, or there was no room for it'; fi
    fi
    rm -f "$record/output"
    return "$ended"
}
