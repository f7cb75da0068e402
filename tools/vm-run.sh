#!/usr/bin/env bash
# vm-run.sh: run a command in a virtual machine with another kernel. See usage below.
set -Eeuo pipefail

usage() {
	cat <<-END
		Usage: vm-run.sh --kernel NAME [OPTION]... -- COMMAND [ARG]...

		Boots a Debian cloud kernel (5.10, 6.1, 6.12 or 7.x), runs COMMAND in it as root, prints its
		output and exits with its exit status. The machine has busybox and what --file brings. With
		-arm64 or -s390x after the name it is a machine of that kind, with what cross.sh fetched.

		  --file SRC[:DEST]  put this file or directory in the machine, at the same path or at DEST,
		                     with the shared libraries of every program in it
		  --append CMDLINE   add to the kernel command line, e.g. lsm=lockdown,capability,landlock,bpf
		  --memory MIB       memory of the machine (default 1024)
		  --timeout SECONDS  kill the machine after so long (default 300)
		  --log FILE         keep the messages of the kernel and of qemu there

		Exit status: that of COMMAND; 124 if the time ran out; 125 if the machine did not come up
		or did not get to the end of COMMAND. Kernels are cached below \$VM_DIR (default build/vm).
	END
}

fail() {
	printf 'vm-run.sh: %s\n' "$*" >&2
	exit 125
}

require_tool() { # COMMAND PACKAGE
	command -v "$1" >/dev/null || fail "$1 is missing. Install the Debian package $2."
}

