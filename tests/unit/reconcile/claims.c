// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose UDP ports are whose. */
#include "reconcile/claims.h"
#include "unit/support/scene.h"

#include <arpa/inet.h>
#include <string.h>

#define LOW 32768
#define HIGH 60999

static const struct netns_identity here = { .cookie = 7, .inum = 1 };

/* A fence with the ephemeral range of a host, that stands alone. */
static void add_fence(struct scene *scene, const char *policy)
{
	size_t fence = scene_add_fence(scene, policy);
	struct cgfence_port_table *ports = &scene->fences[fence].image->ports;

	scene->fences[fence].above = PORT_FENCE_NONE;
	ports->ephemeral_low = LOW;
	ports->ephemeral_high = HIGH;
	ports->netns_cookie = here.cookie;
}

/* Does the second fence claim the port of a socket that the first one sees? */
static bool claims(const struct scene *scene, const char *address, uint16_t port)
{
	struct listener listener = { .ip_protocol = IPPROTO_UDP, .port = port };
	struct port_claims claims;
	bool answer;

	listener.domain = strchr(address, ':') ? AF_INET6 : AF_INET;
	inet_pton(listener.domain, address, &listener.address);
	cr_assert_eq(port_claims_make(&scene->observation.fences, &claims), 0);
	answer = port_claims_by_another(&claims, &scene->observation.fences, 0, &here, &listener);
	cr_expect(!answer || port_claims_any(&claims, port));
	port_claims_free(&claims);
	return answer;
}

Test(port_claims, what_is_assigned_to_another_fence)
{
	static const struct {
		const char *policy;
		const char *address;
		uint16_t port;
		bool claimed;
	} cases[] = {
		{ "{`ports`: [40000]}", "127.0.0.1", 40000, true },
		{ "{`ports`: [40000]}", "::", 40000, true },
		{ "{`ports`: [40000]}", "::ffff:127.0.0.1", 40000, true },
		{ "{`ports`: [40000]}", "127.0.0.1", 40001, false },
		{ "{`ports`: [`39999-40063`]}", "127.0.0.1", 39998, false },
		{ "{`ports`: [`39999-40063`]}", "127.0.0.1", 39999, true },
		{ "{`ports`: [`39999-40063`]}", "127.0.0.1", 40063, true },
		{ "{`ports`: [`39999-40063`]}", "127.0.0.1", 40064, false },
		{ "{`ports`: [`ipv4:40000`]}", "127.0.0.1", 40000, true },
		{ "{`ports`: [`ipv4:40000`]}", "::", 40000, true },
		{ "{`ports`: [`ipv4:40000`]}", "::1", 40000, false },
		{ "{`ports`: [`ipv6:40000`]}", "127.0.0.1", 40000, false },
		{ "{`ports`: [`ipv6:40000`]}", "::1", 40000, true },
		{ "{`ports`: {`tcp`: [40000]}}", "127.0.0.1", 40000, false },
		{ "{`ports`: [], `isolated_range`: [8080]}", "127.0.0.1", 40000, false },
		{ "{`ports`: [65535]}", "127.0.0.1", 65535, true },
		/* The whole ephemeral range says nothing about who may be there. */
		{ "{`ports`: `any`}", "127.0.0.1", 40000, false },
		{ "{`ports`: [`32768-60999`]}", "127.0.0.1", 40000, false },
		{ "{`ports`: [`1024-65535`]}", "127.0.0.1", 40000, false },
		{ "{`ports`: [`32769-60999`]}", "127.0.0.1", 40000, true },
		{ "{`ports`: [`32768-60998`]}", "127.0.0.1", 40000, true },
		{ "{`ports`: [`ipv6:1-65535`, 40000]}", "::1", 40000, false },
		{ "{`ports`: [`ipv6:1-65535`, 40000]}", "127.0.0.1", 40000, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;

		scene_begin(&scene);
		add_fence(&scene, "{`ports`: []}");
		add_fence(&scene, cases[i].policy);
		cr_expect_eq(claims(&scene, cases[i].address, cases[i].port), cases[i].claimed,
			     "%s %s %u", cases[i].policy, cases[i].address, cases[i].port);
		scene_end(&scene);
	}
}

Test(port_claims, a_fence_does_not_claim_from_itself)
{
	struct scene scene;

	scene_begin(&scene);
	add_fence(&scene, "{`ports`: [`ipv4:40000`]}");
	cr_expect_not(claims(&scene, "::", 40000));
	scene_end(&scene);
}

/* Fences that nest share their ports. */
Test(port_claims, only_a_fence_beside_it_is_another)
{
	struct scene scene;

	scene_begin(&scene);
	add_fence(&scene, "{`ports`: []}");
	add_fence(&scene, "{`ports`: [40000]}");
	cr_expect(claims(&scene, "127.0.0.1", 40000));
	scene.fences[0].above = 1;
	cr_expect_not(claims(&scene, "127.0.0.1", 40000));
	scene.fences[0].above = PORT_FENCE_NONE;
	scene.fences[1].above = 0;
	cr_expect_not(claims(&scene, "127.0.0.1", 40000));
	/* Both below a third one, which has the port too. */
	add_fence(&scene, "{`ports`: [`40000-41000`]}");
	scene.fences[0].above = 2;
	scene.fences[1].above = 2;
	cr_expect(claims(&scene, "127.0.0.1", 40000));
	cr_expect_not(claims(&scene, "127.0.0.1", 40001));
	scene_end(&scene);
}

Test(port_claims, a_fence_claims_in_its_network_namespace)
{
	struct scene scene;

	scene_begin(&scene);
	add_fence(&scene, "{`ports`: []}");
	add_fence(&scene, "{`ports`: [40000]}");
	scene.fences[1].image->ports.netns_cookie = here.cookie + 1;
	cr_expect_not(claims(&scene, "127.0.0.1", 40000));
	scene.fences[1].image->ports.netns_any = 1;
	cr_expect(claims(&scene, "127.0.0.1", 40000));
	scene_end(&scene);
}
