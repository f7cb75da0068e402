# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completion for bash. What it knows of commands, options and operands it reads from the program's own --help.

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

# What the command takes as its operand number $3, one line for each form of its usage.
_cgfence_operand() {
	"$1" "$2" --help 2>/dev/null |
		sed -n -e '/^$/q' -e 's/^\(Usage:\|      \) cgfence [^ ]* *//' -e 's/\[-[^]]*\]//g' -e p |
		awk -v number="$3" '{ print $number }'
}

_cgfence_cgroups() {
	local current=$1 mount below directory prefix=''

	mount=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	if [[ -z $mount ]]; then
		return
	fi
	below=$current
	if [[ $current == "$mount"/* ]]; then
		prefix=$mount/
		below=${current#"$mount"}
	elif [[ $current == /* ]]; then
		prefix=/
		if [[ $current != / && $mount == "$current"* ]]; then
			COMPREPLY+=("$mount")
		fi
	fi
	while IFS= read -r directory; do
		COMPREPLY+=("$prefix${directory#"$mount/"}")
	done < <(compgen -d -- "$mount/${below#/}")
}

# Completes the current word as what the help calls it.
_cgfence_complete_as() {
	local what=$1 current=$2 file

	if [[ $what == *CGROUP* ]]; then
		_cgfence_cgroups "$current"
	fi
	if [[ $what == *POLICY* ]]; then
		compopt -o filenames 2>/dev/null
		while IFS= read -r file; do
			COMPREPLY+=("$file")
		done < <(compgen -f -- "$current")
	fi
	if [[ $what == CMD ]]; then
		while IFS= read -r file; do
			COMPREPLY+=("$file")
		done < <(compgen -c -- "$current")
	fi
	if [[ $what =~ ^[a-z|]+$ && $what == "${what,,}" ]]; then
		while IFS= read -r file; do
			COMPREPLY+=("$file")
		done < <(compgen -W "${what//|/ }" -- "$current")
	fi
}

_cgfence() {
	local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]-} number=1 only_operands='' i what

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		while IFS= read -r what; do
			COMPREPLY+=("$what")
		done < <(compgen -W "$(_cgfence_commands "$program") --help --version" -- "$current")
		return
	fi
	# bash makes a word of its own of the '=' in --policy=FILE.
	if [[ $current == '=' ]]; then
		current=
	elif [[ $previous == '=' ]]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [[ $only_operands || ${COMP_WORDS[i]} != -?* ]]; then
			number=$((number + 1))
			# The words of a command that is run are its own.
			if [[ $command == run ]]; then
				compopt -o default 2>/dev/null
				return
			fi
		elif [[ ${COMP_WORDS[i]} == -- ]]; then
			only_operands=yes
		elif [[ $(_cgfence_option_argument "$program" "$command" "${COMP_WORDS[i]}") ]]; then
			if [[ ${COMP_WORDS[i + 1]-} == '=' ]]; then
				i=$((i + 1))
			fi
			i=$((i + 1))
		fi
	done
	if [[ $previous == -* && ! $only_operands ]]; then
		what=$(_cgfence_option_argument "$program" "$command" "$previous")
		if [[ $what ]]; then
			_cgfence_complete_as "$what" "$current"
			return
		fi
	fi
	if [[ $current == -* && ! $only_operands ]]; then
		while IFS= read -r what; do
			COMPREPLY+=("$what")
		done < <(compgen -W "$(_cgfence_option_forms "$program" "$command" |
			sed -e 's/.*--/--/' -e 's/=.*//')" -- "$current")
		return
	fi
	while IFS= read -r what; do
		_cgfence_complete_as "$what" "$current"
	done < <(_cgfence_operand "$program" "$command" "$number")
}

complete -F _cgfence cgfence
