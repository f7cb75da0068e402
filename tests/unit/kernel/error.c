// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/error.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* The remedies that the errno alone does not tell an operator. */
Test(kernel_error, says_what_failed_and_what_is_missing)
{
	static const struct {
		int code;
		const char *text;
	} cases[] = {
		{ EPERM, "CAP_SYS_ADMIN" },
		{ EACCES, "CAP_SYS_ADMIN" },
		{ ENOSYS, "CONFIG_BPF_SYSCALL" },
		{ ENOMEM, "out of memory" },
		{ E2BIG, "limit" },
		{ ENODEV, "the cgroup was removed" },
		{ EIO, "Input/output error" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgfence_error error = { 0 };

		cr_expect_eq(kernel_error(&error, cases[i].code, "load program %d", 7),
			     -cases[i].code);
		cr_expect_eq(strncmp(error.text, "cannot load program 7: ", 23), 0, "%s",
			     error.text);
		cr_expect_not_null(strstr(error.text, cases[i].text), "%s", error.text);
		cr_expect_not(error.invalid_input);
	}
	cr_expect_eq(kernel_error(NULL, EPERM, "do it"), -EPERM);
}

/* A program may be refused for anything. */
Test(kernel_error, guesses_no_reason_of_a_refusal)
{
	struct cgfence_error error = { 0 };
	struct utsname kernel;
	char expected[256];

	uname(&kernel);
	snprintf(expected, sizeof(expected), "cannot load it: Linux %s refuses it", kernel.release);
	kernel_error(&error, EINVAL, "load it");
	cr_expect_str_eq(error.text, expected);
}
