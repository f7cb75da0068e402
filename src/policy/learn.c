// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Writes the policy of a lesson. */
#include "base/error.h"
#include "base/remark.h"
#include "policy/learn_devices.h"
#include "policy/learn_draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct learning {
	const struct cgfence_lesson *lesson;
	const struct cgfence_lesson_listener *listener;
	struct lesson_touch *touches;
	size_t count;
	struct learn_draft draft;
	size_t added;
	bool chose;   /* the kernel chose a port on which the program listens */
	bool assigns; /* ports that were used */
};

static void release(struct learning *learning)
{
	free(learning->touches);
	learn_draft_end(&learning->draft);
}

#define cleanup_learning __attribute__((cleanup(release)))

int cgfence_lesson_policy_of(const struct cgfence_policy *model, struct cgfence_policy **policy,
			     struct cgfence_error *error)
{
	struct cgfence_policy *made = policy_new();

	if (!made)
		return error_out_of_memory(error);
	made->enforce = false;
	made->devices_fenced = !model || model->devices_fenced;
	made->ports_fenced = !model || model->ports_fenced;
	if (model)
		made->netns = model->netns;
	*policy = made;
	return 0;
}

static void remark(const struct learning *learning, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void remark(const struct learning *learning, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	remark_format(learning->listener->remark, learning->listener->context, format, arguments);
	va_end(arguments);
}

static void tell(const struct learning *learning, const char *what, bool allowed,
		 const struct lesson_touch *touch)
{
	char who[LESSON_WHO_SIZE];

	lesson_who(touch, who);
	if (learning->listener->learnt)
		learning->listener->learnt(&(struct cgfence_learnt){ .what = what,
								     .allowed = allowed,
								     .reason = "",
								     .count = touch->count,
								     .who = who,
								     .pid = touch->pid,
								     .first_ns = touch->first_ns,
								     .last_ns = touch->last_ns },
					   learning->listener->context);
}

static int write_devices(struct learning *learning, struct cgfence_error *error)
{
	cleanup_free struct learn_entry *entries = NULL;
	size_t count = 0;
	int result = learn_devices(learning->lesson, learning->draft.policy, learning->touches,
				   learning->count, &entries, &count, error);

	for (size_t i = 0; i < count && result == 0; i++) {
		char what[LEARN_WHAT_SIZE];
		char letters[4];

		learn_access(entries[i].touch.subject.access, letters);
		snprintf(what, sizeof(what), "%s %s", entries[i].words, letters);
		tell(learning, what, entries[i].known, &entries[i].touch);
		if (entries[i].only_asked)
			remark(learning,
			       "of %s only whether it is there was asked, which the entry with 'm' lets pass",
			       entries[i].words);
		if (entries[i].known)
			continue;
		result = learn_draft_allow(&learning->draft, what, error);
		learning->added++;
	}
	return result;
}

/* ---- ports ---- */

static void assign(struct learning *learning, const struct lesson_touch *touch)
{
	struct cgfence_policy *policy = learning->draft.policy;
	/* One of IPv6 may serve both families. */
	const struct port_range range = {
		.families = { [PORT_IPV4] = true,
			      [PORT_IPV6] = touch->subject.access != CGFENCE_IPV4 },
		.low = (uint16_t)touch->subject.major,
		.high = (uint16_t)touch->subject.major,
	};

	if (touch->subject.hook == CGFENCE_HOOK_CREATE)
		policy->sctp_any = true;
	else
		port_set_add(&policy->ports[learn_protocol(touch)], &range);
	learning->assigns = true;
	learning->added++;
}

static void write_port(struct learning *learning, const struct lesson_touch *touch)
{
	bool allowed = learn_allows(learning->draft.policy, touch);
	char what[LEARN_WHAT_SIZE];

	learn_name_port(touch, what);
	tell(learning, what, allowed, touch);
	if (!allowed)
		assign(learning, touch);
}

/* ---- ports that the kernel chose ---- */

/* Those of one family, and of what the policy says of them, are told together: there may be as many as there are ports. */
static void write_chosen_of(struct learning *learning, size_t first, size_t end,
			    enum cgfence_family family, bool allowed)
{
	struct lesson_touch all = { 0 };
	char what[LEARN_WHAT_SIZE];
	size_t ports = 0;

	for (size_t i = first; i < end; i++) {
		const struct lesson_touch *touch = &learning->touches[i];

		if (touch->subject.access != family ||
		    learn_was_bound(touch, learning->touches, learning->count) ||
		    learn_allows(learning->draft.policy, touch) != allowed)
			continue;
		if (ports++)
			lesson_unite(&all, touch);
		else
			all = *touch;
	}
	if (!ports)
		return;
	learn_name_chosen(&all, ports, what);
	tell(learning, what, allowed, &all);
	learning->chose = learning->chose || !allowed;
}

/* @first to before @end: listeners of one protocol */
static void write_chosen(struct learning *learning, size_t first, size_t end)
{
	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		write_chosen_of(learning, first, end, (enum cgfence_family)family, true);
		write_chosen_of(learning, first, end, (enum cgfence_family)family, false);
	}
}

static size_t end_of_protocol(const struct learning *learning, size_t first)
{
	const struct cgfence_denial_subject *subject = &learning->touches[first].subject;
	size_t end = first + 1;

	while (end < learning->count && learning->touches[end].subject.hook == subject->hook &&
	       learning->touches[end].subject.type == subject->type)
		end++;
	return end;
}

