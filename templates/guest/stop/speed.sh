{%- if host_cpus %}

for slice in init.scope system.slice user.slice; do
	recorded "cpus-$slice" || continue
	read -r cpus <"$record/cpus-$slice"
	undo "let $slice have its CPUs" bounded systemctl set-property --runtime "$slice" "AllowedCPUs=$cpus"
done
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