parse_arguments() {
	KERNEL='' APPEND='' MEMORY=1024 TIMEOUT=300 LOG='' FILES=()
	while [[ $# -gt 0 && $1 != -- ]]; do
		[[ $1 == -h || $1 == --help ]] && usage && exit
		[[ $# -ge 2 ]] || fail "The option '$1' is unknown or needs a value. See vm-run.sh --help."
		case $1 in
		--kernel) KERNEL=$2 ;;
		--append) APPEND=$2 ;;
		--memory) MEMORY=$2 ;;
		--timeout) TIMEOUT=$2 ;;
		--log) LOG=$(realpath -m "$2") ;;
		--file) FILES+=("$2") ;;
		*) fail "There is no option '$1'. See vm-run.sh --help." ;;
		esac
		shift 2
	done
	[[ $KERNEL ]] || fail "Name a kernel with --kernel."
	[[ $# -ge 2 ]] || fail "Give a command after --."
	COMMAND=("${@:2}")
}

# The same for another architecture, whose loader cannot run here.
copy_foreign_libraries() { # FILE
	local name found
	while read -r name; do
		[[ ! -e $ROOT/lib/$name ]] || continue
		found=$(find "$SYSROOT/usr/lib" "$SYSROOT/lib/" -maxdepth 2 -name "$name" | head -n 1)
		[[ $found ]] || fail "The library '$name' of '$1' is missing below $SYSROOT."
		install -D "$found" "$ROOT/lib/$name"
		copy_foreign_libraries "$found"
	done < <(LC_ALL=C readelf --dynamic --program-headers "$1" | sed -n \
		's/.*(NEEDED).*\[\(.*\)\]/\1/p; s/.*interpreter: .*\/\(.*\)\]/\1/p')
}

# Copies the target of each library link to the path that the loader uses.
copy_libraries() { # FILE
	local libraries library
	if [[ $SYSROOT ]]; then
		copy_foreign_libraries "$1"
		return
	fi
	libraries=$(ldd "$1" 2>/dev/null) || return 0
	[[ $libraries != *'not found'* ]] || fail "A shared library of '$1' is missing on this host."
	while read -r library; do
		[[ -e $ROOT$library ]] || install -D "$library" "$ROOT$library"
	done < <(grep -o '/[^ ]*' <<<"$libraries")
}

copy_file() { # SRC[:DEST]
	local source=${1%%:*} target file
	[[ -e $source ]] || fail "The file '$source' does not exist."
	source=$(realpath -s "$source")
	target=$source
	[[ $1 != *:* ]] || target=${1#*:}
	[[ $target == /* ]] || fail "The path '$target' in the machine is not absolute."
	mkdir -p "$ROOT${target%/*}"
	cp -RTL --preserve=mode,timestamps "$source" "$ROOT$target"
	while read -r -d '' file; do
		[[ $(head -c 4 "$file" | tr -d '\0') != $'\x7fELF' ]] || copy_libraries "$file"
	done < <(find -L "$source" -type f -print0)
}

write_command() {
	local word
	printf exec
	for word in "${COMMAND[@]}"; do
		printf " '%s'" "${word//\'/\'\\\'\'}"
	done
}

# Not compressed, since the emulated processor would unpack it more slowly than qemu loads it.
build_initramfs() {
	local file
	mkdir -p "$ROOT"/{usr/{bin,sbin,lib,lib64},etc,root,dev,proc,sys,tmp,run,mnt}
	ln -s usr/{bin,sbin,lib,lib64} "$ROOT"
	cp "$BUSYBOX" "$ROOT/bin/busybox"
	ln -s busybox "$ROOT/bin/sh"
	cp -R "$DIR/modules/lib/modules" "$ROOT/lib"
	for file in "${FILES[@]}"; do
		copy_file "$file"
	done
	install "$TOOLS/vm-init.sh" "$ROOT/init"
	write_command >"$ROOT/command"
	(cd "$ROOT" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0) >"$WORK/initramfs"
}

# Processors that are emulated in parallel miss changes to each other's code: a kernel that patches its own code, as for
# every static key and so for every attached program, crashes on a stray int3. Three ports keep the output of the command apart from
# its status and from the messages of the kernel. The vector instructions of s390x that qemu 7.2 emulates give 6.12 wrong
# checksums, so that every reset of TCP is dropped.
machine_for() { # ARCH
	local ports=(-serial chardev:log)
	# shellcheck disable=SC2054 # the commas are qemu's
	local virtio=(-device virtio-serial -chardev file,id=output,path=output -chardev file,id=status,path=status
		-device virtserialport,nr=1,chardev=output -device virtserialport,nr=2,chardev=status)
	case $1 in
	arm64) QEMU=(qemu-system-aarch64 -M virt -cpu cortex-a72 "${ports[@]}" "${virtio[@]}") CONSOLE=ttyAMA0 ;;
	s390x) QEMU=(qemu-system-s390x -M s390-ccw-virtio -cpu "max,vx=off" "${ports[@]}" "${virtio[@]}") CONSOLE=ttysclp0 ;;
	*) QEMU=(qemu-system-x86_64 -cpu max "${ports[@]}" -serial file:output -serial file:status) CONSOLE=ttyS0 ;;
	esac
}

boot() {
	cd "$WORK"
	touch log status
	mkfifo output
	# Hold the pipe open here, so that the reader ends with this script and not with qemu.
	exec {output}<>output
	{ cat || cat >/dev/null; } <output {output}<&- &
	READER=$!
	setpriv --pdeathsig TERM timeout -k 5 "$TIMEOUT" setpriv --pdeathsig KILL \
		"${QEMU[@]}" -accel tcg,thread=single -smp 2 -m "$MEMORY" -nographic -no-reboot \
		-nodefaults -no-user-config -monitor none \
		-chardev file,id=log,path=log,append=on \
		-kernel "$DIR/vmlinuz" -initrd initramfs \
		-append "console=$CONSOLE quiet panic=-1 oops=panic $APPEND" \
		</dev/null >>log 2>&1 {output}<&- &
	MACHINE=$!
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
		LOG=$VM_DIR/$KERNEL.log
		cp log "$LOG"
	fi
	if [[ $ENDED == 124 ]]; then
		printf 'vm-run.sh: The time of %s seconds ran out. See %s.\n' "$TIMEOUT" "$LOG" >&2
		exit 124
	fi
	[[ $status != started ]] ||
		fail "The machine with the kernel $KERNEL stopped before the command ended. See $LOG."
	fail "The machine with the kernel $KERNEL did not come up. See $LOG."
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
	case $KERNEL in
	*-arm64) ARCH=arm64 && require_tool qemu-system-aarch64 qemu-system-arm ;;
	*-s390x) ARCH=s390x && require_tool qemu-system-s390x qemu-system-misc ;;
	*) ARCH='' && require_tool qemu-system-x86_64 qemu-system-x86 ;;
	esac
	machine_for "$ARCH"
	require_tool cpio cpio
	require_tool busybox busybox-static
	TOOLS=$(realpath "${BASH_SOURCE[0]%/*}")
	VM_DIR=$(realpath -m "${VM_DIR:-$TOOLS/../build/vm}")
	DIR=$VM_DIR/kernels/$KERNEL
	SYSROOT=${ARCH:+$TOOLS/../build/cross/$ARCH/root}
	BUSYBOX=$(command -v busybox)
	[[ ! $SYSROOT ]] || BUSYBOX=$SYSROOT/bin/busybox
	# A failure of this script must not look like one of the command.
	trap 'exit 125' ERR
	"$TOOLS/vm-kernel.sh" "$KERNEL" "$DIR"
	WORK=$(mktemp -d -t cgfence-vm.XXXXXX)
	ROOT=$WORK/root MACHINE='' READER=''
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	build_initramfs
	boot
	report
}

main "$@"
