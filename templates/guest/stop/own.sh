

# The user's own lines, with the desktop back.
if [ -x {{ guest.own_hooks | sh }}/after-return ] && recorded own; then
	step "run after-return" bounded {{ guest.own_hooks | sh }}/after-return "$guest"
fi
{*- The line's end is the including file's. -*}
