// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "skip_call.h"
#include "tracer.h"

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

/* The code for each architecture: skipping a call at its entry, with a value to return. */
#if defined(__x86_64__)
int skip_call(pid_t pid, int code)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		return -errno;
	registers.orig_rax = (unsigned long long)-1;
	registers.rax = (unsigned long long)-code;
	return ptrace(PTRACE_SETREGS, pid, NULL, &registers) < 0 ? -errno : 0;
}
#elif defined(__aarch64__)
int skip_call(pid_t pid, int code)
{
	struct user_regs_struct registers;
	struct iovec vector = { &registers, sizeof(registers) };
	int number = -1;
	struct iovec number_vector = { &number, sizeof(number) };

	if (ptrace(PTRACE_GETREGSET, pid, 1 /* NT_PRSTATUS */, &vector) < 0)
		return -errno;
	registers.regs[0] = (unsigned long long)-code;
	if (ptrace(PTRACE_SETREGSET, pid, 1, &vector) < 0 ||
	    ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &number_vector) < 0)
		return -errno;
	return 0;
}
#else
#define NO_SKIP_CALL
int skip_call(pid_t pid, int code)
{
	(void)pid;
	(void)code;
	return -ENOSYS;
}
#endif

bool tracer_can_fail_calls(void)
{
#ifdef NO_SKIP_CALL
	return false;
#else
	return true;
#endif
}
