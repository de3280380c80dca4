

# The desktop's memory is free now.
if [ -z "${set_aside-}" ]; then
	step "compact memory" put 1 /proc/sys/vm/compact_memory
	step "set huge pages aside, again" set_aside || fail "$pages of $wanted huge pages; reboot, or let the profile say hugepages = transparent"
fi
{*- The line's end is the including file's. -*}
