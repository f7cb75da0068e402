/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The terminal that a command shares with its caller. */
#pragma once

/**
 * terminal_forbid_typing() - the caller, and all that it starts, can no longer push characters into its terminal.
 *
 * They would be read by the shell that is there afterwards, outside of the fence. The ioctls TIOCSTI and TIOCLINUX fail
 * with EPERM. Nothing is done without a controlling terminal, for other terminals need CAP_SYS_ADMIN (tty_ioctl(4)).
 *
 * Return: 0 or -errno.
 */
int terminal_forbid_typing(void);
