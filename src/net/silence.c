// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/silence.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "net/borrow.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
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

/*
 * Nothing reaches it then, and it leaves its group of SO_REUSEPORT (udp_lib_rehash, net/ipv4/udp.c). Without CAP_NET_RAW
 * it can be undone by a disconnect alone (__udp_disconnect); the next pass sees that.
 */
static int tie_to_nowhere(int fd)
{
	const int nowhere = CGFENCE_NO_INTERFACE;

	return setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &nowhere, sizeof(nowhere)) < 0 ? -errno
											   : 0;
}

static int set_policy(int fd, int domain, const struct xfrm_userpolicy_info *policy)
{
	int level = domain == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	int option = domain == AF_INET ? IP_XFRM_POLICY : IPV6_XFRM_POLICY;

	return setsockopt(fd, level, option, policy, sizeof(*policy)) < 0 ? -errno : 0;
}

/*
 * A policy of IPsec for this socket alone, which only CAP_NET_ADMIN can undo. There is one for each socket, and it is for
 * one family (xfrm_sk_policy_lookup, net/xfrm/xfrm_policy.c).
 */
static void block_by_policy(int fd, const struct listener *listener)
{
	const struct xfrm_userpolicy_info policy = {
		.sel.family = listener_serves(listener).ipv4 ? AF_INET : AF_INET6,
		.lft.soft_byte_limit = XFRM_INF,
		.lft.hard_byte_limit = XFRM_INF,
		.lft.soft_packet_limit = XFRM_INF,
		.lft.hard_packet_limit = XFRM_INF,
		.dir = XFRM_POLICY_IN,
		.action = XFRM_POLICY_BLOCK,
	};
	cleanup_close int loads_module = -1;

	if (set_policy(fd, listener->domain, &policy) != -EINVAL)
		return;
	/* No module that takes policies has been loaded; this does that. */
	loads_module = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);
	if (loads_module >= 0)
		set_policy(fd, listener->domain, &policy);
}

/* The process may have locked a filter of its own that lets datagrams through, so compare it with the one above. */
static bool drops_all(int fd)
{
	struct sock_filter filter[2] = { 0 };
	socklen_t length = sizeof(filter) / sizeof(filter[0]);
	int locked = 0;
	socklen_t size = sizeof(locked);

	/* SO_GET_FILTER counts in instructions (net/core/filter.c). */
	return getsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &locked, &size) == 0 && locked &&
	       getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, filter, &length) == 0 && length == 1 &&
	       filter[0].code == (BPF_RET | BPF_K) && filter[0].k == 0;
}

/* The filter is enough by itself. An owner who has locked another one meets the rest. */
static int silence_udp(int fd, const struct listener *listener)
{
	int tied = tie_to_nowhere(fd);
	int dropped = drops_all(fd) ? 0 : drop_all(fd);

	if (dropped)
		block_by_policy(fd, listener);
	return tied && dropped ? tied : 0;
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
		result = silence_udp(fd, listener);
	return result ? error_set(error, -result,
				  "the socket can neither be destroyed nor silenced: %s",
				  strerror(-result))
		      : 0;
}

bool socket_is_silent(const struct cgfence_holder *holder, const struct listener *listener)
{
	cleanup_close int fd = -1;

	if (listener->ip_protocol == IPPROTO_TCP)
		return false;
	if (listener->interface == CGFENCE_NO_INTERFACE)
		return true;
	fd = holder ? socket_borrow(holder) : -1;
	return fd >= 0 && drops_all(fd);
}
