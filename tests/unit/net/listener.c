// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/listener.h"
#include "base/cleanup.h"
#include "image/image.h"
#include "unit/support/policy_text.h"

#include <arpa/inet.h>
#include <string.h>

static struct listener make_listener(int ip_protocol, const char *address, uint16_t port,
				     bool v6only)
{
	struct listener listener = {
		.domain = strchr(address, ':') ? AF_INET6 : AF_INET,
		.ip_protocol = ip_protocol,
		.port = port,
		.v6only = v6only,
	};

	cr_assert_eq(inet_pton(listener.domain, address, &listener.address), 1, "%s", address);
	return listener;
}

static struct cgfence_image *compile(const char *text)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
	struct cgfence_image *image = NULL;

	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0, "%s", text);
	return image;
}

Test(listener, serves_the_families_that_reach_it)
{
	static const struct {
		const char *address;
		bool v6only;
		bool ipv4;
		bool ipv6;
	} cases[] = {
		{ "0.0.0.0", false, true, false },
		{ "127.0.0.1", false, true, false },
		{ "255.255.255.255", false, true, false },
		{ "::", false, true, true },
		{ "::", true, false, true },
		{ "::1", false, false, true },
		{ "::1", true, false, true },
		{ "fe80::1", false, false, true },
		/* IPv4-compatible is not IPv4-mapped. */
		{ "::127.0.0.1", false, false, true },
		{ "::ffff:127.0.0.1", false, true, false },
		{ "::ffff:0.0.0.0", false, true, false },
	};
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE };

	for (size_t i = 0; i < ARRAY_SIZE(protocols) * ARRAY_SIZE(cases); i++) {
		const size_t j = i / ARRAY_SIZE(protocols);
		const struct listener listener = make_listener(protocols[i % ARRAY_SIZE(protocols)],
							       cases[j].address, 80,
							       cases[j].v6only);
		const struct cgfence_served served = listener_serves(&listener);

		cr_expect_eq(served.ipv4, cases[j].ipv4, "%s%s: IPv4", cases[j].address,
			     cases[j].v6only ? " v6only" : "");
		cr_expect_eq(served.ipv6, cases[j].ipv6, "%s%s: IPv6", cases[j].address,
			     cases[j].v6only ? " v6only" : "");
	}
}

/* Only four bytes of an AF_INET socket are an address; the bytes after them must not matter. */
Test(listener, of_ipv4_only_its_four_bytes_count)
{
	struct listener listener = make_listener(IPPROTO_TCP, "0.0.0.0", 80, true);
	struct cgfence_served served;

	listener.address.ipv6.s6_addr[15] = 1;
	served = listener_serves(&listener);
	cr_expect(served.ipv4);
	cr_expect_not(served.ipv6);
}

