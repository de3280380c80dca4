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
{%- if host_cpus %}

# The host's own programs stay off the guest's CPUs.
keeps={{ guest.pinning.host | sh }}
for slice in init.scope system.slice user.slice; do
	cpus=$(ask systemctl show --value -p AllowedCPUs "$slice") || {
		say "FAILED($?) 0.00s ask for the CPUs of $slice"
		continue
	}
	try "cpus-$slice" "$cpus" "keep $slice on CPUs $keeps" bounded systemctl set-property --runtime "$slice" "AllowedCPUs=$keeps"
done
{%- endif %}
{*- The line's end is the including file's. -*}
