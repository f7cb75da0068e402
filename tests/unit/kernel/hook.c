// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/hook.h"
#include "base/cleanup.h"
#include "image/image.h"
#include "unit/support/policy_text.h"

#include <bpf/libbpf.h>
#include <cgfence/foreign.h>
#include <string.h>

static const struct hook *find(const char *name)
{
	for (int i = 0; i < hook_count; i++) {
		if (strcmp(hooks[i].name, name) == 0)
			return &hooks[i];
	}
	cr_assert_fail("no hook %s", name);
	return NULL;
}

/* How many hooks have their program in the object of @hook. */
static int count_in_object(const struct hook *hook)
{
	int count = 0;

	for (int i = 0; i < hook_count; i++)
		count += hooks[i].versions[0][0] == hook->versions[0][0];
	return count;
}

/* As libbpf knows the hook, by the name of a section that is its own. */
static void expect_types(const struct hook *hook)
{
	enum bpf_attach_type attach_type;
	enum bpf_prog_type type;
	char section[64];

	snprintf(section, sizeof(section), "%s%s",
		 strcmp(hook->name, "sockops") == 0 ? "" : "cgroup/",
		 strcmp(hook->name, "device") == 0 ? "dev" : hook->name);
	cr_assert_eq(libbpf_prog_type_by_name(section, &type, &attach_type), 0, "%s", section);
	cr_expect_eq(hook->type_in_place, type, "%s", hook->name);
	cr_expect_eq(hook->attach_type, attach_type, "%s", hook->name);
}

static void expect_described(const struct hook *hook, hook_bytes *version)
{
	size_t size;
	const void *bytes = version(&size);
	struct bpf_object *object = bpf_object__open_mem(bytes, size, NULL);
	const struct bpf_program *found;
	struct bpf_program *program;
	bool in_place;
	int programs = 0;

	cr_assert_not_null(object, "%s: %s", hook->name, strerror(errno));
	found = bpf_object__find_program_by_name(object, hook->program);
	cr_assert_not_null(found, "%s", hook->name);
	in_place = strncmp(bpf_program__section_name(found), "cgfence/", 8) == 0;
	if (!in_place)
		cr_expect_eq(bpf_program__expected_attach_type(found), hook->attach_type, "%s",
			     hook->name);
	cr_expect_eq(hook->type_in_place != 0, in_place, "%s", hook->name);
	if (in_place)
		expect_types(hook);
	bpf_object__for_each_program(program, object) programs++;
	cr_expect_eq(programs, count_in_object(hook), "a program of %s has no row", hook->object);
	bpf_object__close(object);
}

Test(hook, each_row_describes_its_program)
{
	cgfence_claim_libbpf();
	for (int i = 0; i < hook_count; i++) {
		for (int j = 0; j < HOOK_KIND_COUNT * HOOK_LEAN_COUNT; j++) {
			hook_bytes *version =
				hooks[i].versions[j / HOOK_LEAN_COUNT][j % HOOK_LEAN_COUNT];

			if (version || j / HOOK_LEAN_COUNT != HOOK_SHARED)
				expect_described(&hooks[i], version);
		}
	}
}

static void expect_version(const char *name, const struct cgfence_image *image, int standing,
			   int lean)
{
	const struct hook *hook = find(name);
	size_t wanted_size;
	size_t size;

	cr_expect_eq(hook_object(hook, image, &size), hook->versions[standing][lean](&wanted_size),
		     "%s", name);
	cr_expect_eq(size, wanted_size);
}

/* Makes an image of a standing fence, whose anchor is described behind it. */
static struct cgfence_standing *make_standing(struct cgfence_image *image)
{
	image->standing_offset = sizeof(*image);
	image->size = sizeof(*image) + sizeof(struct cgfence_standing);
	((struct cgfence_standing *)(image + 1))->anchor_id = 1;
	return (struct cgfence_standing *)(image + 1);
}

Test(hook, programs_without_what_few_fences_need_are_for_the_others_only)
{
	cleanup_free struct cgfence_image *image =
		calloc(1, sizeof(*image) + sizeof(struct cgfence_standing));
	__u8 *const ports[] = { &image->task.ports_by, &image->socket.netns_by,
				(__u8 *)&image->ports.by_family, (__u8 *)&image->ports.privileged };
	__u8 *const listen[] = { &image->task.sockops_by, &image->socket.sockops_netns_by,
				 (__u8 *)&image->ports.by_family };
	struct cgfence_standing *standing;

	for (int i = 0; i < HOOK_SHARED; i++) {
		expect_version("bind6", image, i, HOOK_LEAN);
		expect_version("device", image, i, HOOK_LEAN);
		expect_version("sockops", image, i, HOOK_LEAN);
		for (size_t j = 0; j < ARRAY_SIZE(ports); j++) {
			*ports[j] = 1;
			expect_version("bind6", image, i, HOOK_FULL);
			*ports[j] = 0;
		}
		for (size_t j = 0; j < ARRAY_SIZE(listen); j++) {
			*listen[j] = 1;
			expect_version("sockops", image, i, HOOK_FULL);
			*listen[j] = 0;
		}
		image->task.device_by = 1;
		expect_version("device", image, i, HOOK_FULL);
		image->task.device_by = 0;
		standing = make_standing(image);
	}
	standing->cgroup.ancestors_are_ids = 1;
	expect_version("bind6", image, HOOK_STANDING, HOOK_FULL);
	expect_version("device", image, HOOK_STANDING, HOOK_FULL);
	expect_version("sockops", image, HOOK_STANDING, HOOK_FULL);
}

