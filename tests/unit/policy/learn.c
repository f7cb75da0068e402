// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/lesson_host.h"
#include "unit/support/policy_text.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* All that came of it, a line each. */
struct heard {
	char text[4096];
};

static void hear_remark(const char *text, void *context)
{
	struct heard *heard = context;
	size_t used = strlen(heard->text);

	snprintf(heard->text + used, sizeof(heard->text) - used, "%s\n", text);
}

static void hear_learnt(const struct cgfence_learnt *learnt, void *context)
{
	char line[512];

	snprintf(line, sizeof(line), "%s%s %llu %s", learnt->allowed ? "known " : "", learnt->what,
		 (unsigned long long)learnt->count, learnt->who);
	hear_remark(line, context);
}

/* @earlier, @policy and @heard: with ` for " */
static void expect(const struct cgfence_lesson *lesson, const char *earlier, const char *policy,
		   size_t added, const char *expected)
{
	cleanup_free char *text_earlier = earlier ? policy_text_unquote(earlier) : NULL;
	cleanup_free char *text_policy = policy_text_unquote(policy);
	cleanup_free char *text_expected = policy_text_unquote(expected);
	struct heard heard = { "" };
	const struct cgfence_lesson_listener listener = { hear_learnt, hear_remark, &heard };
	struct cgfence_error error = { 0 };
	cleanup_free char *text = NULL;
	json_t *written;
	json_t *wanted = json_loads(text_policy, 0, NULL);
	size_t got = 0;

	cr_assert_eq(cgfence_lesson_write(lesson, text_earlier, earlier ? strlen(text_earlier) : 0,
					  "p.json", &listener, &text, &got, &error),
		     0, "%s", error.text);
	written = json_loads(text, 0, NULL);
	cr_expect(json_equal(written, wanted), "%s", text);
	cr_expect_eq(got, added, "%zu", got);
	cr_expect_str_eq(heard.text, text_expected);
	json_decref(written);
	json_decref(wanted);
}

#define ENTRIES(entries) "{`devices`: {`defaults`: false, `allow`: [" entries "]}, `ports`: []}"

Test(learn, nothing_was_used)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	expect(lesson, NULL, ENTRIES(""), 0, "");
	cgfence_lesson_free(lesson);
	policy_text_expect_no_leak();
}

Test(learn, accesses_of_a_device_are_one_entry)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "cc1", "c 1:3 w");
	lesson_host_use(lesson, "as", "c 1:3 r");
	lesson_host_use(lesson, "as", "c 1:3 r");
	expect(lesson, NULL, ENTRIES("`/dev/null rw`"), 1, "/dev/null rw 3 as and cc1\n");
	cr_expect_eq(cgfence_lesson_count(lesson), 3);
	cgfence_lesson_free(lesson);
	policy_text_expect_no_leak();
}

Test(learn, numbered_siblings_and_terminals)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "x", "b 7:0 r");
	lesson_host_use(lesson, "x", "b 7:2 w");
	lesson_host_use(lesson, "x", "c 136:4 rw");
	lesson_host_use(lesson, "x", "c 136:9 rw");
	expect(lesson, NULL, ENTRIES("`c pts:* rw`, `b loop:* rw`"), 2,
	       "c pts:* rw 2 x\nb loop:* rw 2 x\n");
	cgfence_lesson_free(lesson);
}

Test(learn, what_was_only_asked_for)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "x", "c 1:3");
	expect(lesson, NULL, ENTRIES("`/dev/null m`"), 1,
	       "/dev/null m 1 x\nof /dev/null only whether it is there was asked, which the entry"
	       " with 'm' lets pass\n");
	cgfence_lesson_free(lesson);
}

Test(learn, ports_that_were_named)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_port(lesson, CGFENCE_HOOK_BIND, CGFENCE_IPPROTO_TCP, CGFENCE_IPV4, 8080);
	lesson_host_port(lesson, CGFENCE_HOOK_LISTEN, CGFENCE_IPPROTO_TCP, CGFENCE_IPV4, 8080);
	lesson_host_port(lesson, CGFENCE_HOOK_BIND, CGFENCE_IPPROTO_TCP, CGFENCE_IPV6, 9090);
	lesson_host_port(lesson, CGFENCE_HOOK_BIND, CGFENCE_IPPROTO_UDP, CGFENCE_IPV4, 53);
	lesson_host_port(lesson, CGFENCE_HOOK_CREATE, CGFENCE_IPPROTO_SCTP, CGFENCE_IPV4, 0);
	expect(lesson, NULL,
	       "{`devices`: {`defaults`: false, `allow`: []}, `ports`: {`tcp`: [9090, `ipv4:8080`],"
	       " `udp`: [`ipv4:53`], `sctp`: `any`}}",
	       4,
	       "udp ipv4:53 1 server\ntcp ipv4:8080 1 server\ntcp 9090 1 server\nsctp 1 server\n");
	cgfence_lesson_free(lesson);
}

