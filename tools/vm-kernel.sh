#!/usr/bin/env bash
# vm-kernel.sh NAME DIR [MODULE]...: fetch a Debian cloud kernel for a virtual machine into DIR, once.
#
# NAME is 5.10, 6.1, 6.12 or 7.x, and -arm64 or -s390x if it is not for the architecture of the host. The modules that cgfence needs come along, and those that are named. Leaves in DIR: vmlinuz, modules/ (a tree for modprobe -d),
# release (as uname -r prints it) and, last of all, complete. The host's apt configuration says where
# the Debian archive is; it is read and never changed, and nothing is installed.
set -euo pipefail

# modprobe and depmod are in sbin, which is not in the PATH of every user.
PATH=$PATH:/usr/sbin:/sbin

# The modules that cgfence and its tests need if they are not built in.
MODULES="inet_diag tcp_diag udp_diag raw_diag mptcp_diag unix_diag sctp sctp_diag
	veth dummy tun fuse loop"

die() {
	printf 'vm-kernel.sh: %s\n' "$*" >&2
	exit 1
}

require_tool() { # COMMAND PACKAGE
	command -v "$1" >/dev/null || die "$1 is missing. Install the Debian package $2."
}

suites_of() { # NAME
	case ${1%%-*} in
	5.10) echo bullseye bullseye-updates bullseye-security ;;
	6.1) echo bookworm bookworm-updates bookworm-security ;;
	6.12) echo trixie trixie-updates trixie-security ;;
	7.x) echo trixie-backports sid ;;
	*) die "There is no kernel '$1'. The names are 5.10, 6.1, 6.12 and 7.x." ;;
	esac
}

# Proxy and authentication settings of the host apply. Its hooks do not, since they act on the host.
write_apt_conf() { # FETCH
	cat <<-END
		#clear APT::Update;
		Dir::Etc::SourceList "$1/sources.list";
		Dir::Etc::SourceParts "$1/none";
		Dir::Etc::Preferences "$1/preferences";
		Dir::Etc::PreferencesParts "$1/none";
		Dir::State "$1/state";
		Dir::State::Lists "$1/lists";
		Dir::State::Status "/dev/null";
		Dir::Cache "$1/cache";
		APT::Architecture "$ARCH";
		APT::Architectures { "$ARCH"; };
		APT::Sandbox::User "$(id -un)";
		Acquire::Languages "none";
		Acquire::Retries "3";
	END
}

# Choose by kernel series and not by the priority of the suite, which is low for backports.
write_preferences() { # NAME META
	local series=${1%%-*}

	printf 'Package: %s\nPin: version %s.*\nPin-Priority: 1000\n\n' "$2" "${series%.x}"
	printf 'Package: %s\nPin: release *\nPin-Priority: -1\n' "$2"
}

field_of() { # FIELD PACKAGE=VERSION
	apt-cache -c "$FETCH/apt.conf" show "$2" | sed -n "s/^$1: //p" | head -n 1
}

# Prints the dependencies of PACKAGE whose names match PATTERN.
depends_of() { # PACKAGE=VERSION PATTERN
	field_of Depends "$1" | tr ',|' '\n' | sed 's/^ *//; s/ .*//' | grep -E "^($2)" || true
}

candidate_of() { # PACKAGE
	LC_ALL=C apt-cache -c "$FETCH/apt.conf" policy "$1" | sed -n 's/^ *Candidate: //p'
}

# In 7.x the image package is empty and depends on the packages with the kernel and its modules.
download_image() { # IMAGE VERSION
	local package

	for package in "$1" $(depends_of "$1=$2" 'linux-(base|binary|modules)-[0-9]'); do
		(cd "$FETCH/debs" && apt-get -c "$FETCH/apt.conf" -qq download "$package=$2") >&2 || return
	done
}

# The archive keeps some earlier images beside the one that META depends on.
earlier_images() { # NAME META
	local series=${1%%-*}

	apt-cache -c "$FETCH/apt.conf" pkgnames "linux-image-${series%.x}." | grep -E -- "-${2#linux-image-}\$" | sort -rV
}

