# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Writes a section of cgfence(3) for each public header that declares functions: what the header says of itself, then each
# function, type and callback. It fails if a function has no docstring. Usage: awk -f tools/manual-calls.awk include/cgfence/HEADER.h...

function escape(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text
}

# In mdoc each sentence begins a line, and a line may not begin as a request.
function print_text(text, sentences, count, i) {
	text = escape(text)
	while (match(text, /@[a-z_]+/))
		text = substr(text, 1, RSTART - 1) "\\fI" substr(text, RSTART + 1, RLENGTH - 1) "\\fP" substr(text, RSTART + RLENGTH)
	count = split(text, sentences, /\. +/)
	for (i = 1; i <= count; i++)
		print (sentences[i] ~ /^[.\047]/ ? "\\&" : "") sentences[i] (i < count ? "." : "")
}

function capital(text) {
	if (text ~ /^(enum|struct) / || text ~ /^[a-z_]*[^a-z ,.:;]/)
		return text
	return toupper(substr(text, 1, 1)) substr(text, 2)
}

function flush_paragraph() {
	if (paragraph == "")
		return
	if (in_list && paragraph !~ /^@[a-z_]+: /) {
		print ".El"
		in_list = 0
		after_list = 1
	}
	if (paragraph ~ /^@[a-z_]+: /) {
		if (!in_list)
			print ".Bl -tag -width Ds -compact"
		in_list = 1
		print ".It Fa " substr(paragraph, 2, index(paragraph, ":") - 2)
		print_text(capital(substr(paragraph, index(paragraph, ": ") + 2)))
	} else {
		if (described)
			print ".Pp"
		print_text(paragraph)
	}
	described = 1
	paragraph = ""
}

# The text of a docstring, whose first line names what it is about.
function print_doc(doc, lines, count, i, line) {
	described = in_list = 0
	paragraph = ""
	count = split(doc, lines, "\n")
	for (i = 1; i <= count; i++) {
		line = lines[i]
		sub(/^ *\*? ?/, "", line)
		if (i == 1) {
			sub(/^[^-]* - /, "", line)
			line = capital(line)
		}
		sub(/^[ \t]+/, "", line)
		if (line == "" || line ~ /^@[a-z_]+: / || line ~ /^Return: /)
			flush_paragraph()
		paragraph = paragraph (paragraph == "" || line == "" ? "" : " ") line
	}
	flush_paragraph()
	if (in_list)
		print ".El"
}

# "CGFENCE_API int name(const char *a, int b);"
function print_function(text, name, type, arguments, count, i, depth, letter, one) {
	sub(/^CGFENCE_API /, "", text)
	sub(/;$/, "", text)
	gsub(/[ \t]+/, " ", text)
	name = substr(text, 1, index(text, "(") - 1)
	arguments = substr(text, index(text, "(") + 1)
	sub(/\)[^)]*$/, "", arguments)
	match(name, /[a-z_0-9]+$/)
	type = substr(name, 1, RSTART - 1)
	name = substr(name, RSTART)
	sub(/ $/, "", type)
	print ".It Xo"
	print ".Ft " type
	print ".Fo " name
	depth = 0
	one = ""
	for (i = 1; i <= length(arguments) + 1; i++) {
		letter = substr(arguments, i, 1)
		depth += (letter == "(") - (letter == ")")
		if ((letter == "," && depth == 0) || letter == "") {
			sub(/^ /, "", one)
			print ".Fa \"" one "\""
			one = ""
		} else {
			one = one letter
		}
	}
	print ".Fc"
	print ".Xc"
}

function print_type(text, lines, count, i, head) {
	count = split(text, lines, "\n")
	head = lines[1]
	sub(/ *\{.*/, "", head)
	sub(/;$/, "", head)
	print ".It Vt " escape(head)
	if (count > 1) {
		body = ".Bd -literal -compact\n"
		for (i = 1; i <= count; i++)
			body = body escape(lines[i]) "\n"
		body = body ".Ed"
	} else {
		body = ".Bd -literal -compact\n" escape(text) "\n.Ed"
	}
}

# What follows a docstring, or has none.
function print_item(doc, text) {
	body = ""
	if (text ~ /^CGFENCE_API /)
		print_function(text)
	else
		print_type(text)
	if (doc != "") {
		print_doc(doc)
	} else if (text ~ /^CGFENCE_API /) {
		print FILENAME ": a function has no docstring: " text >"/dev/stderr"
		undocumented = 1
	}
	if (body != "")
		print body
}

function begin_header(name) {
	sub(/.*\//, "", name)
	printf ".Ss <cgfence/%s>\n", name
	header_is_told = 0
	started = 0
}

function begin_list() {
	if (!started)
		print ".Bl -tag -width Ds"
	started = 1
}

function end_header() {
	if (started)
		print ".El"
}

FNR == 1 {
	if (NR > 1)
		end_header()
	begin_header(FILENAME)
	doc = text = ""
	state = ""
}
state == "" && /^\/\*\*.*\*\/$/ {
	doc = $0
	sub(/^\/\*\* */, "", doc)
	sub(/ *\*\/$/, "", doc)
	next
}
state == "" && /^\/\*\*$/ { state = "doc"; doc = ""; next }
state == "doc" && / \*\/$/ { state = ""; next }
state == "doc" { doc = doc (doc == "" ? "" : "\n") $0; next }
# What the header says of itself: the first comment after the license.
state == "" && FNR > 1 && !header_is_told && /^\/\*/ {
	line = $0
	sub(/^\/\*+ */, "", line)
	header_is_told = 1
	told = line
	if (sub(/ *\*\/$/, "", told)) {
		print_text(told)
		next
	}
	state = "told"
	next
}
state == "told" && /\*\/$/ { print_text(told); state = ""; next }
state == "told" { line = $0; sub(/^ *\* ?/, "", line); told = told (told == "" ? "" : " ") line; next }
state == "" && (/^CGFENCE_API / || /^typedef / || (/^(struct|enum) cgfence_[a-z_]* \{$/)) {
	text = $0
	state = "item"
	if (/;$/) {
		begin_list()
		print_item(doc, text)
		doc = state = ""
	}
	next
}
state == "item" {
	if (text ~ /^CGFENCE_API / || text ~ /^typedef /) {
		sub(/^[ \t]+/, "")
		text = text " " $0
		ended = /;$/
	} else {
		text = text "\n" $0
		ended = /^};$/
	}
	if (ended) {
		begin_list()
		print_item(doc, text)
		doc = state = ""
	}
	next
}
END {
	end_header()
	exit undocumented
}