/* Another one each time: no list would do, and what is bound by name stays refused elsewhere. */
Test(learn, ports_that_the_kernel_chose)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_port(lesson, CGFENCE_HOOK_LISTEN, CGFENCE_IPPROTO_TCP, CGFENCE_IPV6, 40404);
	lesson_host_port(lesson, CGFENCE_HOOK_LISTEN, CGFENCE_IPPROTO_TCP, CGFENCE_IPV4, 0);
	expect(lesson, NULL,
	       "{`devices`: {`defaults`: false, `allow`: []}, `ports`: [], `isolated_range`:"
	       " [`1-32767`, `61000-65535`]}",
	       1,
	       "tcp, a port chosen by the kernel 1 server\ntcp 40404, chosen by the kernel 1 server\n"
	       "it listened on ports that the kernel chose, others each time; isolated_range leaves"
	       " out those that the kernel chooses from, 32768-60999, where the policy refuses"
	       " nothing\n");
	cgfence_lesson_free(lesson);
}

/* A program may listen on all of them, one after the other. */
Test(learn, ports_that_the_kernel_chose_are_told_together)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	for (uint16_t port = 40000; port < 40100; port++)
		lesson_host_port(lesson, CGFENCE_HOOK_LISTEN, CGFENCE_IPPROTO_TCP, CGFENCE_IPV4,
				 port);
	lesson_host_port(lesson, CGFENCE_HOOK_LISTEN, CGFENCE_IPPROTO_TCP, CGFENCE_IPV6, 40000);
	lesson_host_port(lesson, CGFENCE_HOOK_LISTEN, CGFENCE_IPPROTO_TCP, CGFENCE_IPV4, 40200);
	lesson_host_port(lesson, CGFENCE_HOOK_BIND, CGFENCE_IPPROTO_TCP, CGFENCE_IPV4, 40200);
	expect(lesson, "{`ports`: [], `isolated_range`: [`1-40000`]}",
	       "{`ports`: [], `isolated_range`: [`1-32767`]}", 1,
	       "known tcp ipv4:40200 1 server\n"
	       "known tcp ipv4, 99 ports chosen by the kernel 99 server\n"
	       "tcp ipv4:40000, chosen by the kernel 1 server\n"
	       "tcp 40000, chosen by the kernel 1 server\n"
	       "it listened on ports that the kernel chose, others each time; isolated_range leaves"
	       " out those that the kernel chooses from, 32768-60999, where the policy refuses"
	       " nothing\n");
	cgfence_lesson_free(lesson);
}

Test(learn, a_listener_that_was_there_before)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	for (int i = 0; i < 2; i++)
		cr_assert_eq(cgfence_lesson_add_listener(lesson, CGFENCE_TCP, CGFENCE_IPV4, 80, 1,
							 "nginx", 1, NULL),
			     0);
	expect(lesson, NULL,
	       "{`devices`: {`defaults`: false, `allow`: []}, `ports`: {`tcp`: [`ipv4:80`], `udp`:"
	       " []}}",
	       1, "tcp ipv4:80 1 nginx\n");
	cgfence_lesson_free(lesson);
}

/* ---- what starts the program ---- */

Test(learn, what_a_runtime_does_is_not_the_programs)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "runc:[2:INIT]", "c 5:2 rw");
	lesson_host_use(lesson, "runc:[2:INIT]", "c 10:229 rw");
	lesson_host_use(lesson, "app", "c 1:3 w");
	expect(lesson, NULL,
	       "{`devices`: {`defaults`: `oci`, `allow`: [`/dev/null w`]}, `ports`: []}", 2,
	       "/dev/null w 1 app\n"
	       "what starts the program was in the fence before the program, so that the policy"
	       " begins with the devices of `oci`\n"
	       "runc:[2:INIT] used c 10:229 rw before the program was executed; it is left out, so"
	       " a fence that is in force by then refuses it\n");
	cgfence_lesson_free(lesson);
}

Test(learn, what_systemd_does_is_not_the_programs)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "(nginx)", "c 1:3 rw");
	expect(lesson, NULL, "{`devices`: {`defaults`: `systemd`, `allow`: []}, `ports`: []}", 1,
	       "what starts the program was in the fence before the program, so that the policy"
	       " begins with the devices of `systemd`\n");
	cgfence_lesson_free(lesson);
}

Test(learn, a_program_that_has_a_name_like_a_runtime)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "crunch", "c 1:3 r");
	expect(lesson, NULL, ENTRIES("`/dev/null r`"), 1, "/dev/null r 1 crunch\n");
	cgfence_lesson_free(lesson);
}

/* ---- beside an earlier policy ---- */

