// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which of the threads that serve hidden io_urings stay. */
#include "reconcile/servers.h"

#include <criterion/criterion.h>

static void add(struct holders *list, uint32_t thread, uint64_t cookie)
{
	const struct cgfence_holder server = { .thread = thread, .cookie = cookie };

	cr_assert_eq(holders_add(list, &server), 0);
}

Test(servers, who_is_in_both_lists_stays_in_whatever_order_they_are)
{
	struct holders list = { 0 }, other = { 0 };

	add(&list, 9, 1);
	add(&list, 4, 1);
	add(&list, 7, 2);
	add(&list, 7, 1);
	add(&list, 5, 1);
	add(&other, 7, 2);
	add(&other, 4, 2);
	add(&other, 9, 1);
	add(&other, 8, 1);
	servers_narrow(&list, &other);
	cr_assert_eq(list.count, 2);
	cr_assert_eq(list.items[0].thread, 7);
	cr_assert_eq(list.items[0].cookie, 2);
	cr_assert_eq(list.items[1].thread, 9);
	holders_free(&list);
	holders_free(&other);
}

Test(servers, nobody_stays_where_either_list_is_empty)
{
	struct holders list = { 0 }, other = { 0 };

	servers_narrow(&list, &other);
	cr_assert_eq(list.count, 0);
	add(&other, 7, 2);
	servers_narrow(&list, &other);
	cr_assert_eq(list.count, 0);
	servers_narrow(&other, &list);
	cr_assert_eq(other.count, 0);
	holders_free(&list);
	holders_free(&other);
}
