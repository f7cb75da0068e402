#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Describes what programs of others depend on, a thing a line: each function with its version and prototype, each structure
# with its size and members, each enumeration. All of it comes from the public headers as the compiler sees them and from the
# built library. (abidw would describe debugging information, which differs from compiler to compiler and has our private
# structures in it.) With check it fails if anything that is kept is not so any more; what is new is fine until `make abi`
# keeps it. Usage: abi.sh print|check
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C

kept=tools/libcgfence.abi
library=build/libcgfence.so
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
headers=(include/cgfence/*.h)
# Shared with programs in the kernel; of these, only the layout of what functions take or give matters to others.
shared='abi|abi_iterators|abi_records|abi_standing|denial|glob|verdict|verdict_device|verdict_field|verdict_port'

include_all() {
	printf '#include <cgfence/%s>\n' "${headers[@]##*/}"
}

# One declaration a line, without comments and macros.
list_declarations() {
	include_all | "${CC:-gcc}" -std=gnu11 -E -Iinclude - | awk -v shared="^\"include/cgfence/($shared)\\\\.h\"" '
		/^# [0-9]+ "/ {
			ours = $3 ~ /^"include\/cgfence\// && $3 !~ shared
			next
		}
		ours {
			text = text " " $0
		}
		END {
			for (i = 1; i <= length(text); i++) {
				letter = substr(text, i, 1)
				depth += (letter == "{") - (letter == "}")
				one = one letter
				if (letter != ";" || depth > 0)
					continue
				gsub(/[ \t]+/, " ", one)
				sub(/^ /, "", one)
				sub(/ ?;$/, "", one)
				print one
				one = ""
			}
		}' | grep --invert-match --line-regexp -E 'struct [a-z_]+'
}

# Lines "NAME VERSION".
list_versions() {
	nm --dynamic --defined-only --with-symbol-versions "$library" |
		sed -n 's/^.* T \(cgfence_[a-z0-9_]*\)@@*\(.*\)$/\1 \2/p'
}

# Of standard input, those that have a layout.
list_structures() {
	grep --only-matching -E 'struct cgfence_[a-z_]+' | cut -d ' ' -f 2 | sort -u | while IFS= read -r name; do
		! grep --quiet "^struct $name {" "${headers[@]}" || echo "$name"
	done
}

# Lines "NAME SIZE", of standard input.
list_sizes() {
	{
		include_all
		printf '#include <stdio.h>\nint main(void)\n{\n'
		sed 's/.*/printf("& %zu\\n", sizeof(struct &));/'
		printf '}\n'
	} >"$directory/sizes.c"
	"${CC:-gcc}" -std=gnu11 -Iinclude "$directory/sizes.c" -o "$directory/sizes"
	"$directory/sizes"
}

describe() {
	list_declarations >"$directory/declarations"
	list_versions >"$directory/versions"
	list_structures <"$directory/declarations" | list_sizes | sed 's/^\(.*\) \(.*\)$/size \1 \2/'
	awk '
		NR == FNR {
			version[$1] = $2
			next
		}
		# A constant a line, for more of them may be added at the end.
		/^enum / {
			head = $1 " " $2
			sub(/^[^{]*\{ /, "")
			sub(/,? \}$/, "")
			count = split($0, constants, /, /)
			value = -1
			for (i = 1; i <= count; i++) {
				value = split(constants[i], word, / = /) == 2 ? word[2] : value + 1
				if (word[1] !~ /_COUNT$/)
					print head " " word[1] " " value
			}
			next
		}
		{
			line = $0
			if (sub(/^__attribute__\(\(visibility\("default"\)\)\) /, "", line)) {
				match(line, /cgfence_[a-z0-9_]+\(/)
				name = substr(line, RSTART, RLENGTH - 1)
				line = (name in version ? version[name] : "missing") " " line
			}
			print line
		}' "$directory/versions" "$directory/declarations"
}

case ${1-} in
print)
	describe | sort
	;;
check)
	describe | sort >"$directory/now"
	gone=$(comm -23 "$kept" "$directory/now")
	if [[ -n $gone ]]; then
		printf '%s\n' "$gone"
		echo "This is not so any more, and programs that are linked to the library may depend on it: restore it, raise SOVERSION," \
			"or keep what is now with 'make abi' if no release has had it."
		exit 1
	fi
	;;
*)
	echo "Usage: $0 print|check" >&2
	exit 2
	;;
esac
