# onegpu 0.1.0: what start.sh and stop.sh of every guest share: the record of what was
# done, bounds, waiting, and the log. They read this file after setting `guest`.
# shellcheck shell=sh

bound=30 # seconds that one outside command may take
grace=5  # seconds that it may then take to end
queue=300 # seconds to wait for another handover or return
tries=75 # how often to look for something that is waited for,
pause=0.2 # and seconds in between
record=/run/onegpu/${guest:?}
log=/var/log/onegpu/$guest.log
unset LC_ALL # libvirt's `C` would become the locale of the desktop, which rc-service starts

# lock: one handover or return at a time, of whichever guest.
lock() {
	[ -d /run/onegpu ] || bounded mkdir -p -m 0700 /run/onegpu || return
	exec 9</run/onegpu && timeout -k "$grace" "$queue" flock 9 || return
	# What was done before the last boot is undone by it.
	read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id
	! read -r was 2>/dev/null <"$record/boot" || [ "$was" = "$boot" ] || bounded rm -rf "$record"
}

# begin WHAT: all output goes to the log, for libvirt waits until everything has let
# go of its pipes. 3 is libvirt's standard error, 9 the lock; no outside command gets them.
begin() {
	way=$1
	exec 3>&2 2>/dev/null
	[ -d /var/log/onegpu ] || bounded mkdir -p /var/log/onegpu
	[ "$way" = start ] || [ -z "$(ask find "$log" -size +256k)" ] || bounded mv -f "$log" "$log.1"
	printf '' >>"$log" || log=/dev/null
	exec >>"$log" 2>&1
	clock
	started=$now
	trap report EXIT
	say "== $way $(ask date +%Y-%m-%dT%H:%M:%S%z)"
}

# bounded COMMAND...: runs it with a bound. KILL comes last and ends `timeout` too, so
# that even a command stuck in the kernel does not hold up the way back.
bounded() {
	timeout -k "$grace" "$bound" "$@" </dev/null 3>&- 9>&-
}
# ask COMMAND...: the same in $(...): the command takes the place of the shell there.
ask() {
	exec timeout -k "$grace" "$bound" "$@" </dev/null 3>&- 9>&-
}

# put VALUE FILE [VALUE FILE]...: writes to the kernel; one that it refuses keeps none of the others back.
put() {
	# shellcheck disable=SC2016 # for the inner shell
	bounded sh -c 'bad=0; while [ $# -gt 0 ]; do printf "%s\n" "$1" >"$2" || bad=1; shift 2; done; exit $bad' sh "$@"
}

# The record: one file for each thing, written before it is done. What is there
# already, from a start that was cut off, knows better what was there before.
did() {
	recorded "$1" || printf '%s\n' "${2-}" >"$record/$1"
}
recorded() {
	[ -f "$record/$1" ]
}

# await COMMAND...: tries until it succeeds; gives up in the end, or when it hangs.
await() {
	try=0
	until "$@"; do
		[ $? -lt 124 ] || return 1
		try=$((try + 1))
		[ "$try" -lt "$tries" ] || return 1
		bounded sleep "$pause" || return 1
	done
}

# retry COMMAND...: three times; but the handover does not wait again for what has hung.
retry() {
	for again in 0.2 1 0; do
		"$@" && return
		status=$?
		[ "$way" != start ] || [ "$status" -lt 124 ] || break
		[ "$again" != 0 ] || break
		say "once more, for it ended with $status: $what"
		bounded sleep "$again"
	done
	return "$status"
}

# step WHAT COMMAND...: takes a step and logs it with its duration. `onegpu log` reads these
# lines and those of `begin`; what else is in the log came from a command or from `say`.
step() {
	what=$1
	shift
	clock
	since=$now
	"$@"
	status=$?
	clock
	took=$((now - since))
	case $status in
		0) say "ok $((took / 100)).$((took / 10 % 10))$((took % 10))s $what" ;;
		124 | 137) say "TIMEOUT $((took / 100))s $what" ;;
		*) say "FAILED($status) $((took / 100)).$((took / 10 % 10))$((took % 10))s $what" ;;
	esac
	return "$status"
}

