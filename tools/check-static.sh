#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runs the static program in virtual machines whose initramfs has busybox and that program alone: it looks at the host,
# fences, refuses, shows and detaches there. Usage: check-static.sh PROGRAM [KERNEL]...
set -euo pipefail

if (($# < 1)); then
	echo "Usage: $0 PROGRAM [KERNEL]..." >&2
	exit 2
fi
program=$(realpath "$1")
kernels=("${@:2}")
((${#kernels[@]})) || kernels=(5.10 6.12)
cd "$(dirname "$0")/.."

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cat >"$directory/use" <<'END'
#!/bin/sh
set -e
fail() {
	echo "check-static: $*"
	exit 1
}
# contains WHAT WORDS COMMAND...
contains() {
	what=$1 words=$2
	shift 2
	said=$("$@" 2>&1) || true
	case $said in
	*"$words"*) ;;
	*) fail "$what: no '$words' in: $said" ;;
	esac
}

libraries=$(find / -xdev -type f \( -name '*.so' -o -name '*.so.[0-9]*' \))
[ -z "$libraries" ] || fail "this machine has libraries: $libraries"
cgfence --version
cgfence doctor || fail "doctor found that fences cannot be held"
mkdir /sys/fs/cgroup/web
echo '{"devices": {"defaults": true}, "ports": {"tcp": [8080]}}' >/web.json
echo 'services: {a: {image: x, devices: [/dev/null]}}' >/compose.yaml
cgfence attach web /web.json
cgfence status web
cgfence list
inside() {
	sh -c 'echo $$ >/sys/fs/cgroup/web/cgroup.procs; exec "$@"' inside "$@"
}
contains "a listed device" done inside sh -c 'echo >/dev/null && echo done'
contains "another device" "not permitted" inside sh -c 'echo >/dev/kmsg'
contains "another port" "not permitted" inside nc -l -p 9090
contains "what was refused" ":9090" cgfence denials web
contains "an added device" "Allowed" cgfence allow web device /dev/kmsg w
contains "the added device" done inside sh -c 'echo >/dev/kmsg && echo done'
contains "a standing fence" "Fenced" cgfence attach '/job-*' /web.json
mkdir /sys/fs/cgroup/job-1
contains "its member" "/job-1" cgfence status /job-1
contains "a pass" "" cgfence reconcile
contains "an imported policy" /dev/null cgfence import --from compose /compose.yaml
mkdir /sys/fs/cgroup/x.service
echo '{"adopt": true, "devices": {"defaults": true}}' >/adopt.json
cgfence attach x.service /adopt.json
contains "what it cannot do" "linked statically cannot load libsystemd" cgfence allow x.service device c 1:11 w
contains "the end" "Detached 3 fences" cgfence detach --all
END
chmod +x "$directory/use"
for kernel in "${kernels[@]}"; do
	echo "== the static program under $kernel"
	tools/vm-run.sh --kernel "$kernel" --timeout 120 --file "$program:/bin/cgfence" --file "$directory/use:/bin/use" -- /bin/use
done
