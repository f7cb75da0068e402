#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Installs the build, or removes exactly the installed files. The Makefile sets the variables that are used here.
set -euo pipefail

if [[ ${1-} != install && ${1-} != uninstall ]]; then
	echo "Usage: $0 install|uninstall, as 'make install' and 'make uninstall' do" >&2
	exit 2
fi
action=$1
folders=()

# copy MODE SOURCE TARGET
copy() {
	folders+=("$(dirname "$3")")
	if [[ $action == install ]]; then
		install -D -m "$1" "$2" "$DESTDIR$3"
	else
		rm -f "$DESTDIR$3"
	fi
}

# fill SOURCE TARGET: copies a file and fills in the paths of this installation.
fill() {
	copy 0644 "$1" "$2"
	if [[ $action == install ]]; then
		# shellcheck disable=SC2016 # pkg-config expands ${prefix}
		sed -i -e "s|@PREFIX@|$PREFIX|" -e "s|@LIBDIR@|${LIBDIR/#"$PREFIX/"/'${prefix}/'}|" \
			-e "s|@VERSION@|$VERSION|" "$DESTDIR$2"
	fi
}

# directory TARGET: one for the files of others, which stays if there are any.
directory() {
	folders+=("$1" "$(dirname "$1")")
	if [[ $action == install ]]; then
		install -d -m 0755 "$DESTDIR$1"
	fi
}

# link TEXT TARGET: a symbolic link.
link() {
	folders+=("$(dirname "$2")")
	if [[ $action == install ]]; then
		install -d "$DESTDIR$(dirname "$2")"
		ln -sfn "$1" "$DESTDIR$2"
	else
		rm -f "$DESTDIR$2"
	fi
}

copy 0755 build/cgfence "$PREFIX/sbin/cgfence"
# Not every user has sbin in PATH, but all may use `check` and `explain`. If both are one folder, no link is needed.
if [[ ! $DESTDIR$PREFIX/sbin -ef $DESTDIR$PREFIX/bin ]]; then
	link ../sbin/cgfence "$PREFIX/bin/cgfence"
fi
copy 0755 build/cgfence-runtime "$PREFIX/sbin/cgfence-runtime"
copy 0755 build/cgfence-top "$PREFIX/sbin/cgfence-top"
fill tools/99-cgfence.json "$HOOKSDIR/99-cgfence.json"
copy 0644 build/libcgfence.so "$LIBDIR/libcgfence.so.$SOVERSION.$VERSION"
link "libcgfence.so.$SOVERSION.$VERSION" "$LIBDIR/libcgfence.so.$SOVERSION"
link "libcgfence.so.$SOVERSION" "$LIBDIR/libcgfence.so"
copy 0644 build/libcgfence.a "$LIBDIR/libcgfence.a"
fill tools/libcgfence.pc.in "$LIBDIR/pkgconfig/libcgfence.pc"
for header in include/cgfence/*.h; do
	copy 0644 "$header" "$PREFIX/$header"
done
for unit in tools/*.service; do
	fill "$unit" "$UNITDIR/$(basename "$unit")"
done
copy 0644 tools/cgfence.catalog "$PREFIX/lib/systemd/catalog/cgfence.catalog"
directory /etc/cgfence/policies
# The list of pages comes from the sources, so uninstall needs no build.
for page in tools/*.[1-9].in; do
	page=$(basename "$page" .in)
	copy 0644 "build/$page" "$PREFIX/share/man/man${page##*.}/$page"
done
for manifest in tools/kubernetes/*.yaml; do
	copy 0644 "$manifest" "$PREFIX/share/cgfence/kubernetes/$(basename "$manifest")"
done
for policy in tools/policies/*.json; do
	copy 0644 "$policy" "$PREFIX/share/cgfence/policies/$(basename "$policy")"
done
copy 0644 tools/policy.schema.json "$PREFIX/share/cgfence/policy.schema.json"
copy 0644 tools/grafana.json "$PREFIX/share/cgfence/grafana.json"
copy 0644 tools/cgfence.bash "$PREFIX/share/bash-completion/completions/cgfence"
copy 0644 tools/cgfence.zsh "$PREFIX/share/zsh/site-functions/_cgfence"
copy 0644 tools/cgfence.fish "$PREFIX/share/fish/vendor_completions.d/cgfence.fish"

if [[ $action == uninstall ]]; then
	for folder in "${folders[@]}"; do
		if [[ -n $DESTDIR ]]; then
			# All folders in DESTDIR belong to an installation, except those with other files.
			(cd "$DESTDIR" && rmdir --parents --ignore-fail-on-non-empty ".$folder" 2>/dev/null) || true
		elif [[ $folder == */cgfence || $folder == */cgfence/policies || $folder == */cgfence/kubernetes ]]; then
			rmdir --ignore-fail-on-non-empty "$folder" 2>/dev/null || true
		fi
	done
fi
if [[ -z $DESTDIR && $EUID == 0 ]]; then
	PATH=$PATH:/sbin:/usr/sbin ldconfig
	# What `journalctl -x` says is kept in a database, which exists where systemd is installed whole.
	if [[ -e /var/lib/systemd/catalog/database ]]; then
		journalctl --update-catalog || true
	fi
fi
