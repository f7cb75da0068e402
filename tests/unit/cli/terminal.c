// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/terminal.h"
#include "support/harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both fail, EPERM aside: 0 is no pointer, and a pseudo-terminal is no console. */
static bool is_refused(long number, unsigned long request)
{
	return syscall(number, STDIN_FILENO, request, NULL) < 0 && errno == EPERM;
}

/* Return: 0, or which of the checks below failed. */
static int check(void)
{
	/* Without it a filter needs CAP_SYS_ADMIN. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return 1;
	if (is_refused(SYS_ioctl, TIOCSTI) || is_refused(SYS_ioctl, TIOCLINUX))
		return 2;
	if (terminal_forbid_typing())
		return 3;
	if (!is_refused(SYS_ioctl, TIOCSTI) || !is_refused(SYS_ioctl, TIOCLINUX))
		return 4;
	/* The kernel takes the low half of the request only. */
	if (!is_refused(SYS_ioctl, TIOCSTI | 1UL << 32))
		return 5;
#ifdef __x86_64__
	if (!is_refused(0x40000000 | 514, TIOCSTI)) /* x32 */
		return 6;
#endif
	return isatty(STDIN_FILENO) ? 0 : 7;
}

/* Emulators of programs alone have none. */
static void skip_without_filters(void)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
		harness_skip("there is no seccomp here");
}

static int status_of(pid_t child)
{
	int status = -1;

	cr_assert_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

Test(terminal, typing_is_forbidden_in_every_form)
{
	int master;
	pid_t child;

	skip_without_filters();
	child = forkpty(&master, NULL, NULL, NULL);
	cr_assert_geq(child, 0);
	if (child == 0)
		_exit(check());
	cr_expect_eq(status_of(child), 0);
	close(master);
}

#ifdef __x86_64__
/* ioctl(2) as 32-bit programs call it. */
static int call_as_i386(void)
{
	long result;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || terminal_forbid_typing())
		return 1;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(54), "b"(STDIN_FILENO), "c"(TIOCSTI), "d"(0)
			 : "memory");
	return result == -EPERM ? 0 : 2;
}

Test(terminal, typing_is_forbidden_to_programs_of_32_bits)
{
	int master;
	pid_t child = forkpty(&master, NULL, NULL, NULL);
	int status;

	cr_assert_geq(child, 0);
	if (child == 0)
		_exit(call_as_i386());
	status = status_of(child);
	/* A kernel without them raises SIGSEGV. */
	cr_expect(status == 0 || status == 1000 + SIGSEGV, "status %d", status);
	close(master);
}
#endif

Test(terminal, nothing_is_done_without_one)
{
	int before = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	pid_t child = fork();

	cr_assert_geq(child, 0);
	if (child == 0) {
		setsid();
		_exit(terminal_forbid_typing() || prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != before);
	}
	cr_expect_eq(status_of(child), 0);
}
