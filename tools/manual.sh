#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Writes a page of the manual: replaces the line @COMMANDS@ of standard input by the help texts of the program, and the line
# @CALLS@ by what the public headers say of their functions. The foot of the page has the version.
set -euo pipefail

if (($# != 1)); then
	echo "Usage: $0 PROGRAM < PAGE.in > PAGE" >&2
	exit 2
fi
program=$1

list_commands() {
	"$program" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

# The help text of a command as a subsection: usage, text, options and example, each after a blank line.
describe_command() {
	local command=$1

	echo ".Ss $command"
	"$program" "$command" --help | awk '
		function escape(text) {
			gsub(/\\/, "\\e", text)
			gsub(/-/, "\\-", text)
			if (text ~ /^[.\047]/)
				text = "\\&" text
			return text
		}
		function print_text(text, sentences, count) {
			# In mdoc each sentence begins a line.
			count = split(text, sentences, /\. +/)
			for (i = 1; i <= count; i++)
				print escape(sentences[i]) (i < count ? "." : "")
		}
		function enter(next_part) {
			if (part == "options")
				print ".El"
			if (next_part == "options")
				print ".Bl -tag -width Ds"
			part = next_part
		}
		/^Usage: / {
			print ".Bd -literal -compact"
			part = "usage"
		}
		/^Example: / {
			enter("example")
			print ".Pp"
			print "Example:"
			print ".Pp"
			print ".Bd -literal -offset indent -compact"
			print escape(substr($0, length("Example: ") + 1))
			print ".Ed"
			next
		}
		/^ +(-[a-zA-Z], )?--/ && part != "usage" {
			if (part != "options")
				enter("options")
			forms = $1
			sub(/^ +/, "")
			if (forms ~ /,$/) {
				forms = $1 " " $2
				sub(/^[^ ]+ +/, "")
			}
			sub(/^[^ ]+ +/, "")
			print ".It " escape(forms)
			print_text($0)
			next
		}
		part == "usage" && /^$/ {
			print ".Ed"
			part = "text"
		}
		part == "usage" {
			print escape(substr($0, length("Usage: ") + 1))
			next
		}
		/^$/ {
			blank = 1
			next
		}
		{
			if (blank)
				print ".Pp"
			blank = 0
			print_text($0)
		}'
}

# The functions of the usual program first.
describe_calls() {
	local directory headers

	directory=$(dirname "$0")
	mapfile -t headers < <(cd "$directory/.." &&
		grep --files-with-matches '^CGFENCE_API' include/cgfence/*.h | grep --invert-match --extended-regexp '/(cgfence|policy)\.h$')
	(cd "$directory/.." && awk -f tools/manual-calls.awk include/cgfence/{cgfence,policy}.h "${headers[@]}")
}

while IFS= read -r line; do
	if [[ $line == @COMMANDS@ ]]; then
		for command in $(list_commands); do
			describe_command "$command"
		done
	elif [[ $line == @CALLS@ ]]; then
		describe_calls
	elif [[ $line == .Os ]]; then
		echo ".Os $("$program" --version)"
	else
		printf '%s\n' "$line"
	fi
done