/* What the kernel chooses is another port each time, so that no list of ports would serve. */
static void leave_out_ephemeral(struct learning *learning)
{
	struct cgfence_policy *policy = learning->draft.policy;
	const struct cgfence_lesson *lesson = learning->lesson;
	struct port_set ephemeral = { 0 };
	const struct port_range range = {
		.families = { true, true },
		.low = (uint16_t)lesson->ephemeral_low,
		.high = (uint16_t)lesson->ephemeral_high,
	};

	if (!policy->has_isolated_range)
		port_set_add_any(&policy->isolated_range);
	policy->has_isolated_range = true;
	port_set_add(&ephemeral, &range);
	port_set_subtract(&policy->isolated_range, &ephemeral);
	learning->added++;
	remark(learning,
	       "it listened on ports that the kernel chose, others each time; isolated_range leaves out those that the kernel chooses from, %u-%u, where the policy refuses nothing",
	       lesson->ephemeral_low, lesson->ephemeral_high);
}

static int write_ports(struct learning *learning, struct cgfence_error *error)
{
	for (size_t i = 0, end; i < learning->count; i = end) {
		const struct lesson_touch *touch = &learning->touches[i];

		end = i + 1;
		if (touch->subject.hook == CGFENCE_HOOK_LISTEN)
			write_chosen(learning, i, end = end_of_protocol(learning, i));
		else if (!lesson_is_device(touch))
			write_port(learning, touch);
	}
	if (learning->chose)
		leave_out_ephemeral(learning);
	return learning->chose || learning->assigns ? learn_draft_set_ports(&learning->draft, error)
						    : 0;
}

/* ---- what is refused all the same ---- */

/* What an allow entry cannot change is a deny entry. */
static void remark_refused(const struct learning *learning, const struct lesson_touch *touch)
{
	const struct cgfence_device_request request = {
		.type = touch->subject.type,
		.major = touch->subject.major,
		.minor = touch->subject.minor,
		.access = touch->subject.access,
	};
	char what[LEARN_WHAT_SIZE];
	char who[LESSON_WHO_SIZE];

	if (lesson_is_device(touch))
		cgfence_device_request_format(&request, what, sizeof(what));
	else
		learn_name_port(touch, what);
	lesson_who(touch, who);
	if (touch->by == LESSON_BY_PROGRAM)
		remark(learning,
		       "%s, which %s used, stays refused, because the policy denies it; take that entry out",
		       what, who);
	else
		remark(learning,
		       "%s used %s before the program was executed; it is left out, so a fence that is in force by then refuses it",
		       who, what);
}

/* An unbound socket that listens gets a port that isolated_range leaves out. */
static bool is_refused(const struct learning *learning, const struct lesson_touch *touch)
{
	return !(touch->subject.hook == CGFENCE_HOOK_LISTEN && !touch->subject.major) &&
	       !learn_allows(learning->draft.policy, touch);
}

/* Who starts the program and would be refused a device; LESSON_BY_PROGRAM if nobody. */
static enum lesson_by find_starter(const struct learning *learning)
{
	for (size_t i = 0; i < learning->count; i++) {
		const struct lesson_touch *touch = &learning->touches[i];

		if (touch->by != LESSON_BY_PROGRAM && lesson_is_device(touch) &&
		    is_refused(learning, touch))
			return touch->by;
	}
	return LESSON_BY_PROGRAM;
}

static enum device_base base_for(enum lesson_by by)
{
	return by == LESSON_BY_SYSTEMD ? DEVICE_BASE_SYSTEMD : DEVICE_BASE_OCI;
}

/* What starts the program needs its list, where it is in the fence already. */
static int write_base(struct learning *learning, struct cgfence_error *error)
{
	int result = learn_draft_read(&learning->draft, error);
	enum lesson_by by = result ? LESSON_BY_PROGRAM : find_starter(learning);

	if (by != LESSON_BY_PROGRAM && learn_draft_set_base(&learning->draft, base_for(by))) {
		remark(learning,
		       "what starts the program was in the fence before the program, so that the policy begins with the devices of \"%s\"",
		       device_base_words[base_for(by)]);
		learning->added++;
		result = learn_draft_read(&learning->draft, error);
	}
	for (size_t i = 0; i < learning->count && result == 0; i++) {
		if (is_refused(learning, &learning->touches[i]))
			remark_refused(learning, &learning->touches[i]);
	}
	return result;
}

int cgfence_lesson_write(const struct cgfence_lesson *lesson, const char *earlier, size_t length,
			 const char *origin, const struct cgfence_lesson_listener *listener,
			 char **text, size_t *added, struct cgfence_error *error)
{
	static const struct cgfence_lesson_listener nobody = { 0 };
	cleanup_learning struct learning learning = { .lesson = lesson,
						      .listener = listener ? listener : &nobody };
	int result = lesson_sorted(lesson, &learning.touches, &learning.count, error);

	if (result == 0)
		result = learn_draft_begin(&learning.draft, earlier, length,
					   earlier ? origin : "the learnt policy", error);
	if (result == 0)
		result = write_devices(&learning, error);
	if (result == 0)
		result = write_ports(&learning, error);
	if (result == 0)
		result = write_base(&learning, error);
	if (result == 0)
		result = learn_draft_text(&learning.draft, text, error);
	if (result == 0)
		*added = learning.added;
	return result;
}
