#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# run.sh: run a command in a Debian 13 machine with systemd. See usage below.
set -Eeuo pipefail

usage() {
	cat <<-END
		Usage: run.sh [OPTION]... small|full -- COMMAND [ARG]...

		Runs COMMAND as root in a virtual machine with systemd, prints its output and exits with its
		exit status. The machine is made once below \$HOST_DIR (default build/host). The small one is
		booted with the files in place; the full one is booted once and from then on restored from
		its saved state. Nothing that COMMAND changes stays.

		  --file SRC:DEST    put this file or directory in the machine at DEST
		  --timeout SECONDS  kill the machine after so long (default 600)
		  --log FILE         keep the messages of the kernel and of qemu there
		  --boot             boot the full machine instead of restoring it
		  --save             only make the machine and its saved state

		Exit status: that of COMMAND; 124 if the time ran out; 125 if the machine did not come up
		or did not get to the end of COMMAND.
	END
}

fail() {
	printf 'run.sh: %s\n' "$*" >&2
	exit 125
}

parse_arguments() {
	SET='' TIMEOUT=600 LOG='' BOOT='' SAVE='' FILES=()
	while [[ $# -gt 0 && $1 != -- ]]; do
		case $1 in
		-h | --help) usage && exit ;;
		--boot) BOOT=1 ;;
		--save) SAVE=1 ;;
		small | full) SET=$1 ;;
		--file | --timeout | --log)
			[[ $# -ge 2 ]] || fail "The option '$1' needs a value. See run.sh --help."
			case $1 in
			--file) FILES+=("$2") ;;
			--timeout) TIMEOUT=$2 ;;
			--log) LOG=$(realpath -m "$2") ;;
			esac
			shift
			;;
		*) fail "There is no option '$1'. See run.sh --help." ;;
		esac
		shift
	done
	[[ $SET ]] || fail "Name the machine, small or full."
	[[ $SET == full ]] || BOOT=1
	[[ $SAVE || $# -ge 2 ]] || fail "Give a command after --."
	COMMAND=("${@:2}")
}

write_command() {
	local word
	printf exec
	for word in "${COMMAND[@]}"; do
		printf " '%s'" "${word//\'/\'\\\'\'}"
	done
}

# The job is a tape archive as a disk: first of all the command, by which the machine knows that it is there.
# Directories are left out, so that those of the system keep their modes.
build_job() {
	local root=$WORK/root file
	mkdir -p "$root/host-job"
	write_command >"$root/host-job/command"
	for file in "${FILES[@]}"; do
		[[ -e ${file%%:*} ]] || fail "The file '${file%%:*}' does not exist."
		[[ $file == *:/* ]] || fail "The path in the machine is missing in '$file'."
		mkdir -p "$root$(dirname "${file#*:}")"
		cp -RT --preserve=mode,timestamps,links "${file%%:*}" "$root${file#*:}"
	done
	(cd "$root" && { echo host-job/command; find . ! -type d ! -path ./host-job/command; } |
		tar --create --owner=0 --group=0 --no-recursion --verbatim-files-from --files-from=-) >"$WORK/job"
	# The machine that is restored knows the size that this disk had.
	[[ $(stat -c %s "$WORK/job") -le 67108864 ]] || fail "The files are more than 64 MiB."
	truncate --size=64M "$WORK/job"
}

# Starts the machine in the background. Processors that are emulated in parallel miss changes to each other's code: a kernel
# that patches its own code crashes on a stray int3. Three serial ports keep the output of the command apart from its
# status and from the messages of the kernel. There is no network.
start() { # DISK OPTION...
	local memory=1024
	[[ $SET == small ]] || memory=3072
	setpriv --pdeathsig TERM timeout -k 5 "$TIMEOUT" setpriv --pdeathsig KILL \
		qemu-system-x86_64 -accel tcg,thread=single -cpu max -smp 2 -m "$memory" \
		-nographic -no-reboot -nodefaults -no-user-config \
		-chardev file,id=log,path=log,append=on -serial chardev:log \
		-serial file:output -serial file:status \
		-drive file="$1",format=raw,if=virtio,cache=unsafe -drive file=job,format=raw,if=virtio,cache=unsafe \
		-kernel "$DIR/kernel/vmlinuz" -initrd "$DIR/initramfs" \
		-append 'console=ttyS0 quiet panic=-1 oops=panic mitigations=off random.trust_cpu=on systemd.getty_auto=no' \
		"${@:2}" </dev/null >>log 2>&1 &
	MACHINE=$!
}

# What the saved state depends on, beside the disk.
state_stamp() {
	cat "$DIR/complete"
	qemu-system-x86_64 --version
	sed -n '/^start()/,/^}/p' "$TOOLS/host/run.sh" | sha256sum
}

has_state() {
	[[ "$(cat "$DIR/state.complete" 2>/dev/null)" == "$(state_stamp)" ]]
}

# Boots the machine, waits until it is ready and keeps its memory and its disk, which belong together from then on.
save_state() {
	local started=$SECONDS commands
	exec 9>"$DIR/.lock"
	flock 9
	if has_state; then
		exec 9>&-
		return
	fi
	echo "Booting the $SET system to save its state." >&2
	rm -f "$DIR"/state*
	cp --sparse=always "$DIR/root.img" "$DIR/disk.img"
	truncate --size=64M job
	mkfifo monitor.in monitor.out
	exec {commands}<>monitor.in
	cat <monitor.out >answers &
	start "$DIR/disk.img" -chardev pipe,id=monitor,path=monitor -mon chardev=monitor
	until grep -q '^ready' status; do
		if ! kill -0 "$MACHINE" 2>/dev/null || grep -q '^failed' status; then
			cat output >&2
			report
		fi
		sleep 0.2
	done
	echo "It was ready after $((SECONDS - started)) s." >&2
	printf 'migrate "exec:cat >state"\ninfo migrate\nquit\n' >&"$commands"
	wait "$MACHINE" || true
	MACHINE=''
	exec {commands}>&-
	grep -q 'status: completed' answers || fail "The state could not be saved: $(cat answers)"
	mv state "$DIR/state"
	state_stamp >"$DIR/state.complete"
	[[ -z ${SUDO_UID-} ]] || chown "$SUDO_UID:${SUDO_GID-}" "$DIR"/{state,state.complete,disk.img}
	exec 9>&-
	echo "Saved its state after $((SECONDS - started)) s." >&2
}

# The pipe is held open here, so that the reader ends with this script and not with qemu.
run_machine() {
	local output
	mkfifo output
	exec {output}<>output
	{ cat || cat >/dev/null; } <output {output}<&- &
	READER=$!
	if [[ $BOOT ]]; then
		start "$DIR/root.img" -snapshot -monitor none
	else
		start "$DIR/disk.img" -snapshot -monitor none -incoming "exec:cat '$DIR/state'"
	fi
	wait "$MACHINE" && ENDED=0 || ENDED=$?
	MACHINE=''
	exec {output}<&-
	wait "$READER" || true
}

# Exits with the status of the command, or explains why there is none.
report() {
	local status
	status=$(tail -n 1 status)
	[[ -z $LOG ]] || cp log "$LOG"
	[[ $status != 'exited '* ]] || exit "${status#exited }"
	if [[ -z $LOG ]]; then
		LOG=$DIR/log
		cp log "$LOG"
	fi
	if [[ $ENDED == 124 ]]; then
		printf 'run.sh: The time of %s seconds ran out. See %s.\n' "$TIMEOUT" "$LOG" >&2
		exit 124
	fi
	[[ $status != started ]] || fail "The $SET machine stopped before the command ended. See $LOG."
	fail "The $SET machine did not come up. See $LOG."
}

# shellcheck disable=SC2317 # called by a trap
clean_up() {
	if [[ $MACHINE ]]; then
		kill "$MACHINE" 2>/dev/null || true
		wait "$MACHINE" || true
	fi
	[[ -z $READER ]] || kill "$READER" 2>/dev/null || true
	rm -rf "$WORK"
}

main() {
	parse_arguments "$@"
	command -v qemu-system-x86_64 >/dev/null ||
		fail "qemu-system-x86_64 is missing. Install the Debian package qemu-system-x86."
	TOOLS=$(realpath "${BASH_SOURCE[0]%/*}/..")
	DIR=$(realpath -m "${HOST_DIR:-$TOOLS/../build/host}")/$SET
	# A failure of this script must not look like one of the command.
	trap 'exit 125' ERR
	"$TOOLS/host/image.sh" "$SET" "$DIR"
	# The changes to the disk go to a file here, for the time of one run.
	WORK=$(mktemp --directory --tmpdir=/var/tmp cgfence-host-XXXXXX)
	MACHINE='' READER='' ENDED=''
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	[[ $SAVE ]] || build_job
	cd "$WORK"
	touch log status
	export TMPDIR=$WORK
	if [[ ! $BOOT ]]; then
		mkdir save
		cd save
		touch log status
		has_state || save_state
		cd "$WORK"
	fi
	if [[ $SAVE ]]; then
		exit
	fi
	run_machine
	report
}

main "$@"