Test(learn, merges_what_is_new)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "x", "c 1:3 r");
	lesson_host_use(lesson, "x", "c 10:229 rw");
	lesson_host_port(lesson, CGFENCE_HOOK_BIND, CGFENCE_IPPROTO_TCP, CGFENCE_IPV6, 81);
	expect(lesson, "{`name`: `n`, `devices`: {`allow`: [`c 1:3 rw`]}, `ports`: [80]}",
	       "{`name`: `n`, `devices`: {`allow`: [`c 1:3 rw`, `/dev/fuse rw`]}, `ports`: {`tcp`:"
	       " [`80-81`], `udp`: [80]}}",
	       2, "known /dev/null r 1 x\n/dev/fuse rw 1 x\ntcp 81 1 server\n");
	cgfence_lesson_free(lesson);
	policy_text_expect_no_leak();
}

Test(learn, says_what_is_known_already)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "x", "c 1:3 r");
	lesson_host_port(lesson, CGFENCE_HOOK_BIND, CGFENCE_IPPROTO_TCP, CGFENCE_IPV6, 81);
	expect(lesson, "{`devices`: {`defaults`: true}}", "{`devices`: {`defaults`: true}}", 0,
	       "known /dev/null r 1 x\nknown tcp 81 1 server\n");
	cgfence_lesson_free(lesson);
}

Test(learn, a_deny_entry_stays)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "x", "c 1:3 r");
	expect(lesson, "{`devices`: {`deny`: [`c 1:3 r`]}}",
	       "{`devices`: {`deny`: [`c 1:3 r`], `allow`: [`/dev/null r`]}}", 1,
	       "/dev/null r 1 x\nc 1:3 r, which x used, stays refused, because the"
	       " policy denies it; take that entry out\n");
	cgfence_lesson_free(lesson);
}

/* What is merged again and again does not grow. */
Test(learn, what_is_denied_is_added_once)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "x", "c 1:3 r");
	expect(lesson, "{`devices`: {`deny`: [`c 1:3 r`], `allow`: [`/dev/null r`]}}",
	       "{`devices`: {`deny`: [`c 1:3 r`], `allow`: [`/dev/null r`]}}", 0,
	       "known /dev/null r 1 x\nc 1:3 r, which x used, stays refused, because the"
	       " policy denies it; take that entry out\n");
	cgfence_lesson_free(lesson);
}

Test(learn, the_form_of_mesos)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();

	lesson_host_use(lesson, "x", "c 10:229 r");
	expect(lesson,
	       "{`allowed_devices`: [{`device`: {`path`: `/dev/zero`}, `access`: {`read`: true}}]}",
	       "{`devices`: {`defaults`: true, `allow`: [{`device`: {`path`: `/dev/zero`}, `access`:"
	       " {`read`: true}}, `/dev/fuse r`]}}",
	       1, "/dev/fuse r 1 x\n");
	cgfence_lesson_free(lesson);
}

Test(learn, an_earlier_policy_that_is_none)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();
	struct cgfence_error error = { 0 };
	size_t added = 7;
	char *text = NULL;

	cr_expect_eq(cgfence_lesson_write(lesson, "{}", 2, "p.json", NULL, &text, &added, &error),
		     -EINVAL);
	cr_expect_eq(strncmp(error.text, "p.json", 6), 0, "%s", error.text);
	cr_expect_null(text);
	cr_expect_eq(added, 7);
	cgfence_lesson_free(lesson);
	policy_text_expect_no_leak();
}

/* ---- the lesson ---- */

Test(learn, the_fence_to_learn_in_follows_its_model)
{
	struct cgfence_policy *model =
		policy_text_parse("{`ports`: [80], `netns`: `any`, `on_violation`: `kill`}");
	struct cgfence_policy *policy = NULL;

	cr_assert_eq(cgfence_lesson_policy_of(model, &policy, NULL), 0);
	cr_expect_not(cgfence_policy_fences(policy, CGFENCE_TOPIC_DEVICES));
	cr_expect_eq(policy->netns, POLICY_NETNS_ANY);
	cr_expect_not(cgfence_policy_enforces(policy));
	cr_expect_eq(policy->on_violation, POLICY_ON_VIOLATION_LOG);
	cgfence_policy_free(policy);
	cgfence_policy_free(model);
}

/* More than any table of records holds. */
Test(learn, remembers_every_request)
{
	struct cgfence_lesson *lesson = lesson_host_lesson();
	cleanup_free struct lesson_touch *touches = NULL;
	size_t count = 0;
	char device[32];

	for (int i = 0; i < 20000; i++) {
		snprintf(device, sizeof(device), "c %d:%d rw", 300 + i % 7, i);
		lesson_host_use(lesson, "x", device);
	}
	cr_assert_eq(lesson_sorted(lesson, &touches, &count, NULL), 0);
	cr_expect_eq(count, 20000);
	cgfence_lesson_free(lesson);
	policy_text_expect_no_leak();
}
