// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/error.h"
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The meaning of an errno of bpf(2) for an operator (bpf(2), kernel/bpf/syscall.c). */
static const struct {
	int code;
	const char *hint;
} hints[] = {
	{ EPERM,
	  "not permitted; this needs CAP_SYS_ADMIN in the initial user namespace, and a kernel that is not locked down for confidentiality" },
	{ EACCES, "not permitted; this needs CAP_SYS_ADMIN in the initial user namespace" },
	{ ENOSYS, "this kernel has no bpf(2); it needs CONFIG_BPF_SYSCALL" },
	{ EINVAL,
	  "the kernel does not know this; it needs Linux 5.10 or later with CONFIG_CGROUP_BPF" },
	{ ENOMEM, "the kernel is out of memory, or the memory limit of this cgroup is reached" },
	{ E2BIG, "the kernel's limit is reached" },
	{ ENODEV, "the cgroup was removed meanwhile" },
};

int kernel_error(struct cgfence_error *error, int code, const char *format, ...)
{
	const char *hint = strerror(code);
	va_list arguments;
	char what[256];

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (hints[i].code == code)
			hint = hints[i].hint;
	}
	return error_set(error, code, "cannot %s: %s", what, hint);
}
