#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Builds the Debian packages in new chroots, of Debian 12 and 13 unless told otherwise: twice, in different directories, as
# different users, with another umask, time and time zone, and compares them bit by bit. Then lintian judges them, they are
# installed and used, and upgraded, removed and purged while fences hold. With --system they are also tested on this very
# kernel. Needs root; leaves the packages in build/check-deb/SUITE and nothing else. Usage: check-deb.sh [--system] [SUITE]...
set -euo pipefail

if ((EUID != 0)); then
	echo "$0: making a chroot needs root; run it with sudo." >&2
	exit 1
fi
source=$(realpath "$(dirname "$0")/..")
# shellcheck disable=SC1091 # it is checked by itself
. "$source/tools/chroot.sh"
if [[ -z ${CGFENCE_CHECK_DEB-} ]]; then
	own_mounts CGFENCE_CHECK_DEB "$0" "$@"
fi
tests=(use)
if [[ ${1-} == --system ]]; then
	tests+=(system)
	shift
fi
suites=("$@")
((${#suites[@]})) || suites=(bookworm trixie)
directory=$CGFENCE_CHECK_DEB

# unpack FOLDER USER PLACE: the tree there, owned by the user.
unpack() {
	chroot "$1" useradd "$2"
	mkdir --parents "$1$3"
	tar --extract --file="$directory/dist.tar.gz" --directory="$1$3" --strip-components=1 --no-same-owner
	chroot "$1" chown --recursive "$2:$2" "$3"
}

install_packages() { # FOLDER PACKAGE...
	quietly enter "$1" root / env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${@:2}"
}

# The first try stops where packages are missing, and says how to get them.
build() { # FOLDER
	local said

	if said=$(enter "$1" first /home/first/cgfence tools/deb.sh build/deb 2>&1) ||
		[[ $said != *"as root, run: apt-get build-dep "* ]]; then
		printf '%s\n' "$said" "check-deb: nobody is told how to install what the build needs." >&2
		exit 1
	fi
	quietly enter "$1" root / env DEBIAN_FRONTEND=noninteractive apt-get -qq build-dep --yes --no-install-recommends \
		"${said##*apt-get build-dep }"
	enter "$1" first /home/first/cgfence tools/deb.sh build/deb
	# shellcheck disable=SC2016 # the shell inside expands it
	enter "$1" second /srv/another/place/below/cgfence env TZ=Asia/Tokyo LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS=nocheck \
		sh -c 'umask 077 && tools/deb.sh build/other >/dev/null'
}

compare() { # FOLDER
	local first=$1/home/first/cgfence/build/deb second=$1/srv/another/place/below/cgfence/build/other file faults=0

	for file in "$first"/*.deb "$first"/*.dsc "$first"/*.tar.*; do
		if ! cmp "$file" "$second/${file##*/}"; then
			faults=1
		fi
	done
	((faults == 0)) || {
		echo "check-deb: two builds differ." >&2
		exit 1
	}
}

# older DIRECTORY PACKAGE: the same with an older version, in the same directory.
older() {
	(
		cd "$1"
		dpkg-deb --raw-extract "$2" older
		sed --in-place 's/^Version: .*/Version: 0.0.1/' older/DEBIAN/control
		dpkg-deb --root-owner-group --build older older.deb >/dev/null
		rm -r older
	)
}

try_suite() { # SUITE
	local folder=$directory/$1 packages package description test

	echo "== Debian packages in a fresh $1"
	make_chroot "$1" dpkg-dev,make
	mount_kernel "$folder"
	unpack "$folder" first /home/first/cgfence
	unpack "$folder" second /srv/another/place/below/cgfence
	quietly enter "$folder" root / apt-get -qq update
	build "$folder"
	compare "$folder"
	echo "== two builds are the same"
	packages=$folder/home/first/cgfence/build/deb
	install_packages "$folder" lintian
	enter "$folder" first "${packages#"$folder"}" sh -c 'lintian --fail-on error,warning ./*.changes'
	echo "== lintian has no errors and no warnings"
	mkdir "$folder/packages"
	for package in cgfence libcgfence1 libcgfence-dev cgfence-slurm; do
		cp "$packages/${package}"_*.deb "$folder/packages/$package.deb"
	done
	install_packages "$folder" /packages/{cgfence,libcgfence1,libcgfence-dev,cgfence-slurm}.deb \
		autopkgtest gcc libc6-dev pkg-config
	description=("$packages"/*.dsc)
	for test in "${tests[@]}"; do
		quietly enter "$folder" root / autopkgtest --no-built-binaries --ignore-restrictions=isolation-machine \
			--test-name="$test" "${description[0]#"$folder"}" -- null
		echo "== autopkgtest: $test passed"
	done
	quietly enter "$folder" root / dpkg --purge cgfence-slurm cgfence libcgfence-dev libcgfence1
	echo "== what is installed works"
	older "$folder/packages" cgfence.deb
	unshare --mount --propagation private -- \
		"$source/tools/check-deb-life.sh" "$folder" /packages/older.deb /packages/cgfence.deb
	echo "== upgrade, removal and purge do with fences what they should"
	rm -rf "$source/build/check-deb/$1"
	mkdir --parents "$source/build/check-deb/$1"
	find "$packages" -maxdepth 1 '(' -name 'cgfence_*' -o -name '*.deb' ')' -exec cp --target-directory="$source/build/check-deb/$1" '{}' +
	stat --format='%s %n' "$packages"/*.deb | sed 's|/.*/||'
	umount --recursive --lazy "$folder"/{proc,sys,dev}
	rm -rf --one-file-system "$folder"
}

"$source/tools/dist.sh" "$directory/dist"
mv "$directory"/dist/*.tar.gz "$directory/dist.tar.gz"
for suite in "${suites[@]}"; do
	try_suite "$suite"
done