fetch_packages() { # NAME META
	local version image newest
	apt-get -c "$FETCH/apt.conf" -qq update >&2 ||
		echo "vm-kernel.sh: Some package lists could not be fetched; going on with the others." >&2
	version=$(candidate_of "$2")
	[[ $version && $version != '(none)' ]] ||
		die "The suites $(suites_of "$1") have no kernel $1 (package $2)."
	newest=$(depends_of "$2=$version" 'linux-image-[0-9]')
	[[ $newest ]] || die "The package $2 $version depends on no kernel image."
	mkdir "$FETCH/debs"
	download_image "$newest" "$version" && return
	# A mirror may have a list already and not yet all that is in it.
	for image in $(earlier_images "$1" "$2"); do
		[[ $image != "$newest" ]] || continue
		rm -f "$FETCH"/debs/*
		echo "vm-kernel.sh: Trying $image." >&2
		download_image "$image" "$(candidate_of "$image")" && return
	done
	die "The package $newest $version could not be downloaded."
}

# Copies the wanted modules and their dependencies, decompressed, since busybox reads only plain ones.
copy_modules() { # RELEASE
	local tree=$FETCH/tree target=$FETCH/modules/lib/modules/$1 name kind path file
	mkdir -p "$target"
	depmod -b "$tree" "$1"
	for name in $MODULES; do
		modprobe -C "$FETCH/none" -d "$tree" -S "$1" --show-depends "$name" 2>/dev/null ||
			echo "vm-kernel.sh: The kernel $1 has no $name; going on without it." >&2
	done >"$FETCH/depends"
	while read -r kind path _; do
		[[ $kind == insmod ]] || continue
		file=$target/${path##*/}
		case $path in
		*.xz) xz -dc "$path" >"${file%.xz}" ;;
		*.zst) zstd -qdcf "$path" >"${file%.zst}" ;;
		*) cp "$path" "$file" ;;
		esac
	done <"$FETCH/depends"
	cp "$tree/lib/modules/$1"/modules.{builtin*,order} "$target"
	depmod -b "$FETCH/modules" "$1"
}

main() {
	[[ $# -ge 2 ]] || die "Usage: vm-kernel.sh NAME DIR [MODULE]..."
	local name=$1 dir meta package release
	MODULES+=" ${*:3}"
	suites_of "$name" >/dev/null
	dir=$(realpath -m "$2")
	ARCH=$(dpkg --print-architecture)
	case $name in
	*-arm64 | *-s390x)
		ARCH=${name#*-}
		MODULES+=' virtio_pci virtio_console'
		;;
	esac
	meta=linux-image-cloud-$ARCH
	# There are no clouds of these.
	[[ $ARCH != s390x ]] || meta=linux-image-$ARCH
	[[ "$(cat "$dir/complete" 2>/dev/null)" == "$meta $MODULES" ]] && return
	require_tool apt-get apt
	require_tool modprobe kmod
	require_tool xz xz-utils
	require_tool zstd zstd

	mkdir -p "$dir"
	exec 9>"$dir/.lock"
	flock 9
	[[ "$(cat "$dir/complete" 2>/dev/null)" == "$meta $MODULES" ]] && return
	rm -rf "${dir:?}"/*
	FETCH=$dir/fetch
	mkdir -p "$FETCH"/{none,state,tree} "$FETCH"/{lists,cache/archives}/partial
	# shellcheck disable=SC2046 # a list of suites
	"$(dirname "$0")/debian-sources.sh" $(suites_of "$name") >"$FETCH/sources.list"
	write_preferences "$name" "$meta" >"$FETCH/preferences"
	write_apt_conf "$FETCH" >"$FETCH/apt.conf"
	echo "Fetching the Debian cloud kernel $name." >&2
	fetch_packages "$name" "$meta"
	for package in "$FETCH"/debs/*.deb; do
		dpkg-deb -x "$package" "$FETCH/tree"
	done
	[[ -d $FETCH/tree/lib ]] || ln -s usr/lib "$FETCH/tree/lib"
	release=$(cd "$FETCH/tree/lib/modules" && echo *)
	copy_modules "$release"
	# In 7.x the kernel lies beside its modules.
	cp "$FETCH/tree/boot/vmlinuz-$release" "$dir/vmlinuz" 2>/dev/null ||
		cp "$FETCH/tree/lib/modules/$release/vmlinuz" "$dir/vmlinuz" ||
		die "The packages of the kernel $name hold no vmlinuz."
	mv "$FETCH/modules" "$dir/modules"
	echo "$release" >"$dir/release"
	rm -rf "$FETCH"
	echo "$meta $MODULES" >"$dir/complete"
}

main "$@"
