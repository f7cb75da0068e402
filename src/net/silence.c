// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/silence.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "net/borrow.h"

#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>

static int drop_all(int fd)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog filter = { .len = 1, .filter = &drop };
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

int socket_silence(const struct cgfence_holder *holder, const struct listener *listener,
		   struct cgfence_error *error)
{
	cleanup_close int fd = socket_borrow(holder);
	int result;

	if (fd < 0)
		return error_set(error, ESRCH,
				 "the socket cannot be destroyed, nor had from process %u",
				 holder->pid);
	if (listener->ip_protocol == IPPROTO_TCP)
		result = shutdown(fd, SHUT_RDWR) < 0 ? -errno : 0;
	else
		result = drop_all(fd);
	return result ? error_set(error, -result,
				  "the socket can neither be destroyed nor silenced: %s",
				  strerror(-result))
		      : 0;
}

/*
 * The process may have locked a filter of its own that lets datagrams through, so compare the filter with the one
 * above.
 */
bool socket_is_silent(const struct cgfence_holder *holder)
{
	cleanup_close int fd = socket_borrow(holder);
	struct sock_filter filter[2] = { 0 };
	socklen_t length = sizeof(filter) / sizeof(filter[0]);
	int locked = 0;
	socklen_t size = sizeof(locked);

	/* SO_GET_FILTER counts in instructions (net/core/filter.c). */
	return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &locked, &size) == 0 &&
	       locked && getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, filter, &length) == 0 &&
	       length == 1 && filter[0].code == (BPF_RET | BPF_K) && filter[0].k == 0;
}
