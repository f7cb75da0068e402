#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Checks that the JSON Schema of the policy and `cgfence check` agree on every example in tests/policies, and on the library
# of policies.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-build/cgfence}
schema=tools/policy.schema.json
examples=(tests/policies/{valid,invalid,invalid-beyond-schema}/*.json tools/policies/*.json)

python=
for candidate in python3 /usr/bin/python3; do
	if "$candidate" -c 'import jsonschema' 2>/dev/null; then
		python=$candidate
		break
	fi
done
if [[ -z $python ]]; then
	echo "check-schema: the Python package jsonschema is missing; run 'make deps'." >&2
	exit 1
fi
if [[ ! -x $program ]]; then
	echo "check-schema: $program is missing; run 'make $program', or name the program." >&2
	exit 1
fi

# Prints "valid" or "invalid" for each file, in order. A file that is not JSON is invalid.
read_by_schema() {
	"$python" - "$@" <<-'END'
		import json, sys
		from jsonschema import Draft7Validator

		schema = json.load(open(sys.argv[1], encoding="utf-8"))
		Draft7Validator.check_schema(schema)
		validator = Draft7Validator(schema)
		for path in sys.argv[2:]:
		    try:
		        valid = validator.is_valid(json.load(open(path, encoding="utf-8")))
		    except ValueError:
		        valid = False
		    print("valid" if valid else "invalid")
	END
}

read_by_parser() {
	local status=0 options=()
	# Not every host has the devices.
	if [[ $1 == tools/policies/* ]]; then
		options=(--offline)
	fi
	"$program" check "${options[@]}" "$1" >/dev/null 2>&1 || status=$?
	case $status in
	0) echo valid ;;
	2) echo invalid ;;
	*) echo "exit status $status" ;;
	esac
}

verdicts=$(read_by_schema "$schema" "${examples[@]}") || {
	echo "check-schema: $schema is no JSON Schema of draft 7." >&2
	exit 1
}
mapfile -t by_schema <<<"$verdicts"

faults=0
for i in "${!examples[@]}"; do
	example=${examples[i]}
	by_parser=$(read_by_parser "$example")
	case $example in
	*/valid/* | tools/policies/*) expected="valid valid" ;;
	*/invalid/*) expected="invalid invalid" ;;
	*) expected="valid invalid" ;;
	esac
	if [[ "${by_schema[i]} $by_parser" != "$expected" ]]; then
		echo "check-schema: $example: the schema says ${by_schema[i]}, the parser $by_parser, expected is ${expected/ / and }." >&2
		faults=$((faults + 1))
	fi
done
if ((faults)); then
	echo "check-schema: $faults of ${#examples[@]} examples are read wrongly." >&2
	exit 1
fi
echo "The schema and the parser agree on ${#examples[@]} examples."
