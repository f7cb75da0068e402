#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Makes a Debian 13 system with systemd and container runtimes as a disk for run.sh, if what it is made from has changed.
# `small` has systemd, runc and crun; `full` also podman, containerd, Docker and Slurm. It needs root. Leaves in DIR:
# root.img, initramfs, kernel/ as vm-kernel.sh leaves it, and last of all complete. Usage: image.sh small|full DIR
set -euo pipefail

declare -A packages=(
	[small]='systemd systemd-sysv dbus dbus-user-session libpam-systemd iproute2 kmod procps busybox-static
		libbpf1 libjansson4 libnl-3-200 libyaml-0-2 runc crun'
	[full]='podman conmon netavark catatonit uidmap passt fuse-overlayfs containerd docker.io docker-cli iptables nftables
		slurm-wlm slurmctld slurmd munge bpftool jq psmisc'
)
# What networks of containers need, and the disk.
declare -A modules=(
	[small]='virtio_blk'
	[full]='overlay bridge br_netfilter ip_tables iptable_nat iptable_filter ip6_tables ip6table_nat ip6table_filter nf_tables
		nft_chain_nat nft_compat nft_ct nft_fib_inet nft_limit nft_log nft_masq nft_nat nft_numgen nft_redir nft_reject_inet
		xt_addrtype xt_comment xt_conntrack xt_mark xt_MASQUERADE xt_multiport xt_nat xt_tcpudp ipt_REJECT ip6t_REJECT
		nf_conntrack_netlink'
)
declare -A size=([small]=1G [full]=6G)
suite=trixie
kernel=6.12

tools=$(realpath "$(dirname "$0")/..")
if (($# != 2)) || [[ -z ${packages[$1]-} ]]; then
	echo "Usage: $0 small|full DIR" >&2
	exit 2
fi
set=$1
directory=$(realpath -m "$2")
wanted_packages=${packages[small]}
wanted_modules=${modules[small]}
if [[ $set == full ]]; then
	wanted_packages+=" ${packages[full]}"
	wanted_modules+=" ${modules[full]}"
fi

# What the disk depends on. The stamp holds no path.
stamp() {
	cat "$tools"/host/{image.sh,setup.sh,init.sh,agent.sh,agent.service,prepare.sh,slurm.conf,cgroup.conf} | sha256sum
}

# quietly COMMAND...: shows its output only if it fails.
quietly() {
	local log

	if ! log=$("$@" 2>&1 </dev/null); then
		printf '%s\n' "$log" >&2
		echo "$0: '$1' failed; see above. If it is the archive that cannot be reached, see /etc/apt." >&2
		exit 1
	fi
}

# apt reaches the archive as on this host, by its proxy and with its authentication; nothing of that stays in the system.
make_system() { # ROOT
	"$tools/debian-sources.sh" "$suite" "$suite-updates" "$suite-security" >"$work/sources.list"
	{
		apt-config dump | grep -E '^Acquire::(http|https|Check|Force|Retries)' || true
		echo 'Dir::Etc::netrc "/etc/apt/auth.conf";'
		echo 'Dir::Etc::netrcparts "/etc/apt/auth.conf.d";'
	} >"$work/apt.conf"
	quietly mmdebstrap --variant=minbase --mode=root --include="$(tr -s '[:space:]' , <<<"$wanted_packages" | sed 's/,$//')" \
		--aptopt="$work/apt.conf" --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$1" "$work/sources.list"
	rm -rf "$1"/etc/apt/{apt.conf.d/99mmdebstrap,sources.list,sources.list.d/*} "$1"/etc/{resolv.conf,hosts,hostname}
}

put_in_own_parts() { # ROOT
	install -D -t "$1/usr/lib/host" "$tools/host/agent.sh"
	install -D -m 644 -t "$1/etc/systemd/system" "$tools/host/agent.service"
	if [[ $set == full ]]; then
		install -D -t "$1/usr/lib/host" "$tools/host/prepare.sh"
		install -D -m 644 -t "$1/etc/slurm" "$tools"/host/{slurm,cgroup}.conf
	fi
	cp -R "$directory/kernel/modules/lib/modules" "$1/usr/lib/"
}

# The disk's module and what mounts the disk.
make_initramfs() {
	local root=$work/initramfs

	mkdir -p "$root"/{bin,dev,proc,mnt}
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	cp "$directory/kernel/modules/lib/modules"/*/virtio_blk.ko "$root/"
	install "$tools/host/init.sh" "$root/init"
	(cd "$root" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0) >"$directory/initramfs"
}

if [[ $(cat "$directory/complete" 2>/dev/null) == "$(stamp)" ]]; then
	exit
fi
if ((EUID != 0)); then
	echo "$0: making a system needs root; run it with sudo." >&2
	exit 1
fi
for tool in mmdebstrap mkfs.ext4 cpio busybox; do
	if ! PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null; then
		echo "$0: $tool is missing; 'make deps' installs it." >&2
		exit 1
	fi
done
PATH=$PATH:/usr/sbin:/sbin

mkdir -p "$directory"
exec 9>"$directory/.lock"
flock 9
if [[ $(cat "$directory/complete" 2>/dev/null) == "$(stamp)" ]]; then
	exit
fi
started=$SECONDS
echo "Making the $set system with systemd." >&2
rm -rf "$directory"/{complete,state*,root.img,disk.img}
work=$(mktemp --directory --tmpdir=/var/tmp cgfence-host-XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# shellcheck disable=SC2086 # a list of modules
"$tools/vm-kernel.sh" "$kernel" "$directory/kernel" $wanted_modules
make_system "$work/root"
put_in_own_parts "$work/root"
install -m 755 "$tools/host/setup.sh" "$work/root/setup.sh"
quietly chroot "$work/root" /setup.sh "$set"
rm "$work/root/setup.sh"
make_initramfs
quietly mkfs.ext4 -q -F -L root -O ^has_journal,^metadata_csum -d "$work/root" "$directory/root.img" "${size[$set]}"
stamp >"$directory/complete"
if [[ -n ${SUDO_UID-} ]]; then
	chown --recursive "$SUDO_UID:${SUDO_GID-}" "$directory"
fi
echo "Made the $set system in $((SECONDS - started)) s." >&2