# take RECORD VALUE WHAT COMMAND...: a step of the handover is recorded, and then taken. try: the
# same for what the guest can do without. undo WHAT COMMAND...: a step of the way back.
take() {
	try "$@" || fail "$3"
}
try() {
	did "$1" "$2" || fail "no record"
	shift 2
	step "$@"
}
undo() {
	what=$1
	shift
	step "$what" retry "$@"
}

# fail WHY: takes everything back, and has libvirt give up the start.
fail() {
	trap : HUP INT PIPE TERM # PIPE: where libvirt is gone, so is who reads this
	printf 'onegpu: %s cannot have the card (%s); see /var/log/onegpu\n' "$guest" "$1" >&3
	say "giving up: $1"
	/etc/libvirt/hooks/qemu.d/"$guest"/release/end/stop.sh "$guest" rollback 3>&-
	exit 1
}

# say TEXT: a line with the time since the beginning, to the log; report: all of them, to the
# journal or syslog, when the script ends.
say() {
	clock
	set -- "+$(((now - started) / 100)).$(((now - started) / 10 % 10))s $*"
	printf '%s\n' "$1"
	said="$said${said:+
}$guest $1"
}
report() {
	! command -v logger >/dev/null || timeout -k "$grace" "$grace" logger -t onegpu 3>&- 9>&- <<-SAID
		$said
	SAID
}
said=

# Hundredths of a second since the boot: the kernel's clock, whatever happens to the time of day.
clock() {
	read -r now _ 2>/dev/null </proc/uptime || now=0.00
	now=${now%.*}${now#*.}
}

# holders NODE...: sets `holders` to the processes that have one of the nodes open. A handle
# of O_PATH is only a name and holds nothing.
holders() {
	for node; do
		shift
		set -- "$@" -o -lname "$node"
	done
	holders=
	open=$(ask find /proc/[0-9]*/fd -false "$@" 2>/dev/null)
	status=$?
	[ "$status" -lt 124 ] || return "$status"
	for fd in $open; do
		pid=${fd#/proc/} flags=0
		pid=${pid%%/*}
		while read -r key value; do
			[ "$key" != flags: ] || flags=$value
		done 2>/dev/null <"/proc/$pid/fdinfo/${fd##*/}"
		[ $((flags & 010000000)) -eq 0 ] || continue
		case "$holders " in *" $pid "*) ;; *) holders="$holders $pid" ;; esac
	done
}

# nobody_holds NODE...: for `await`. Who stays is asked to end and later killed. PID 1, logind and
# seatd keep nodes open for a desktop and let go with it; a virtual machine is nobody's to kill.
nobody_holds() {
	holders "$@" || return
	[ -n "$holders" ] || return 0
	case $try in 10) signal=TERM ;; 40) signal=KILL ;; *) return 1 ;; esac
	for pid in $holders; do
		read -r name 2>/dev/null <"/proc/$pid/comm" || continue
		case $pid:$name in
			1:* | *:systemd-logind | *:elogind* | *:seatd | *:qemu*) say "held by $name ($pid)" ;;
			*) say "held by $name ($pid): SIG$signal" && kill -s "$signal" "$pid" ;;
		esac
	done
	return 1
}

# watch: libvirt may die before it has written down that the guest runs. Then nobody ends
# the guest, and nobody gives the card back after it: that is done here.
watch() {
	read -r name <"/proc/$PPID/comm"
	case $name in libvirtd | virtqemud) ;; *) return ;; esac
	while [ -e "$record/card" ] && [ ! -e "/run/libvirt/qemu/$guest.xml" ]; do
		[ -d "/proc/$PPID" ] || exec /etc/libvirt/hooks/qemu.d/"$guest"/release/end/stop.sh "$guest" orphaned "$PPID"
		bounded sleep 1 || return
	done
}
