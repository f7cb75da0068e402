#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Has Debian's Prometheus and its node_exporter read the metrics of a real watch, and asks that Prometheus what the dashboard
# asks. Both are unpacked below build/metrics and not installed. Everything runs in namespaces of its own: mounts, network,
# processes. Needs root. Usage: check-metrics.sh PROGRAM
set -euo pipefail

if (($# != 1)); then
	echo "Usage: $0 PROGRAM" >&2
	exit 2
fi
program=$(realpath "$1")
cd "$(dirname "$0")/.."
directory=build/metrics
packages=(prometheus prometheus-node-exporter)
name=cgfence-test-metrics

fail() {
	echo "check-metrics: $*" >&2
	tail --lines=20 "$work"/*.log >&2
	exit 1
}

fetch() {
	local stamp

	stamp=$(apt-cache policy "${packages[@]}" | sed -n 's/^ *Candidate: //p')
	[[ $(cat "$directory/complete" 2>/dev/null) != "$stamp" ]] || return 0
	rm -rf "$directory"
	mkdir -p "$directory"
	(cd "$directory" && apt-get -qq -o "APT::Sandbox::User=$(id -un)" download "${packages[@]}") >&2
	for package in "$directory"/*.deb; do
		dpkg-deb --extract "$package" "$directory/root"
	done
	rm "$directory"/*.deb
	echo "$stamp" >"$directory/complete"
}

# Nobody else sees the mounts and the network.
if [[ -z ${CGFENCE_CHECK_METRICS-} ]]; then
	if ((EUID != 0)); then
		echo "$0: fences need root; run it with sudo." >&2
		exit 1
	fi
	fetch
	CGFENCE_CHECK_METRICS=1 exec tools/own-mounts.sh --net -- "$0" "$program"
fi

work=$(mktemp --directory -t cgfence-metrics.XXXXXX)
cgroup=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)/$name-$$
server=http://127.0.0.1:9090

clean_up() {
	local status=$? children

	mapfile -t children < <(jobs -rp)
	((${#children[@]} == 0)) || kill "${children[@]}" || true
	wait
	"$program" detach --all >/dev/null 2>&1 || true
	rmdir "$cgroup" || status=1
	rm -rf "$work"
	exit "$status"
}

start() { # NAME COMMAND...
	"${@:2}" >"$work/$1.log" 2>&1 &
}

ask() { # QUERY: prints a line for each series, "LABELS => VALUE @[TIME]"
	"$directory/root/usr/bin/promtool" query instant "$server" "$1" 2>"$work/ask.log"
}

# expect QUERY PATTERN: waits until a line of the answer matches.
expect() {
	local tries=0 answer=

	until answer=$(ask "$1") && grep --quiet --extended-regexp -- "$2" <<<"$answer"; do
		((++tries < 120)) || fail "Prometheus answers '$1' with '$answer' and not with '$2'."
		sleep 0.5
	done
}

refuse() {
	# shellcheck disable=SC2016 # the shell inside expands it
	sh -c 'echo $$ >"$1/cgroup.procs" && { : </dev/full; } 2>/dev/null' sh "$cgroup" && fail "/dev/full is not refused."
	true
}

# A listener that is older than its place in the fence, a refusal, and a second policy.
prepare() {
	mkdir "$cgroup"
	mount -t bpf -o mode=0700 bpf /sys/fs/bpf
	ip link set lo up
	echo '{"name": "web", "devices": {"allow": ["/dev/null rw"]}, "ports": [8080], "on_violation": "log"}' >"$work/policy.json"
	"$program" attach "$cgroup" "$work/policy.json" >/dev/null
	start listener busybox nc -l -p 9999
	until [[ -n $(ss --no-header --tcp --listening 'sport = 9999') ]]; do
		kill -0 $! || fail "busybox does not listen."
		sleep 0.1
	done
	echo $! >"$cgroup/cgroup.procs"
	refuse
	mkdir "$work/textfile"
	start watch "$program" watch --interval 500ms --metrics "$work/textfile/cgfence.prom"
	start node_exporter "$directory/root/usr/bin/prometheus-node-exporter" --collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$work/textfile" --web.listen-address=127.0.0.1:9100
	cat >"$work/prometheus.yml" <<-'END'
		global: { scrape_interval: 1s }
		scrape_configs:
		  - job_name: node
		    static_configs: [{ targets: ["127.0.0.1:9100"] }]
	END
	start prometheus "$directory/root/usr/bin/prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
		--web.listen-address="${server#http://}"
}

# Every query of the dashboard has an answer, with its variables as Grafana fills them in.
ask_as_dashboard() {
	local query count=0

	while read -r query; do
		query=${query//\$instance/.+}
		expect "${query//\$__rate_interval/1m}" ' => '
		count=$((count + 1))
	done < <(python3 -c '
import json, sys

def expressions(value):
    if isinstance(value, dict):
        yield from [value["expr"]] if "expr" in value else []
        value = list(value.values())
    for part in value if isinstance(value, list) else []:
        yield from expressions(part)

print("\n".join(expressions(json.load(sys.stdin))))' <tools/grafana.json)
	((count > 0)) || fail "the dashboard asks nothing."
	echo "== $count queries of the dashboard have answers"
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
prepare
path=/${cgroup##*/}
expect cgfence_fences ' => 1 '
"$directory/root/usr/bin/promtool" check metrics <"$work/textfile/cgfence.prom" || fail "promtool refuses what a watch writes."
"$program" metrics --textfile | "$directory/root/usr/bin/promtool" check metrics || fail "promtool refuses what 'metrics' prints."
echo "== promtool has nothing to say"
version=$("$program" --version)
expect cgfence_build_info "version=\"${version#* }\".* => 1 "
expect 'cgfence_fence_info{mode="enforce"}' "cgroup=\"$path\".*name=\"web\""
expect "cgfence_refusals_total{cgroup=\"$path\",hook=\"device\",verdict=\"denied\"}" ' => 1 '
expect "cgfence_listeners_in_excess{cgroup=\"$path\"}" ' => 1 '
refuse
expect "cgfence_refusals_total{cgroup=\"$path\",hook=\"device\",verdict=\"denied\"}" ' => 2 '
"$program" attach --tcp 8081 "$cgroup" "$work/policy.json" >/dev/null 2>&1
echo "== Prometheus has by node_exporter what the watch wrote"
ask_as_dashboard