Test(listener, is_named_by_the_protocol_of_the_policy)
{
	static const struct {
		int ip_protocol;
		enum cgfence_protocol protocol;
	} cases[] = {
		{ IPPROTO_TCP, CGFENCE_TCP },
		{ IPPROTO_UDP, CGFENCE_UDP },
		{ IPPROTO_UDPLITE, CGFENCE_UDP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct listener listener = { .ip_protocol = cases[i].ip_protocol };

		cr_expect_eq(listener_protocol(&listener), cases[i].protocol, "%d",
			     cases[i].ip_protocol);
	}
}

Test(listener, is_in_excess_if_a_family_it_serves_is_not_assigned)
{
	static const struct {
		const char *policy;
		int ip_protocol;
		const char *address;
		uint16_t port;
		bool v6only;
		bool excess;
	} cases[] = {
		{ "{`ports`: [80]}", IPPROTO_TCP, "0.0.0.0", 80, false, false },
		{ "{`ports`: [80]}", IPPROTO_TCP, "0.0.0.0", 81, false, true },
		{ "{`ports`: [80]}", IPPROTO_TCP, "127.0.0.1", 81, false, true },
		{ "{`ports`: [80]}", IPPROTO_UDP, "::", 80, false, false },
		{ "{`ports`: [80]}", IPPROTO_UDPLITE, "::", 81, false, true },
		{ "{`ports`: []}", IPPROTO_TCP, "::1", 65535, false, true },
		{ "{`ports`: `any`}", IPPROTO_TCP, "::", 1, false, false },
		/* Each protocol has its own ports. */
		{ "{`ports`: {`tcp`: [80]}}", IPPROTO_TCP, "::", 80, false, false },
		{ "{`ports`: {`tcp`: [80]}}", IPPROTO_UDP, "::", 80, false, true },
		{ "{`ports`: {`udp`: [80]}}", IPPROTO_UDPLITE, "::", 80, false, false },
		{ "{`ports`: {`udp`: [80]}}", IPPROTO_TCP, "::", 80, false, true },
		/* Dual stack needs both families. */
		{ "{`ports`: [`ipv6:80`]}", IPPROTO_TCP, "::", 80, false, true },
		{ "{`ports`: [`ipv6:80`]}", IPPROTO_TCP, "::", 80, true, false },
		{ "{`ports`: [`ipv6:80`]}", IPPROTO_TCP, "::1", 80, false, false },
		{ "{`ports`: [`ipv6:80`]}", IPPROTO_TCP, "0.0.0.0", 80, false, true },
		{ "{`ports`: [`ipv4:80`]}", IPPROTO_TCP, "::", 80, false, true },
		{ "{`ports`: [`ipv4:80`]}", IPPROTO_TCP, "::", 80, true, true },
		{ "{`ports`: [`ipv4:80`]}", IPPROTO_TCP, "127.0.0.1", 80, false, false },
		/* Mapped is IPv4. */
		{ "{`ports`: [`ipv4:80`]}", IPPROTO_UDP, "::ffff:127.0.0.1", 80, false, false },
		{ "{`ports`: [`ipv6:80`]}", IPPROTO_UDP, "::ffff:127.0.0.1", 80, false, true },
		/* Outside of the isolated range nothing is in excess. */
		{ "{`ports`: [80], `isolated_range`: [`70-90`]}", IPPROTO_TCP, "::", 81, false,
		  true },
		{ "{`ports`: [80], `isolated_range`: [`70-90`]}", IPPROTO_TCP, "::", 69, false,
		  false },
		{ "{`ports`: [80], `isolated_range`: [`70-90`]}", IPPROTO_TCP, "::", 70, false,
		  true },
		{ "{`ports`: [80], `isolated_range`: [`70-90`]}", IPPROTO_UDP, "::", 90, false,
		  true },
		{ "{`ports`: [80], `isolated_range`: [`70-90`]}", IPPROTO_UDP, "::", 91, false,
		  false },
		{ "{`ports`: [], `isolated_range`: []}", IPPROTO_TCP, "::", 9, false, false },
		{ "{`ports`: [], `isolated_range`: [`ipv4:9`]}", IPPROTO_TCP, "::", 9, false,
		  true },
		{ "{`ports`: [], `isolated_range`: [`ipv4:9`]}", IPPROTO_TCP, "::", 9, true,
		  false },
		{ "{`ports`: [], `isolated_range`: [`ipv4:9`]}", IPPROTO_TCP, "::ffff:1.2.3.4", 9,
		  false, true },
		{ "{`ports`: [`ipv4:9`], `isolated_range`: [`ipv4:9`]}", IPPROTO_TCP, "::", 9,
		  false, false },
		/* An audit does not change what is in excess. */
		{ "{`enforce`: false, `ports`: [80]}", IPPROTO_TCP, "::1", 81, false, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free struct cgfence_image *image = compile(cases[i].policy);
		const struct listener listener = make_listener(
			cases[i].ip_protocol, cases[i].address, cases[i].port, cases[i].v6only);

		cr_expect_eq(listener_is_excess(image, &listener), cases[i].excess,
			     "%s: protocol %d, %s port %u%s", cases[i].policy, cases[i].ip_protocol,
			     cases[i].address, cases[i].port, cases[i].v6only ? " v6only" : "");
	}
}

Test(listener, its_address_is_written_in_the_form_of_its_family)
{
	static const char *const addresses[] = { "0.0.0.0", "127.0.0.1",	"::",
						 "::1",	    "::ffff:127.0.0.1", "2001:db8::80" };

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		const struct listener listener =
			make_listener(IPPROTO_TCP, addresses[i], 80, false);
		char text[INET6_ADDRSTRLEN];

		listener_format_address(&listener, text);
		cr_expect_str_eq(text, addresses[i]);
	}
}

Test(listener, a_list_keeps_what_is_added_in_order)
{
	struct listeners list = { 0 };

	for (uint32_t i = 0; i < 1000; i++) {
		const struct listener listener = { .inode = i, .cookie = 7ULL * i };

		cr_assert_eq(listeners_add(&list, &listener), 0);
	}
	cr_assert_eq(list.count, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		cr_expect(list.items[i].inode == i && list.items[i].cookie == 7ULL * i);
	listeners_free(&list);
	cr_expect_eq(list.count, 0);
	cr_expect_null(list.items);
	policy_text_expect_no_leak();
}
