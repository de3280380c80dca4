# shellcheck shell=sh
# Links by which an init enables services. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

# links FOLDER...: the links there that are called after one of $services or lead to one.
links() {
    for folder in "$@"; do
        folder=$(at "$folder")
        for link in "$folder"/* "$folder"/*/*; do
            [ -L "$link" ] || continue
            target=$(readlink "$link")
            for service in $services; do
                if [ "${link##*/}" = "$service" ] || [ "${target##*/}" = "$service" ]; then
                    printf '%s %s\n' "${link#"$root"}" "$target"
                    break
                fi
            done
        done
    done
}
links_keep() {
    keep links.folders "$*" && keep services "$services" && keep links.before "$(links "$@")" || return 1
    link_folders "$@" >"$record/links.subfolders"
}
# link_folders FOLDER...: what systemctl makes for links, below them.
link_folders() {
    for folder in "$@"; do
        for sub in "$(at "$folder")"/*.wants "$(at "$folder")"/*.requires; do
            if [ -d "$sub" ]; then printf '%s\n' "${sub#"$root"}"; fi
        done
    done
}
links_after() {
    # shellcheck disable=SC2046 # folders of an init have no blanks
    keep links.after "$(links $(kept links.folders))"
}
# links_restore: exactly those links go that came with us; `disable` would also take what the
# unit's Also= names, enabled before or not.
links_restore() {
    services=$(kept services)
    before=$(kept links.before)
    # shellcheck disable=SC2046 # folders of an init have no blanks
    now=$(links $(kept links.folders))
    # An interrupted run does not know what it made; nobody else makes links of these names.
    if [ -f "$record/links.after" ]; then after=$(kept links.after); else after=$now; fi
    printf '%s\n' "$now" | while read -r link target; do
        if in_lines "$before" "$link $target" || ! in_lines "$after" "$link $target"; then continue; fi
        rm -f "$root$link" || exit 1
    done || return 1
    # shellcheck disable=SC2046 # folders of an init have no blanks
    for sub in $(link_folders $(kept links.folders)); do
        grep -qxF "$sub" "$record/links.subfolders" || rmdir "$root$sub" 2>/dev/null
    done
    return 0
}
in_lines() { printf '%s\n' "$1" | grep -qxF -- "$2"; }
