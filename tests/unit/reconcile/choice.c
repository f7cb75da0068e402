// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether the kernel or a process chose the port of a UDP socket. */
#include "reconcile/choice.h"
#include "unit/support/scene.h"

static const struct netns_identity home = { .cookie = 7, .inum = 1 };
static const struct netns_identity elsewhere = { .cookie = 8, .inum = 2 };

/* Fence 0 was attached at home, where 30000-39999 was ephemeral; now 32000-50000 is. Fence 1 has 35000. */
static void begin(struct scene *scene, const char *policy)
{
	scene_begin(scene);
	scene_add_fence(scene, policy);
	scene_add_fence(scene, "{`ports`: [35000, 80], `netns`: `any`}");
	for (size_t i = 0; i < 2; i++) {
		scene->fences[i].above = PORT_FENCE_NONE;
		scene->fences[i].image->ports.netns_cookie = home.cookie;
		scene->fences[i].image->ports.ephemeral_low = 30000;
		scene->fences[i].image->ports.ephemeral_high = 39999;
	}
}

static enum port_choice choice(const struct scene *scene, const struct netns_identity *netns,
			       uint32_t high, int ip_protocol, uint16_t port)
{
	static uint64_t reserved[NETNS_PORT_WORDS];
	const struct netns_ports ports = {
		.ephemeral_low = netns == &home ? 32000 : 1,
		.ephemeral_high = high,
		.reserved = reserved,
	};
	const struct choice_place place = { netns, &ports };
	const struct listener listener = { .ip_protocol = ip_protocol,
					   .domain = AF_INET,
					   .port = port };
	struct port_claims claims;
	enum port_choice result;

	netns_parse_reserved("33000,60000", reserved);
	cr_assert_eq(port_claims_make(&scene->observation.fences, &claims), 0);
	result = choice_of(&scene->observation.fences, 0, &claims, &place, &listener);
	port_claims_free(&claims);
	return result;
}

Test(port_choice, in_the_namespace_of_the_fence_its_range_of_now_counts)
{
	static const struct {
		int ip_protocol;
		uint16_t port;
		enum port_choice choice;
	} cases[] = {
		{ IPPROTO_UDP, 53, PORT_CHOICE_PROCESS },
		{ IPPROTO_UDP, 31999, PORT_CHOICE_PROCESS },
		{ IPPROTO_UDP, 32000, PORT_CHOICE_KERNEL },
		{ IPPROTO_UDP, 50000, PORT_CHOICE_KERNEL },
		{ IPPROTO_UDP, 50001, PORT_CHOICE_PROCESS },
		{ IPPROTO_UDP, 33000, PORT_CHOICE_RESERVED },
		{ IPPROTO_UDP, 60000, PORT_CHOICE_PROCESS },
		{ IPPROTO_UDP, 35000, PORT_CHOICE_CLAIMED },
		{ IPPROTO_UDP, 80, PORT_CHOICE_PROCESS },
		{ IPPROTO_UDPLITE, 35000, PORT_CHOICE_CLAIMED },
		{ IPPROTO_UDPLITE, 33000, PORT_CHOICE_RESERVED },
		{ IPPROTO_UDPLITE, 40000, PORT_CHOICE_KERNEL },
		{ IPPROTO_TCP, 40000, PORT_CHOICE_PROCESS },
		{ IPPROTO_TCP, 35000, PORT_CHOICE_PROCESS },
	};
	struct scene scene;

	begin(&scene, "{`ports`: []}");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		cr_expect_eq(choice(&scene, &home, 50000, cases[i].ip_protocol, cases[i].port),
			     cases[i].choice, "%d %u", cases[i].ip_protocol, cases[i].port);
	/* A range that could not be read has no ports. */
	cr_expect_eq(choice(&scene, &home, 0, IPPROTO_UDP, 40000), PORT_CHOICE_PROCESS);
	scene_end(&scene);
}

/* Whatever its processes make of theirs. */
Test(port_choice, in_another_namespace_the_range_at_the_attach_counts)
{
	static const struct {
		uint16_t port;
		enum port_choice choice;
	} cases[] = {
		{ 53, PORT_CHOICE_PROCESS },	{ 29999, PORT_CHOICE_PROCESS },
		{ 30000, PORT_CHOICE_KERNEL },	{ 39999, PORT_CHOICE_KERNEL },
		{ 40000, PORT_CHOICE_PROCESS }, { 33000, PORT_CHOICE_RESERVED },
		{ 35000, PORT_CHOICE_CLAIMED },
	};
	struct scene scene;

	begin(&scene, "{`ports`: [], `netns`: `any`}");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cr_expect_eq(choice(&scene, &elsewhere, 65535, IPPROTO_UDP, cases[i].port),
			     cases[i].choice, "%u", cases[i].port);
		cr_expect_eq(choice(&scene, &elsewhere, 0, IPPROTO_UDP, cases[i].port),
			     cases[i].choice, "%u", cases[i].port);
	}
	scene_end(&scene);
}
