#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Prints lines for sources.list with the component main of these suites, from the archive that this host uses.
# Usage: debian-sources.sh SUITE...
set -euo pipefail

# apt itself reads its sources here, so one-line and deb822 files both count.
host_repository() { # archive|security
	local codename security=

	codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	[[ $1 == security ]] && security=-security
	# shellcheck disable=SC2016 # apt expands the fields
	apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
		'Created-By: Packages' |
		awk -v suites="^(${codename:-stable}|stable|oldstable|testing|unstable|sid)$security\$" \
			'$1 ~ suites && $2 == "main" && !seen++ { print $3 }'
}

archive=$(host_repository archive)
security=$(host_repository security)
if [[ -z $archive ]]; then
	echo "debian-sources.sh: the apt sources of this host name no Debian archive with the component main; add one" \
		"below /etc/apt." >&2
	exit 1
fi
options=
for keyring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
	if [[ -e $keyring ]]; then
		options="[signed-by=$keyring]"
	fi
done
for suite in "$@"; do
	if [[ $suite != *-security ]]; then
		echo "deb $options $archive $suite main"
	elif [[ -n $security ]]; then
		echo "deb $options $security $suite main"
	fi
done
