#!/bin/sh
# What onegpu reads of this PC, before anything is installed. The lab looks at it.
. ./lib.sh
if [ "$(cat /proc/1/comm)" = runit ]; then
	# On Debian, onegpu speaks of no runit: what it needs to know is given to it, as anybody could.
	mkdir -p /usr/local/lib/lab/data/distros
	{ sed 's/^inits = .*/inits = ["systemd", "openrc", "runit"]/' /run/lab/debian.toml && cat debian-runit.toml; } \
		>/usr/local/lib/lab/data/distros/debian.toml
	cp /run/lab/onegpu /usr/local/lib/lab/onegpu
	printf '#!/bin/sh\nexec /usr/local/lib/lab/onegpu --data-dir /usr/local/lib/lab/data "$@"\n' >/usr/local/bin/onegpu
	chmod 755 /usr/local/bin/onegpu
else
	cp /run/lab/onegpu /usr/local/bin/onegpu
fi
onegpu detect
for format in json toml; do onegpu detect --format "$format" -o "/run/lab/detect.$format" || exit 1; done
onegpu groups --format json -o /run/lab/groups.json
onegpu groups
