

# The host does not go to sleep. Who keeps it awake looks whether the record is still there.
keep_awake() {
	# shellcheck disable=SC2016 # for the inner shell
	{% if host.init == "systemd" %}systemd-inhibit{% else %}elogind-inhibit{% endif %} --what=sleep:idle --who=onegpu --why="$guest has the graphics card" --mode=block \
		sh -c ': >"$1-held"; while [ -e "$1" ]; do sleep 2; done' sh "/run/onegpu/$guest/awake" </dev/null >/dev/null 2>&1 3>&- 9>&- &
}
if ! recorded awake-held; then
	try awake '' "keep the host awake" keep_awake
fi
{*- The line's end is the including file's. -*}
