# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The structures of the kernel that its programs read, and the members: reads what `bpftool btf dump file OBJECT` prints of
# the objects, and writes a header. A name ends where the variants of it for other kernels begin (libbpf, "flavors").
BEGIN {
	FS = "'"
}
/^\[/ {
	type = /^\[[0-9]+\] (STRUCT|UNION)/ && $2 !~ /^cgfence_/ ? $2 : ""
	sub(/___.*/, "", type)
	if (type != "" && type != "(anon)")
		types[type]
	next
}
/^\t'/ && type != "" && $2 != "(anon)" {
	members[$2]
}
END {
	print "#define KERNEL_TYPE_NAMES \\"
	for (name in types)
		print "\t\"" name "\", \\" | "LC_ALL=C sort"
	close("LC_ALL=C sort")
	print "\n#define KERNEL_MEMBER_NAMES \\"
	for (name in members)
		print "\t\"" name "\", \\" | "LC_ALL=C sort"
	close("LC_ALL=C sort")
	print ""
}
