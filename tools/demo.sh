#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Shows the main job on this kernel: a fenced workload tries devices and ports, the kernel allows or refuses each, and
# cgfence finds a listener that is older than the fence. Everything happens in its own cgroup, mount and network
# namespace, bpffs and tmpfs, and nothing remains. Fails if a result is not as expected.
set -euo pipefail

if (($# < 1)); then
	echo "Usage: $0 PROGRAM" >&2
	exit 2
fi
if ((EUID != 0)); then
	echo "$0: fencing needs root, and there is no sudo; as root, run: $0 $*" >&2
	exit 1
fi
program=$(realpath "$1")
cd "$(dirname "$0")/.."
if [[ ${2-} != inside ]]; then
	exec tools/own-mounts.sh --net -- "$0" "$program" inside
fi

unexpected=0
refusals=0
nodes=$(mktemp -d)
cgroup=
listener=

clean_up() {
	local status=$?

	if [[ -n $listener ]]; then
		kill "$listener" 2>/dev/null || true
		wait "$listener" || true
	fi
	if [[ -n $cgroup ]]; then
		"$program" detach "$cgroup" >/dev/null || status=1
		rmdir "$cgroup" || status=1
	fi
	umount --lazy --recursive "$nodes" || true
	rmdir "$nodes" || status=1
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

prepare() {
	local root

	mount -t tmpfs demo "$nodes"
	# With its own copy of the program this demonstration knows its processes from others.
	cp "$program" "$nodes/cgfence"
	program=$nodes/cgfence
	mount -t bpf bpf /sys/fs/bpf
	mkdir "$nodes/pts"
	mount -t devpts -o newinstance,ptmxmode=0666 demo "$nodes/pts"
	mknod "$nodes/null" c 1 3
	mknod "$nodes/zero" c 1 5
	mknod "$nodes/urandom" c 1 9
	mknod "$nodes/mem" c 1 1
	mknod "$nodes/kmsg" c 1 11
	mknod "$nodes/fuse" c 10 229
	mknod "$nodes/loop0" b 7 0
	busybox ip link set lo up
	root=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	if [[ -z $root ]]; then
		echo "$0: no cgroup2 is mounted; try 'mount -t cgroup2 none /sys/fs/cgroup'." >&2
		exit 1
	fi
	mkdir "$root/cgfence-demo-$$"
	cgroup=$root/cgfence-demo-$$
	name=/${cgroup##*/}
}

# Runs a command in the cgroup.
inside() {
	# shellcheck disable=SC2016 # it is the inner shell that expands these
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" "$@"
}

# The verdict of the kernel on a command: only EPERM is a refusal, a device without a driver is not.
verdict() {
	local complaint

	if complaint=$("$@" 2>&1 >/dev/null); then
		echo allowed
	elif [[ $complaint == *"Operation not permitted"* ]]; then
		echo refused
	else
		echo "${complaint##*: }"
	fi
}

# try EXPECTED WHAT COMMAND...: a command in the fence.
try() {
	local expected=$1 what=$2 got

	shift 2
	got=$(verdict inside "$@")
	printf '  %-44s %s\n' "$what" "$got"
	if [[ $got == refused ]]; then
		refusals=$((refusals + 1))
	fi
	if [[ $got != "$expected" ]]; then
		echo "  ^ expected: $expected"
		unexpected=$((unexpected + 1))
	fi
}

# try_open EXPECTED WHAT r|w|rw NODE
try_open() {
	local operator=$3

	case $operator in
	r) operator='<' ;;
	w) operator='>' ;;
	rw) operator='<>' ;;
	esac
	try "$1" "open $2 ($3)" bash -c ": $operator\"\$0\"" "$nodes/$4"
}

expect_equal() {
	if [[ $1 != "$2" ]]; then
		echo "  ^ expected: $2, and it is: $1"
		unexpected=$((unexpected + 1))
	fi
}

# try_listen EXPECTED PORT
try_listen() {
	# The program waits for clients, or fails at once.
	# shellcheck disable=SC2016 # it is the inner shell that expands it
	try "$1" "listen on TCP port $2" bash -c 'timeout 0.5 busybox nc -l -p "$0"; (($? == 124))' "$2"
}

# Starts a process outside that listens on port 9090, and moves it in.
start_listener() {
	busybox nc -l -p 9090 2>/dev/null &
	listener=$!
	until grep -q ':2382 .* 0A ' /proc/net/tcp /proc/net/tcp6; do
		sleep 0.1
	done
	echo "$listener" >"$cgroup/cgroup.procs"
}

# Shows a command of cgfence and what it prints, and notes its exit status.
show() {
	echo
	echo "\$ cgfence $*"
	status=0
	"$program" "$@" || status=$?
}

prepare
show attach "$name"
expect_equal "$status" 0

echo
echo "A workload in that cgroup, as root with all capabilities:"
try_open allowed /dev/null rw null
try_open allowed /dev/zero r zero
try allowed "copy 1 MiB of /dev/urandom to /dev/null" \
	dd if="$nodes/urandom" of="$nodes/null" bs=64K count=16 status=none
try_open allowed "a new pseudo-terminal" rw pts/ptmx
try_open refused /dev/kmsg w kmsg
try_open refused /dev/mem r mem
try_open refused /dev/fuse rw fuse
try_open refused "block device /dev/loop0" r loop0
try allowed "make a node for block device 8:0" mknod "$nodes/new" b 8 0
try_open refused "that node" r new

start_listener
echo
echo "A process that listens on port 9090 is moved in, past every hook. Then ports are fenced too:"
policy='{"devices": {"defaults": true}, "ports": {"tcp": [8080]}, "on_violation": "close"}'
show attach "$name" - <<<"$policy"
expect_equal "$status" 0
echo
try_listen allowed 8080
try_listen refused 9091
show reconcile "$name"
expect_equal "$status" 3
show reconcile "$name"
expect_equal "$status" 0

show status "$name"
expect_equal "$("$program" status "$name" | awk -F '\t' 'END { print $6 }')" "$refusals"
show denials "$name"
expect_equal "$("$program" denials "$name" | awk 'END { print NR - 1 }')" "$refusals"
show explain "$name" device c 1:11 w
expect_equal "$status" 3

echo
echo "No process of cgfence is left, and the fence holds:"
expect_equal "$(find /proc/[0-9]*/exe -lname "$program" 2>/dev/null || true)" ""
try_open refused /dev/kmsg w kmsg

show detach "$name"
echo
echo "Without the fence:"
try_open allowed /dev/kmsg w kmsg

echo
if ((unexpected)); then
	echo "$unexpected of this is not as expected."
	exit 1
fi
echo "All of this is as expected."
