# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completion for fish. What it knows of commands, options and operands it reads from the program's own help.

function __cgfence_commands
    cgfence --help 2>/dev/null | string replace --filter --regex '^  ([a-z][a-z-]*) +(.*)' '$1\t$2'
end

# Lines such as "--interval=D<tab>between two passes".
function __cgfence_options
    cgfence $argv[1] --help 2>/dev/null |
        string replace --filter --regex '^  (?:  |-[a-zA-Z],) *(--[a-z][^ ]*) +(.*)' '$1\t$2'
end

# Descends into the cgroups below the mount of cgroup2, by paths relative to it.
function __cgfence_cgroups
    set -l mount (awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2" && (!point || $4 == "/")) point = $5 }
        END { print point }' /proc/self/mountinfo)
    set -l below (string trim --left --chars / -- $argv[1])
    set -l slash (string match --regex '^/' -- $argv[1])

    test -n "$mount"; or return
    for directory in $mount/$below*/
        string replace -- $mount/ "$slash" $directory
    end
end

function __cgfence_fences
    set -l fences (cgfence list 2>/dev/null | tail -n +2 | cut -f1)

    if test (count $fences) -gt 0
        printf '%s\n' $fences
    else
        __cgfence_cgroups $argv[1]
    end
end

function __cgfence_as -a what command current
    switch $what
        case '*CGROUP*'
            if contains $command adopt attach explain import learn
                __cgfence_cgroups $current
            else
                __cgfence_fences $current
            end
            string match --quiet '*POLICY*' $what; and __fish_complete_path $current
        case '*POLICY*' '*DIR*' '*FILE*'
            __fish_complete_path $current
        case ENTRY
            for node in (__fish_complete_path (test -n "$current"; and echo $current; or echo /dev/))
                set -l path (string split \t -- $node)[1]
                if test -d $path -o -c $path -o -b $path
                    echo $path
                end
            end
        case DIALECT
            string split ', ' -- (cgfence import --help 2>/dev/null | string replace --filter 'Dialects: ' '')
        case COLUMN
            string split ', ' -- (cgfence top --help 2>/dev/null | string replace --filter 'Columns: ' '')
        case '*COMMAND*'
            __cgfence_commands
        case CMD
            __fish_complete_command
        case '*'
            string match --quiet --regex '^[a-z|]+$' -- $what; and string split '|' $what
    end
end

function __cgfence_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l operands
    set -l pending ''

    if test (count $words) -lt 2
        __cgfence_commands
        printf '%s\n' --help --version
        return
    end
    set -l options (__cgfence_options $words[2])
    for word in $words[3..-1]
        if test -n "$pending"
            set pending ''
        else if string match --quiet -- '-*' $word
            set pending (string replace --filter --regex -- "^$word=([^\t]*)\t.*" '$1' $options)
        else
            set --append operands $word
        end
    end
    if test -n "$pending"
        __cgfence_as $pending $words[2] $current
    else if string match --quiet -- '-*' $current
        string replace --regex -- '\[?=[^\t]*' '' $options
    else if test \( $words[2] = run -o $words[2] = learn \) -a (count $operands) -gt 0
        __fish_complete_subcommand --commandline $operands
    else
        set -l number (math (count $operands) + 1)
        for what in (cgfence $words[2] --help 2>/dev/null |
                sed -n -e '/^$/q' -e 's/^\(Usage:\|      \) cgfence [^ ]* *//' \
                    -e ':options' -e 's/\[-[^][]*\]//' -e 't options' \
                    -e 's/-- //' -e 's/--[a-z-]* [A-Z]* //' -e 's/--[a-z-]* //' -e p |
                awk -v number=$number -v before="$operands[2]" '
                    number > 2 && $2 ~ /^[a-z]+$/ && $2 != before { next }
                    number <= NF { print $number; next }
                    $NF ~ /\.\.\.$/ { print $NF }' | sed 's/\.\.\.$//' | sort -u)
            __cgfence_as $what $words[2] $current
        end
    end
end

complete --command cgfence --no-files --arguments '(__cgfence_complete)'
