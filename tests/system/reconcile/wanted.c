// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "wanted.h"
#include "net/sock_diag.h"

#include <criterion/criterion.h>
#include <netinet/in.h>

size_t wanted_list(struct wanted_socket wanted[WANTED_MAX])
{
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	struct listeners listeners = { 0 };
	struct sock_diag *diag = NULL;
	size_t count;

	cr_assert_eq(sock_diag_open(-1, &diag, NULL), 0);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(sock_diag_dump(diag, protocols[i], 0, &listeners, NULL), 0);
	count = listeners.count;
	cr_assert_leq(count, WANTED_MAX);
	for (size_t i = 0; i < count; i++) {
		wanted[i].inode = listeners.items[i].inode;
		wanted[i].cookie = listeners.items[i].cookie;
	}
	wanted_sockets_sort(wanted, count);
	listeners_free(&listeners);
	sock_diag_close(diag);
	return count;
}
