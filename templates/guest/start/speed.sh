{%- if guest.governor == "performance" %}

# The processor's clock stays up.
governors='' up=''
for policy in /sys/devices/system/cpu/cpufreq/policy*/scaling_governor; do
	read -r governor 2>/dev/null <"$policy" || continue
	governors="$governors $governor $policy" up="$up performance $policy"
done
if [ -n "$up" ]; then
	# shellcheck disable=SC2086 # a list
	try governors "${governors# }" "keep the clock up" put $up
fi
{%- endif %}
{%- if guest.pinning and guest.pinning.host %}

# The host's own programs stay off the guest's CPUs.
keeps={{ guest.pinning.host | sh }}
{%- if host.init == "systemd" %}
set -- init.scope system.slice user.slice
lists=$(ask systemctl show -p AllowedCPUs "$@") || say "FAILED($?) 0.00s ask for the CPUs of $*"
while IFS='=' read -r key cpus; do
	[ "$key" = AllowedCPUs ] || continue # an empty line, between them
	try "cpus-$1" "$cpus" "keep $1 on CPUs $keeps" bounded systemctl set-property --runtime "$1" "AllowedCPUs=$keeps"
	shift
done <<LIST
$lists
LIST
{%- else %}
# {% if host.init == "openrc" %}OpenRC has a group for each service, elogind one{% else %}What runit starts is in no group; elogind has one{% endif %} for each session, where cgroup v2 is mounted
# (v1 has no such files in them). Libvirt's own, machine, is the guest's.
read -r every </sys/devices/system/cpu/possible || every=
set --
for group in /sys/fs/cgroup/*/cgroup.type; do
	group=${group%/*}
	[ "${group##*/}" != machine ] || continue
	read -r cpus 2>/dev/null <"$group/cpuset.cpus" || continue
	# Before Linux 7.0 no list can be taken away again, only another be given.
	did "cpus-${group##*/}" "${cpus:-$every}" || fail "no record"
	set -- "$@" "$keeps" "$group/cpuset.cpus"
done
if [ $# -gt 0 ]; then
	try host-cpus '' "keep the host on CPUs $keeps" put "$@"
else
	say "the host stays on all CPUs: its programs are in no groups that have a list of CPUs"
fi
{%- endif %}
{%- endif %}
{*- The line's end is the including file's. -*}
