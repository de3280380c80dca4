

# The user's own lines, while the desktop is still there. They may fail: that is only logged.
did own '' || fail "no record"
if [ -x {{ guest.own_hooks | sh }}/before-handover ]; then
	step "run before-handover" bounded {{ guest.own_hooks | sh }}/before-handover "$guest"
fi
{*- The line's end is the including file's. -*}
