// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is in excess, and the words for it. */
#include "reconcile/excess.h"
#include "unit/support/scene.h"

#include <stdlib.h>
#include <string.h>

static void expect_ports(const struct scene *scene, size_t fence, enum cgfence_protocol protocol,
			 const char *expected)
{
	struct excess_ports ports = { 0 };

	cr_assert_eq(excess_list_ports(&scene->observation, fence, protocol, &ports), 0);
	cr_expect_str_eq(ports.text, expected, "'%s', not '%s'", ports.text, expected);
	cr_expect_eq(ports.left_out, 0);
	free(ports.text);
}

Test(excess, it_is_the_ports_of_one_fence_and_protocol_as_ranges)
{
	static const struct {
		int ip_protocol;
		const char *address;
		uint16_t port;
		size_t fence;
	} sockets[] = {
		{ IPPROTO_TCP, "127.0.0.1", 8081, 0 }, { IPPROTO_TCP, "::1", 8082, 0 },
		{ IPPROTO_TCP, "0.0.0.0", 9, 0 },      { IPPROTO_TCP, "::1", 9, 0 },
		{ IPPROTO_TCP, "::", 80, 0 },	       { IPPROTO_UDP, "::", 10, 0 },
		{ IPPROTO_UDPLITE, "::", 11, 0 },      { IPPROTO_TCP, "::", 12, 1 },
	};
	struct scene scene;

	scene_begin(&scene);
	scene_add_fence(&scene, "{`ports`: [80]}");
	scene_add_fence(&scene, "{`ports`: [80]}");
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		scene_add_sighting(&scene, sockets[i].fence,
				   scene_add_socket(&scene, sockets[i].ip_protocol,
						    sockets[i].address, sockets[i].port));
	expect_ports(&scene, 0, CGFENCE_TCP, "9,8081-8082");
	expect_ports(&scene, 0, CGFENCE_UDP, "10-11");
	expect_ports(&scene, 1, CGFENCE_TCP, "12");
	expect_ports(&scene, 1, CGFENCE_UDP, "");
	scene_end(&scene);
}

/* A line is not to grow with what a fence does. */
Test(excess, it_names_some_of_many_ranges)
{
	enum { COUNT = CGFENCE_EXCESS_MAX + 5 };
	struct listener listeners[COUNT] = { 0 };
	struct sighting sightings[COUNT] = { 0 };
	struct excess_ports ports = { 0 };
	struct scene scene;

	scene_begin_with_one(&scene, "{`ports`: []}", IPPROTO_TCP, "127.0.0.1", 9);
	for (size_t i = 0; i < COUNT; i++) {
		listeners[i] = scene.listeners[0];
		listeners[i].port = (uint16_t)(60000 + 2 * i);
		sightings[i] = (struct sighting){ .listener = i };
	}
	scene.observation.listeners.items = listeners;
	scene.observation.sightings = sightings;
	for (size_t count = CGFENCE_EXCESS_MAX - 1; count <= COUNT; count++) {
		size_t named = count < CGFENCE_EXCESS_MAX ? count : CGFENCE_EXCESS_MAX;

		scene.observation.sighting_count = count;
		cr_assert_eq(excess_list_ports(&scene.observation, 0, CGFENCE_TCP, &ports), 0);
		cr_expect_eq(strlen(ports.text), named * 6 - 1, "%zu: %s", count, ports.text);
		cr_expect_eq(ports.left_out, count - named);
		free(ports.text);
	}
	scene_end(&scene);
}

Test(excess, the_reason_names_the_family_if_only_one_is_refused)
{
	static const struct {
		const char *policy;
		const char *address;
		const char *reason;
	} cases[] = {
		{ "{`ports`: []}", "127.0.0.1", "tcp port 80 is not assigned" },
		{ "{`ports`: []}", "::", "tcp port 80 is not assigned" },
		{ "{`ports`: [`ipv4:80`]}", "::", "tcp port 80 is not assigned for IPv6" },
		{ "{`ports`: [`ipv6:80`]}", "::", "tcp port 80 is not assigned for IPv4" },
		{ "{`ports`: [`ipv6:80`]}", "0.0.0.0", "tcp port 80 is not assigned for IPv4" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;
		char *reason;

		scene_begin_with_one(&scene, cases[i].policy, IPPROTO_TCP, cases[i].address, 80);
		scene.sightings[0].made_inside = true;
		scene.sightings[0].holder = 0;
		cr_expect(excess_is(&scene.observation, &scene.sightings[0]), "%s %s",
			  cases[i].policy, cases[i].address);
		reason = excess_format_reason(&scene.observation, &scene.sightings[0]);
		cr_expect_str_eq(reason, cases[i].reason, "%s %s: '%s'", cases[i].policy,
				 cases[i].address, reason);
		free(reason);
		scene_end(&scene);
	}
}

Test(excess, the_reason_tells_whose_the_socket_is)
{
	static const struct {
		bool made_inside;
		size_t holder;
		enum cgfence_holding holding;
		const char *reason;
	} cases[] = {
		{ true, 0, CGFENCE_HOLDING_DESCRIPTOR, "udp port 53 is not assigned" },
		{ false, 0, CGFENCE_HOLDING_DESCRIPTOR,
		  "udp port 53 is not assigned; the socket was made outside of the fence" },
		{ true, 0, CGFENCE_HOLDING_UNIX,
		  "udp port 53 is not assigned, and is on its way in a unix socket" },
		{ false, 0, CGFENCE_HOLDING_URING,
		  "udp port 53 is not assigned; the socket was made outside of the fence, and is held by an io_uring" },
		{ true, SIGHTING_NO_HOLDER, CGFENCE_HOLDING_DESCRIPTOR,
		  "udp port 53 is not assigned; the socket was made in the fence, and nobody in it holds it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;
		char *reason;

		scene_begin_with_one(&scene, "{`ports`: []}", IPPROTO_UDPLITE, "::1", 53);
		scene.sightings[0].made_inside = cases[i].made_inside;
		scene.sightings[0].holder = cases[i].holder;
		scene.holders[0].holding = cases[i].holding;
		reason = excess_format_reason(&scene.observation, &scene.sightings[0]);
		cr_expect_str_eq(reason, cases[i].reason, "'%s'", reason);
		free(reason);
		scene_end(&scene);
	}
}

Test(excess, the_reason_tells_who_chose_an_ephemeral_port)
{
	static const struct {
		enum port_choice choice;
		const char *reason;
	} cases[] = {
		{ PORT_CHOICE_RESERVED,
		  "udp port 40000 is not assigned, and is reserved (ip_local_reserved_ports); the socket was made outside of the fence" },
		{ PORT_CHOICE_CLAIMED,
		  "udp port 40000 is not assigned, and belongs to another fence; the socket was made outside of the fence" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;
		char *reason;

		scene_begin_with_one(&scene, "{`ports`: []}", IPPROTO_UDP, "::1", 40000);
		scene.sightings[0].choice = cases[i].choice;
		reason = excess_format_reason(&scene.observation, &scene.sightings[0]);
		cr_expect_str_eq(reason, cases[i].reason, "'%s'", reason);
		free(reason);
		scene_end(&scene);
	}
}
