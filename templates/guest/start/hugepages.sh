{%- if guest.hugepages == "reserve" %}

# Memory in pieces of 2 MiB, early; what cannot be had yet may be there when the desktop has ended.
pool=/sys/kernel/mm/hugepages/hugepages-2048kB
read -r pages <"$pool/nr_hugepages" || fail "a kernel without huge pages"
read -r unused <"$pool/free_hugepages"
read -r promised <"$pool/resv_hugepages"
did hugepages "$pages" || fail "no record"
wanted=$((pages - unused + promised + {{ guest.memory_mib }} / 2))
set_aside() {
	put "$wanted" "$pool/nr_hugepages" && read -r pages <"$pool/nr_hugepages" && [ "$pages" -ge "$wanted" ]
}
step "set huge pages aside" set_aside && set_aside=yes
{%- else %}

# The kernel gives the guest pieces of 2 MiB where it has some: more of them after this.
step "compact memory" put 1 /proc/sys/vm/compact_memory
huge=0
while read -r _ _ _ _ _ _ _ _ _ _ _ _ _ nine ten _; do
	huge=$((huge + 2 * ${nine:-0} + 4 * ${ten:-0}))
done 2>/dev/null </proc/buddyinfo
say "$huge of {{ guest.memory_mib }} MiB are free in huge pages; the guest goes on without what cannot be had"
{%- endif %}
{*- The line's end is the including file's. -*}
