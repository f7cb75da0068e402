// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/error.h"
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* The meaning of an errno of bpf(2) for an operator (bpf(2), kernel/bpf/syscall.c). */
static const struct {
	int code;
	const char *hint;
} hints[] = {
	{ EPERM, "not permitted; this needs CAP_SYS_ADMIN in the initial user namespace" },
	{ EACCES, "not permitted; this needs CAP_SYS_ADMIN in the initial user namespace" },
	{ ENOSYS, "this kernel has no bpf(2); it needs CONFIG_BPF_SYSCALL" },
	{ ENOMEM, "the kernel is out of memory, or the memory limit of this cgroup is reached" },
	{ E2BIG, "the kernel's limit is reached" },
	{ ENODEV, "the cgroup was removed meanwhile" },
};

/* Of EINVAL no more is known than who says it. */
static void name_kernel(char *text, size_t size)
{
	struct utsname kernel = { 0 };
	unsigned int major = 0;
	unsigned int minor = 0;

	uname(&kernel);
	if (sscanf(kernel.release, "%u.%u", &major, &minor) == 2 &&
	    (major < 5 || (major == 5 && minor < 10)))
		snprintf(text, size, "this is Linux %s, and it needs 5.10 or later",
			 kernel.release);
	else
		snprintf(text, size, "Linux %s refuses it", kernel.release);
}

int kernel_error(struct cgfence_error *error, int code, const char *format, ...)
{
	const char *hint = strerror(code);
	va_list arguments;
	char refused[128];
	char what[256];

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (hints[i].code == code)
			hint = hints[i].hint;
	}
	if (code == EINVAL) {
		name_kernel(refused, sizeof(refused));
		hint = refused;
	}
	return error_set(error, code, "cannot %s: %s", what, hint);
}
