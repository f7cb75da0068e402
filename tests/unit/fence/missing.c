// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/missing.h"
#include "base/cleanup.h"
#include "image/image.h"
#include "unit/support/policy_text.h"

#include <string.h>

#define BOTH "{`devices`: {}, `ports`: [80]}"
#define ONE_FAMILY "{`ports`: [`ipv6:80`]}"
#define KILL "{`ports`: [80], `on_violation`: `kill`}"

static struct cgfence_image *compile(const char *text)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
	struct cgfence_image *image = NULL;

	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
	return image;
}

static void expect(const struct cgfence_image *image, const char *expected)
{
	const char *names[FENCE_MISSING_MAX];
	char text[128] = "";

	cr_expect_lt(fence_missing_from(image, names), FENCE_MISSING_MAX);
	for (size_t i = 0; names[i]; i++) {
		strcat(text, i ? " " : "");
		strcat(text, names[i]);
	}
	cr_expect_str_eq(text, expected);
}

Test(missing, the_guards_that_are_stronger)
{
	static const struct {
		const char *policy;
		enum cgfence_listen_guard guard;
		bool mutes;
		bool traced;
		const char *missing;
	} cases[] = {
		{ BOTH, CGFENCE_GUARD_DENY, false, false, "" },
		{ BOTH, CGFENCE_GUARD_MUTE, true, true, "deny" },
		{ BOTH, CGFENCE_GUARD_MUTE, true, false, "deny caller" },
		{ BOTH, CGFENCE_GUARD_EVENT, false, true, "deny mute" },
		{ BOTH, CGFENCE_GUARD_NONE, false, false, "deny mute event caller" },
		{ KILL, CGFENCE_GUARD_DENY, false, false, "" },
		{ KILL, CGFENCE_GUARD_KILL, true, true, "deny" },
		{ KILL, CGFENCE_GUARD_KILL, false, true, "deny mute" },
		{ KILL, CGFENCE_GUARD_MUTE, true, true, "deny kill" },
		/* There is no port that TCP may not listen on. */
		{ "{`ports`: {`tcp`: `any`}}", CGFENCE_GUARD_NONE, false, false, "" },
		{ "{`devices`: {}}", CGFENCE_GUARD_NONE, false, false, "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free struct cgfence_image *image = compile(cases[i].policy);

		image->ports.guard = cases[i].guard;
		image->ports.mutes = cases[i].mutes;
		image->ports.traced = cases[i].traced;
		expect(image, cases[i].missing);
	}
}

Test(missing, what_programs_cannot_read)
{
	cleanup_free struct cgfence_image *image = compile(ONE_FAMILY);
	struct cgfence_socket_layout *socket = &image->socket;

	image->ports.guard = CGFENCE_GUARD_DENY;
	expect(image, "v6only");
	socket->has_v6only_bit = 1;
	expect(image, "");
	socket->port_range_unread = 1;
	expect(image, "port_range");
	socket->port_range_unread = 0;
	socket->netns_by = CGFENCE_NETNS_UNKNOWN;
	expect(image, "netns");
}

Test(missing, the_network_namespace_of_listeners_only_where_it_counts)
{
	cleanup_free struct cgfence_image *image = compile(BOTH);

	image->socket.sockops_netns_by = CGFENCE_NETNS_UNKNOWN;
	image->ports.guard = CGFENCE_GUARD_EVENT;
	image->ports.mutes = image->ports.traced = 1;
	expect(image, "deny netns");
	image->ports.netns_any = 1;
	expect(image, "deny");
	image->ports.netns_any = 0;
	image->ports.guard = CGFENCE_GUARD_DENY;
	expect(image, "");
}

Test(missing, who_is_refused_by_any_of_the_programs)
{
	cleanup_free struct cgfence_image *image = compile(BOTH);

	image->ports.guard = CGFENCE_GUARD_MUTE;
	image->ports.mutes = image->ports.traced = 1;
	for (int i = 0; i < 3; i++) {
		__u8 *by = i == 0   ? &image->task.device_by
			   : i == 1 ? &image->task.ports_by
				    : &image->task.sockops_by;

		*by = CGFENCE_TASK_UNKNOWN;
		expect(image, "deny who");
		*by = CGFENCE_TASK_BY_OFFSET;
		expect(image, "deny");
	}
	image->task.sockops_by = CGFENCE_TASK_UNKNOWN;
	image->ports.guard = CGFENCE_GUARD_DENY;
	expect(image, "");
}
