#compdef cgfence
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completion for zsh. What it knows of commands, options and operands it reads from the program's own help.

# Descends into the cgroups below the mount of cgroup2, by paths relative to it.
_cgfence_cgroups() {
	local mount=$(awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2" && (!point || $4 == "/")) point = $5 }
		END { print point }' /proc/self/mountinfo)

	[[ -n $mount ]] && _path_files -W $mount -/
}

_cgfence_fences() {
	local -a fences
	fences=(${(f)"$($program list 2>/dev/null | tail -n +2 | cut -f1)"})

	if (($#fences)); then
		compadd -M 'l:|=* r:|=*' -a fences
	else
		_cgfence_cgroups
	fi
}

_cgfence_as() {
	case $1 in
	*CGROUP*)
		case $command in
		adopt | attach | explain | import | learn) _cgfence_cgroups ;;
		*) _cgfence_fences ;;
		esac
		[[ $1 == *POLICY* ]] && _files
		;;
	*POLICY* | *DIR* | *FILE*) _files ;;
	ENTRY) _path_files -W /dev -P /dev/ -g '*(%)' ;;
	DIALECT) compadd -- ${(s:, :)"$($program import --help 2>/dev/null | sed -n 's/^Dialects: //p')"} ;;
	COLUMN) compadd -- ${(s:, :)"$($program top --help 2>/dev/null | sed -n 's/^Columns: //p')"} ;;
	*COMMAND*) _describe command commands ;;
	CMD) _command_names -e ;;
	*[^a-z\|]*) _message $1 ;;
	*) compadd -- ${(s:|:)1} ;;
	esac
}

_cgfence() {
	local program=$words[1] command=$words[2] word pending='' dashes='' what
	local -a commands options forms operands

	commands=(${(f)"$($program --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *\(.*\)/\1:\2/p')"})
	if ((CURRENT == 2)); then
		_describe command commands
		return
	fi
	# Lines such as "--interval=D:between two passes".
	options=(${(f)"$($program $command --help 2>/dev/null |
		sed -n 's/^  \(  \|-[a-zA-Z],\) *\(--[a-z][^ ]*\)  *\(.*\)/\2:\3/p')"})
	for word in ${words[3,CURRENT-1]}; do
		if [[ -n $pending ]]; then
			pending=
		elif [[ $word == -- ]]; then
			dashes=yes
		elif [[ $word == -* ]]; then
			pending=${${(M)options:#$word=*}#*=}
			pending=${pending%%:*}
		else
			operands+=($word)
			if [[ $command == run || $command == learn && $dashes == yes ]]; then
				shift $((CURRENT - 2)) words
				_normal
				return
			fi
		fi
	done
	if [[ -n $pending ]]; then
		_cgfence_as $pending
	elif [[ $words[CURRENT] == -* ]]; then
		options=(${options/(\[|)=[^:]#:/:})
		_describe -o option options
	else
		forms=(${(fu)"$($program $command --help 2>/dev/null |
			sed -n -e '/^$/q' -e 's/^\(Usage:\|      \) cgfence [^ ]* *//' \
				-e ':options' -e 's/\[-[^][]*\]//' -e 't options' \
				-e 's/-- //' -e 's/--[a-z-]* [A-Z]* //' -e 's/--[a-z-]* //' -e p |
			awk -v number=$(($#operands + 1)) -v before="$operands[2]" '
				number > 2 && $2 ~ /^[a-z]+$/ && $2 != before { next }
				number <= NF { print $number; next }
				$NF ~ /\.\.\.$/ { print $NF }' | sed 's/\.\.\.$//')"})
		for what in $forms; do
			_cgfence_as $what
		done
	fi
}

_cgfence "$@"
