# shellcheck shell=sh
# When a file was changed, and what its machine's files tell of who did it. A part of lib.sh.
# shellcheck disable=SC2034,SC2154 # parts and steps share their variables

# changed_on FILE: for telling people. What a package brings keeps the time at which it was built:
# that it came here later is told apart.
changed_on() {
    written=$(stat -c %Y "$1" 2>/dev/null) && came=$(stat -c %Z "$1") || return 0
    printf 'on %s' "$(day "$written")"
    [ $((came - written)) -lt 60 ] || printf ', there since %s' "$(day "$came")"
    package=$(package_of "${1#"$root"}" | grep -v '^onegpu-' | head -n 1)
    [ -z "$package" ] || printf ', a file of the package %s' "$package"
    packages=$(packages_at "$came" | grep -v '^onegpu-' | sort -u | head -n 3 | tr '\n' ' ')
    [ -z "$packages" ] || printf ', while packages came or went: %s' "${packages% }"
    for aside in "$1".dpkg-* "$1".rpm* "$1".pac* "${1%/*}"/._cfg????_"${1##*/}"; do
        [ ! -e "$aside" ] || printf ', %s lies beside it' "${aside##*/}"
    done
    owner=$(stat -c %u "$1")
    [ "$owner" = 0 ] || printf ', owned by %s' "$(user_of "$owner")"
    by_sudo "${1#"$root"}" | tr -cd '[:print:]'
}
# changed_in FOLDER: the same of what was put into it or taken out last, it or a folder in it.
changed_in() {
    newest=$(at "$1")
    for sub in "$newest"/*/; do
        if [ "$(stat -c %Y "$sub" 2>/dev/null || echo 0)" -gt "$(stat -c %Y "$newest" 2>/dev/null || echo 0)" ]; then newest=${sub%/}; fi
    done
    [ -d "$newest" ] || { printf 'there is no %s' "$1" && return 0; }
    printf 'something in %s came or went %s' "${newest#"$root"}" "$(changed_on "$newest")"
}
day() { date -d "@$1" '+%Y-%m-%d at %H:%M'; }
user_of() {
    name=$(sed -n "s/^\([^:]*\):[^:]*:$1:.*/\1/p" "$(at /etc/passwd)" 2>/dev/null | head -n 1)
    printf '%s\n' "${name:-uid $1}"
}

# by_sudo PATH: the last command of sudo's log that names it; only root may read that log.
by_sudo() {
    for log in /var/log/auth.log /var/log/secure; do
        [ ! -f "$(at $log)" ] || sed -n 's/.*sudo[^:]*: *\([^ ]*\) : .*COMMAND=\(.*\)/, \1 ran sudo \2 /p' "$(at $log)"
    done 2>/dev/null | grep -F -- " $1 " | tail -n 1 | sed 's/ *$//'
}

# package_of PATH: the package that has brought it, by the package manager's database.
package_of() {
{%- if distro.package.format == "deb" %}
    grep -lxF -- "$1" "$(at /var/lib/dpkg/info)"/*.list 2>/dev/null | sed 's:.*/::; s/\.list$//; s/:.*//'
{%- elif distro.package.format == "pacman" %}
    grep -lxF -- "${1#/}" "$(at /var/lib/pacman/local)"/*/files 2>/dev/null | sed 's:/files$::; s:.*/::; s/-[^-]*-[^-]*$//'
{%- elif distro.package.format == "portage" %}
    grep -lF -- "obj $1 " "$(at /var/db/pkg)"/*/*/CONTENTS 2>/dev/null | sed 's:/CONTENTS$::; s:.*/\([^/]*/[^/]*\)$:\1:'
{%- elif distro.package.format == "rpm" %}
    ! have rpm || limit 20 rpm --root "${root:-/}" -qf --qf '%{NAME}\n' "$1" 2>/dev/null | grep -v ' '
{%- elif distro.package.format == "apk" %}
    path=$1 awk '/^P:/ { name = substr($0, 3) } /^F:/ { folder = substr($0, 3) }
        /^R:/ && "/" folder "/" substr($0, 3) == ENVIRON["path"] { print name }' "$(at /lib/apk/db/installed)" "$(at /usr/lib/apk/db/installed)" 2>/dev/null
{%- elif distro.package.format == "xbps" %}
    ! have xbps-query || limit 20 xbps-query -r "${root:-/}" -o "$1" 2>/dev/null | sed 's/: .*//; s/-[^-]*$//'
{%- else %}
    : # it is not asked here
{%- endif %}
}

# packages_at SECONDS: names of packages that came or went within a minute of then.
packages_at() {
{%- if distro.package.format == "deb" %}
    for second in $(($1 - 60)) "$1" $(($1 + 60)); do
        grep "^$(date -d "@$second" '+%Y-%m-%d %H:%M')" "$(at /var/log/dpkg.log)"
    done 2>/dev/null | awk '$3 ~ /^(install|upgrade|configure|remove|purge)$/ { sub(/:.*/, "", $4); print $4 }'
{%- elif distro.package.format == "pacman" %}
    for second in $(($1 - 60)) "$1" $(($1 + 60)); do
        grep "^\[$(date -d "@$second" '+%Y-%m-%dT%H:%M')" "$(at /var/log/pacman.log)"
    done 2>/dev/null | awk '$2 == "[ALPM]" && $3 ~ /^(installed|reinstalled|upgraded|downgraded|removed)$/ { print $4 }'
{%- elif distro.package.format == "portage" %}
    awk -v at="$1" '$1 + 0 >= at - 60 && $1 + 0 <= at + 60 && /::: completed emerge|>>> unmerge success/ {
        print /unmerge/ ? $5 : $8
    }' "$(at /var/log/emerge.log)" 2>/dev/null | sed 's:.*/::'
{%- elif distro.package.format == "rpm" %}
    ! have rpm || limit 20 rpm --root "${root:-/}" -qa --qf '%{INSTALLTIME} %{NAME}\n' 2>/dev/null |
        awk -v at="$1" '$1 >= at - 60 && $1 <= at + 60 { print $2 }'
{%- else %}
    : # this one keeps no log of its own
{%- endif %}
}