Test(hook, no_two_have_the_same_name_or_place)
{
	for (int i = 0; i < hook_count; i++) {
		cr_expect_eq(find(hooks[i].name), &hooks[i]);
		for (int j = 0; j < i; j++)
			cr_expect_neq(hooks[i].attach_type, hooks[j].attach_type, "%s and %s",
				      hooks[i].name, hooks[j].name);
	}
}

Test(hook, a_fence_has_those_that_its_policy_and_guard_need)
{
	static const struct {
		const char *policy;
		enum cgfence_listen_guard guard;
		const char *wanted;
		bool guards_tcp;
	} cases[] = {
		{ "{`devices`: {}}", CGFENCE_GUARD_NONE, " device", false },
		{ "{`devices`: {}, `ports`: `any`}", CGFENCE_GUARD_NONE,
		  " device bind4 bind6 sock_create", false },
		{ "{`ports`: {`tcp`: `any`, `udp`: `any`, `sctp`: `any`}}", CGFENCE_GUARD_NONE,
		  " bind4 bind6", false },
		{ "{`ports`: {`tcp`: `any`}}", CGFENCE_GUARD_NONE,
		  " bind4 bind6 post_bind4 post_bind6 sock_create", false },
		{ "{`ports`: {`udp`: `any`, `tcp`: [`ipv4:1-65535`], `sctp`: `any`}}",
		  CGFENCE_GUARD_EVENT, " bind4 bind6 post_bind4 post_bind6 sockops", true },
		{ "{`ports`: []}", CGFENCE_GUARD_KILL,
		  " bind4 bind6 post_bind4 post_bind6 sock_create sockops", true },
		{ "{`ports`: [80]}", CGFENCE_GUARD_DENY,
		  " bind4 bind6 post_bind4 post_bind6 sock_create lsm_listen", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(cases[i].policy);
		cleanup_free struct cgfence_image *image = NULL;
		char wanted[256] = "";

		cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
		image->ports.guard = cases[i].guard;
		for (int j = 0; j < hook_count; j++) {
			if (!hook_is_wanted(&hooks[j], image))
				continue;
			strcat(wanted, " ");
			strcat(wanted, hooks[j].name);
		}
		cr_expect_str_eq(wanted, cases[i].wanted, "%s: %s", cases[i].policy, wanted);
		cr_expect_eq(hook_guards_tcp(image), cases[i].guards_tcp, "%s", cases[i].policy);
	}
}

Test(hook, each_judges_one_topic_but_for_the_one_that_is_only_told)
{
	for (int i = 0; i < hook_count; i++) {
		bool of_devices = strcmp(hooks[i].name, "device") == 0;
		bool is_told = strcmp(hooks[i].name, "sockops") == 0;

		cr_expect_eq(hook_judges(&hooks[i], CGFENCE_TOPIC_DEVICES), of_devices, "%s",
			     hooks[i].name);
		cr_expect_eq(hook_judges(&hooks[i], CGFENCE_TOPIC_PORTS), !of_devices && !is_told,
			     "%s", hooks[i].name);
		cr_expect_eq(hook_topic(&hooks[i]),
			     of_devices ? CGFENCE_TOPIC_DEVICES : CGFENCE_TOPIC_PORTS, "%s",
			     hooks[i].name);
	}
}

/* A mapped address makes a socket of IPv6 bind a port of IPv4, never the other way round. */
Test(hook, programs_of_others_are_asked_by_family_and_protocol)
{
	static const struct {
		const char *hook;
		bool asked[3]; /* IPv4, IPv6, both */
		bool for_udp;
	} cases[] = {
		{ "bind4", { true, false, true }, true },
		{ "bind6", { true, true, true }, true },
		{ "post_bind4", { true, false, true }, true },
		{ "post_bind6", { true, true, true }, true },
		{ "sock_create", { true, true, true }, true },
		{ "lsm_listen", { true, true, true }, false },
		{ "sockops", { false, false, false }, false },
		{ "device", { false, false, false }, false },
		{ "of another version", { false, false, false }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cgfence_foreign_program program = { .hook = cases[i].hook };

		for (unsigned int families = 1; families <= 3; families++) {
			struct cgfence_port_request request = {
				.families = { families & 1, families & 2 },
			};
			bool asked = cases[i].asked[families - 1];

			request.protocol = CGFENCE_TCP;
			cr_expect_eq(cgfence_foreign_judges_port(&program, &request), asked,
				     "%s, tcp, families %u", cases[i].hook, families);
			request.protocol = CGFENCE_UDP;
			cr_expect_eq(cgfence_foreign_judges_port(&program, &request),
				     asked && cases[i].for_udp, "%s, udp, families %u",
				     cases[i].hook, families);
		}
	}
}

Test(hook, names_are_those_of_the_output)
{
	static const char *const records[] = { "device", "bind", "listen", "create", "?" };
	static const char *const guards[] = { "none", "event", "kill", "mute", "deny", "?" };

	for (int i = 0; i <= CGFENCE_HOOK_COUNT; i++) {
		cr_expect_str_eq(cgfence_hook_name((enum cgfence_hook)i), records[i]);
		cr_expect_eq(cgfence_hook_topic((enum cgfence_hook)i),
			     i == 0 ? CGFENCE_TOPIC_DEVICES : CGFENCE_TOPIC_PORTS);
	}
	for (int i = 0; i <= CGFENCE_GUARD_DENY + 1; i++)
		cr_expect_str_eq(cgfence_guard_name((enum cgfence_listen_guard)i), guards[i]);
}
