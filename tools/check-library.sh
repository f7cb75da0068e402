#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Checks the library alone: it exports only names that begin with cgfence_, each public header compiles alone as C11 and
# as C++17, the examples build and run, and the program uses only functions of the public headers. Prints the faults.
set -euo pipefail
cd "$(dirname "$0")/.."
# The make that runs this script must not pass its settings to the make below.
unset MAKEFLAGS MFLAGS MAKELEVEL PREFIX LIBDIR UNITDIR DESTDIR

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
headers=(include/cgfence/*.h)
headers=("${headers[@]##*/}")
faults=0

# fault WHAT [DETAIL]: prints only a few lines of the detail.
fault() {
	printf 'check-library: %s\n' "$1" >&2
	head --lines=5 <<<"${2-}" | sed 's/^./  &/' >&2
	faults=$((faults + 1))
}

# check_names LIBRARY [OPTION OF nm]
check_names() {
	local names

	# The names of versions are absolute symbols.
	names=$(nm --extern-only --defined-only --format=posix "${@:2}" "$1" | awk 'NF > 1 && $2 != "A" { print $1 }')
	if ! grep --quiet '^cgfence_' <<<"$names"; then
		fault "$1 gives out no name of cgfence."
	fi
	names=$(grep --invert-match '^cgfence_' <<<"$names") || true
	if [[ -n $names ]]; then
		fault "$1 gives out other names than cgfence_*:" "$names"
	fi
}

# Every name has a version, and programs that are built now ask for this library by its number.
check_versions() {
	local names

	names=$(nm --dynamic --extern-only --defined-only --with-symbol-versions build/libcgfence.so |
		awk '$2 != "A" && $3 !~ /@@CGFENCE_1(\.[0-9]+)?$/ { print $3 }')
	if [[ -n $names ]]; then
		fault "build/libcgfence.so gives out names without a version:" "$names"
	fi
	if [[ $(readelf --dynamic build/libcgfence.so) != *'[libcgfence.so.1]'* ]]; then
		fault "build/libcgfence.so does not call itself libcgfence.so.1."
	fi
}

# check_header HEADER COMPILER LANGUAGE STANDARD
check_header() {
	local complaints

	# A header may have macros alone, and a unit must declare something.
	if ! complaints=$("$2" -x "$3" -std="$4" -Wall -Wextra -pedantic -Werror -fsyntax-only -Iinclude - \
		<<<"#include <cgfence/$1>"$'\n'"extern int declared_after_the_header;" 2>&1); then
		fault "$1 does not compile by itself as $4 with $2:" "$complaints"
	fi
}

# check_client COMPILER LANGUAGE: builds a foreign program against either library.
check_client() {
	local client=$directory/client complaints

	{
		printf '#include <cgfence/%s>\n' "${headers[@]}"
		cat <<-'END'
			#include <stdio.h>
			#include <string.h>

			int main(void)
			{
				struct cgfence_policy *policy = NULL;
				struct cgfence_error error;
				const char *text = "{\"devices\": {\"defaults\": true}}";

				memset(&error, 0, sizeof(error));
				if (cgfence_policy_parse(text, strlen(text), "client", &policy, &error))
					puts(error.text);
				cgfence_policy_free(policy);
				return policy == NULL;
			}
		END
	} >"$client"
	if ! complaints=$({
		"$1" -Iinclude -x "$2" "$client" -x none build/libcgfence.a -lbpf -lelf -ljansson -lnl-3 -lyaml -o "$client.static" &&
			"$client.static" &&
			"$1" -Iinclude -x "$2" "$client" -Lbuild -lcgfence -Wl,-rpath,"$PWD/build" -o "$client.shared" &&
			"$client.shared"
	} 2>&1); then
		fault "a program in the language $2 cannot use it:" "$complaints"
	fi
}

# check_example SOURCE COMPILER STANDARD ARGUMENT...: builds an example that needs no rights, and runs it.
check_example() {
	local complaints

	if ! complaints=$({
		"$2" -std="$3" -Wall -Wextra -Werror -Iinclude "$1" -Lbuild -lcgfence -Wl,-rpath,"$PWD/build" -o "$directory/example" &&
			"$directory/example" "${@:4}"
	} 2>&1); then
		fault "$1 does not run:" "$complaints"
	fi
}

check_names build/libcgfence.a
check_names build/asan/libcgfence.a
check_names build/libcgfence.so --dynamic
check_names build/libcgfence.so
check_versions
if ! complaints=$(tools/abi.sh check); then
	fault "programs that are linked to it may stop working:" "$complaints"
fi
for header in "${headers[@]}"; do
	check_header "$header" gcc c c11
	check_header "$header" clang c c11
	check_header "$header" g++ c++ c++17
	check_header "$header" clang++ c++ c++17
done
check_client gcc c
check_client g++ c++
check_example tools/examples/who-may.cpp g++ c++17 tests/policies/valid/devices-bases-mesos.json '/dev/null rw'
if ! make --no-print-directory WERROR=1 build/cgfence-shared >"$directory/log" 2>&1; then
	fault "the program needs names that the shared library does not give out:" \
		"$(sed -n 's/.*undefined reference to/undefined reference to/p' "$directory/log" | sort -u)"
elif [[ $(build/cgfence-shared --version) != $(build/cgfence --version) ]]; then
	fault "the program that links the shared library does not run."
fi
((faults == 0))
