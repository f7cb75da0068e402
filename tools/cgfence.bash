# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completion for bash. What it knows of commands, options and operands it reads from the program's own help.

_cgfence_commands() {
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

# The forms of the options of a command, such as "-p, --policy=POLICY".
_cgfence_option_forms() {
	"$1" "$2" --help 2>/dev/null | sed -n 's/^ \{2,\}\(-[a-zA-Z], \)\{0,1\}\(--[a-z][^ ]*\).*/\1\2/p'
}

# What the option $3 takes, such as POLICY; nothing if it takes nothing.
_cgfence_option_argument() {
	local form

	while IFS= read -r form; do
		if [[ $form == *=* && ($form == "$3,"* || $form == *"$3="*) ]]; then
			echo "${form##*=}"
		fi
	done < <(_cgfence_option_forms "$1" "$2")
}

# What the command takes as its operand number $3, a line for each form of its usage; $4 is its second operand.
_cgfence_operand() {
	"$1" "$2" --help 2>/dev/null |
		sed -n -e '/^$/q' -e 's/^\(Usage:\|      \) cgfence [^ ]* *//' \
			-e ':options' -e 's/\[-[^][]*\]//' -e 't options' \
			-e 's/-- //' -e 's/--[a-z-]* [A-Z]* //' -e 's/--[a-z-]* //' -e p |
		awk -v number="$3" -v before="$4" '
			number > 2 && $2 ~ /^[a-z]+$/ && $2 != before { next }
			number <= NF { print $number; next }
			$NF ~ /\.\.\.$/ { print $NF }' | sed 's/\.\.\.$//'
}

# Splits the line up to the cursor as a shell does. Sets words without their quotes, raw to the last one with them, and quote
# to the one that is open.
_cgfence_split() {
	local line=${COMP_LINE:0:COMP_POINT} word='' character begun='' i

	words=()
	raw=
	quote=
	for ((i = 0; i < ${#line}; i++)); do
		character=${line:i:1}
		case $quote$character in
		"''" | '""')
			quote=
			raw+=$character
			;;
		\\ | \"\\)
			begun=yes
			i=$((i + 1))
			word+=${line:i:1}
			raw+=\\${line:i:1}
			;;
		\' | \")
			begun=yes
			quote=$character
			raw+=$character
			;;
		' ' | $'\t')
			if [[ $begun ]]; then
				words+=("$word")
			fi
			word=
			raw=
			begun=
			;;
		*)
			begun=yes
			word+=$character
			raw+=$character
			;;
		esac
	done
	words+=("$word")
	# What stands before the program is none of it.
	while ((${#words[@]} > 1)) && [[ ${words[0]} != "${COMP_WORDS[0]}" ]]; do
		words=("${words[@]:1}")
	done
}

# Offers a word if the current one begins it, in the quotes that it needs. bash replaces only what follows a ':' or '='.
_cgfence_offer() {
	local text=$1

	if [[ $text != "$current"* ]]; then
		return
	fi
	if [[ ! $quote ]]; then
		printf -v text %q "$text"
		if [[ $raw == *[:=]* ]]; then
			text=${text#"${raw%"${raw##*[:=]}"}"}
		fi
	fi
	COMPREPLY+=("$text")
}

_cgfence_offer_lines() {
	local line

	while IFS= read -r line; do
		_cgfence_offer "$line"
	done
}

# The directories and, if $1 says so, what is $1 (-b, -c, -f) below the current word. A directory is gone into.
_cgfence_paths() {
	local path kind

	for path in "$current"*; do
		if [[ -d $path ]]; then
			_cgfence_offer "$path/"
			continue
		fi
		for kind in "$@"; do
			if test "$kind" "$path"; then
				_cgfence_offer "$path"
				break
			fi
		done
	done
}

_cgfence_cgroup2_mount() {
	awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2" && (!found || $4 == "/")) { found = 1; point = $5 } }
		END { print point }' /proc/self/mountinfo
}

# Cgroups by their path, absolute or relative to the root, a level at a time.
_cgfence_cgroups() {
	local mount directory below=$current prefix='' name
	local children

	mount=$(_cgfence_cgroup2_mount)
	if [[ ! $mount ]]; then
		return
	fi
	if [[ $current == "$mount"/* ]]; then
		prefix=$mount
		below=${current#"$mount"}
	elif [[ $current == /* && $mount == "$current"* ]]; then
		_cgfence_offer "$mount/"
	fi
	for directory in "$mount/${below#/}"*/; do
		if [[ ! -d $directory ]]; then
			continue
		fi
		name=${directory#"$mount/"}
		children=("$directory"*/)
		if [[ ! -d ${children[0]} ]]; then
			name=${name%/}
		fi
		if [[ $prefix || $current == /* ]]; then
			name=$prefix/$name
		fi
		_cgfence_offer "$name"
	done
}

# Those that have a fence, as far as the caller may know them; else all.
_cgfence_fences() {
	local path slash=''

	if [[ $current && $current != /* ]]; then
		slash=/
	fi
	while IFS= read -r path; do
		_cgfence_offer "${path#"$slash"}"
	done < <("$program" list 2>/dev/null | tail -n +2 | cut -f1)
	if ((${#COMPREPLY[@]} == 0)); then
		_cgfence_cgroups
	fi
}

# Offers what the help calls $1.
_cgfence_complete_as() {
	local what=$1

	if [[ $what == *CGROUP* ]]; then
		case $command in
		adopt | attach | explain | import | learn) _cgfence_cgroups ;;
		*) _cgfence_fences ;;
		esac
	fi
	if [[ $what == *POLICY* || $what == *DIR* || $what == *FILE* ]]; then
		_cgfence_paths -f
	fi
	if [[ $what == ENTRY ]]; then
		if [[ ! $current || /dev/ == "$current"* ]]; then
			_cgfence_offer /dev/
		elif [[ $current == /* ]]; then
			_cgfence_paths -c -b
		fi
	fi
	if [[ $what == DIALECT ]]; then
		_cgfence_offer_lines < <("$program" "$command" --help | sed -n 's/^Dialects: //p' | sed 's/, /\n/g')
	fi
	if [[ $what == COLUMN ]]; then
		_cgfence_offer_lines < <("$program" "$command" --help | sed -n 's/^Columns: //p' | sed 's/, /\n/g')
	fi
	if [[ $what == *COMMAND* ]]; then
		_cgfence_offer_lines < <(_cgfence_commands "$program")
	fi
	if [[ $what == CMD ]]; then
		_cgfence_offer_lines < <(compgen -c -- "$current")
	fi
	if [[ $what =~ ^[a-z|]+$ ]]; then
		_cgfence_offer_lines <<<"${what//|/$'\n'}"
	fi
}

_cgfence_complete() {
	local number=1 only_operands='' operands=() pending='' what word i

	if ((${#words[@]} == 2)); then
		_cgfence_offer_lines < <(_cgfence_commands "$program" && printf '%s\n' --help --version)
		return
	fi
	for ((i = 2; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [[ $pending ]]; then
			pending=
		elif [[ $only_operands || $word != -?* ]]; then
			operands+=("$word")
			# The words of a command that is run are its own.
			if [[ $command == run || $command == learn && $only_operands ]]; then
				compopt -o default 2>/dev/null
				return
			fi
		elif [[ $word == -- ]]; then
			only_operands=yes
		elif [[ $word != *=* ]]; then
			pending=$(_cgfence_option_argument "$program" "$command" "$word")
		fi
	done
	number=$((${#operands[@]} + 1))
	if [[ $pending ]]; then
		_cgfence_complete_as "$pending"
	elif [[ $current == --*=* && ! $only_operands ]]; then
		what=$(_cgfence_option_argument "$program" "$command" "${current%%=*}")
		current=${current#*=}
		raw=${raw#*=}
		if [[ $what ]]; then
			_cgfence_complete_as "$what"
		fi
	elif [[ $current == -* && ! $only_operands ]]; then
		_cgfence_offer_lines < <(_cgfence_option_forms "$program" "$command" |
			sed -e 's/.*--/--/' -e 's/\[\{0,1\}=.*//')
	else
		while IFS= read -r what; do
			_cgfence_complete_as "$what"
		done < <(_cgfence_operand "$program" "$command" "$number" "${operands[1]-}" | sort -u)
	fi
}

_cgfence() {
	local program=${COMP_WORDS[0]} words raw quote current command

	COMPREPLY=()
	_cgfence_split
	current=${words[-1]}
	command=${words[1]-}
	_cgfence_complete
	# A directory is not yet what was looked for.
	if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == */ ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

complete -F _cgfence cgfence
