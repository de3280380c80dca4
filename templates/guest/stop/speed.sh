{%- if guest.pinning and guest.pinning.host %}
{%- if host.init == "systemd" %}

# Before Linux 7.0 no list can be taken away again, only another be given: all of them, and then none.
read -r every </sys/devices/system/cpu/possible || every=
have() {
	bounded systemctl set-property --runtime "$1" "AllowedCPUs=${2:-$every}" || return
	[ -n "$2" ] || bounded systemctl set-property --runtime "$1" AllowedCPUs=
}
for slice in init.scope system.slice user.slice; do
	recorded "cpus-$slice" || continue
	read -r cpus <"$record/cpus-$slice"
	undo "let $slice have its CPUs" have "$slice" "$cpus"
done
{%- else %}

# A session or a service may have ended meanwhile, and its group with it.
have() {
	set --
	for group in "$record"/cpus-*; do
		read -r cpus <"$group"
		group=/sys/fs/cgroup/${group##*/cpus-}/cpuset.cpus
		[ ! -e "$group" ] || set -- "$@" "$cpus" "$group"
	done
	[ $# -eq 0 ] || put "$@"
}
if recorded host-cpus; then
	undo "let the host have its CPUs" have
fi
{%- endif %}
{%- endif %}
{%- if guest.governor == "performance" %}

if read -r governors 2>/dev/null <"$record/governors"; then
	# shellcheck disable=SC2086 # a list
	undo "let the clock go" put $governors
fi
{%- endif %}
{%- if guest.hugepages == "reserve" %}

if read -r pages 2>/dev/null <"$record/hugepages"; then
	undo "give the huge pages back" put "$pages" /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
fi
{%- endif %}
{*- The line's end is the including file's. -*}
