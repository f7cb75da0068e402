// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/doctor_refused.h"
#include "base/cleanup.h"
#include "report/denial.h"
#include "report/output.h"

#include <cgfence/standing.h>
#include <stdio.h>
#include <string.h>

/* The last ones; denials has all. */
#define LATELY 5

#define REASON_SIZE 320

char *doctor_quote(const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:@,+=";
	char *quoted;
	char *to;

	if (*word && strspn(word, plain) == strlen(word))
		return strdup(word);
	quoted = to = malloc(4 * strlen(word) + 3);
	if (!quoted)
		return NULL;
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *word;
	}
	*to++ = '\'';
	*to = '\0';
	return quoted;
}

/* A socket of IPv6 may serve both families and then needs the port for both, which a record does not tell. */
static bool may_serve_both(const struct cgfence_denial_subject *subject)
{
	return (subject->hook == CGFENCE_HOOK_BIND || subject->hook == CGFENCE_HOOK_LISTEN) &&
	       subject->access == CGFENCE_IPV6;
}

/* As `allow` takes it. */
static void format_wanted(const struct cgfence_denial_subject *subject,
			  char text[DENIAL_SUBJECT_SIZE])
{
	if (may_serve_both(subject))
		snprintf(text, DENIAL_SUBJECT_SIZE, "%s %u",
			 cgfence_ip_protocol_name(subject->type), subject->major);
	else
		denial_format_subject(subject, text);
}

static int explain_port(const struct cgfence_policy *policy, char *text,
			struct cgfence_explanation *explanation)
{
	struct cgfence_port_request port;
	char *space = strchr(text, ' ');

	if (!space)
		return -1;
	*space = '\0';
	if (cgfence_port_request_parse(text, space + 1, &port, NULL))
		return -1;
	return cgfence_policy_explain_port(policy, &port, explanation, NULL);
}

/* Is what is not allowed to a socket that serves both families allowed to one of IPv6 alone? */
static bool is_allowed_alone(const struct cgfence_policy *policy,
			     const struct cgfence_denial_subject *subject)
{
	struct cgfence_explanation explanation = { 0 };
	char text[DENIAL_SUBJECT_SIZE];

	denial_format_subject(subject, text);
	return may_serve_both(subject) && explain_port(policy, text, &explanation) == 0 &&
	       explanation.allowed;
}

/*
 * What the policy says of it now, which may be more than it was then. "" if that is not known.
 *
 * Return: does it allow it now?
 */
static bool explain(const struct cgfence_policy *policy,
		    const struct cgfence_denial_subject *subject, char reason[REASON_SIZE])
{
	struct cgfence_explanation explanation = { 0 };
	const struct cgfence_device_request device = {
		.type = subject->type,
		.major = subject->major,
		.minor = subject->minor,
		.access = subject->access,
	};
	char text[DENIAL_SUBJECT_SIZE];
	const char *since = "";
	int result = -1;

	*reason = '\0';
	format_wanted(subject, text);
	if (subject->hook == CGFENCE_HOOK_DEVICE)
		result = cgfence_policy_explain_device(policy, &device, &explanation, NULL);
	else if (subject->hook != CGFENCE_HOOK_CREATE)
		result = explain_port(policy, text, &explanation);
	if (result)
		return false;
	if (explanation.allowed)
		since = "allowed by now: ";
	else if (is_allowed_alone(policy, subject))
		since = "allowed by now with IPV6_V6ONLY alone: ";
	snprintf(reason, REASON_SIZE, "%s%s", since, explanation.reason);
	return explanation.allowed;
}

struct refused {
	struct cgfence_member_denial *denials; /* in the order of time */
	size_t count;
};

static void release(struct refused *refused)
{
	free(refused->denials);
}

#define cleanup_refused __attribute__((cleanup(release)))

/* A listener whose bind was not refused, or judged by an audit, has a port that the kernel chose. */
static bool is_chosen(const struct refused *refused, const struct cgfence_denial_subject *subject)
{
	for (size_t i = 0; i < refused->count; i++) {
		const struct cgfence_denial_subject *other = &refused->denials[i].record.subject;

		if (other->hook == CGFENCE_HOOK_BIND && other->type == subject->type &&
		    other->major == subject->major)
			return false;
	}
	return subject->hook == CGFENCE_HOOK_LISTEN;
}

/* To be given to free(). */
static char *make_remedy(const char *name, const struct cgfence_denial_subject *subject,
			 bool chosen)
{
	cleanup_free char *quoted = doctor_quote(name);
	char text[DENIAL_SUBJECT_SIZE];
	const char *when = "if it is wanted";
	char *remedy = NULL;
	int length;

	if (chosen)
		when = "have the process bind an assigned port, since one that the kernel chose is another next time; if it is always this one";
	format_wanted(subject, text);
	if (subject->hook == CGFENCE_HOOK_CREATE)
		length =
			asprintf(&remedy, "attach a policy with \"sctp\": \"any\" if it is wanted");
	else
		length = asprintf(&remedy, "%s: cgfence allow %s %s %s", when,
				  quoted ? quoted : "CGROUP",
				  subject->hook == CGFENCE_HOOK_DEVICE ? "device" : "port", text);
	return length < 0 ? NULL : remedy;
}

static void report(const struct cgfence_fence *fence, const char *name,
		   const struct refused *refused, size_t index, struct findings *findings)
{
	const struct cgfence_member_denial *denial = &refused->denials[index];
	const struct cgfence_denial_record *record = &denial->record;
	cleanup_free char *member = denial_member_path(fence, denial->member);
	cleanup_free char *remedy = NULL;
	char subject[DENIAL_SUBJECT_SIZE];
	char time[OUTPUT_TIME_SIZE];
	char reason[REASON_SIZE];
	char who[64] = "";

	denial_format_subject(&record->subject, subject);
	output_time(record->last_ns, time);
	/* What is allowed by now needs nothing. */
	if (!explain(cgfence_fence_policy(fence), &record->subject, reason))
		remedy = make_remedy(name, &record->subject, is_chosen(refused, &record->subject));
	if (denial_names_task(record))
		snprintf(who, sizeof(who), " to %.16s (pid %u)", record->comm, record->pid);
	findings_add(findings, FINDING_NOTE, denial_verdict_name(&record->subject), remedy,
		     "%s %s%s, %llu time%s, last %s%s%s%s%s", denial_hook_name(&record->subject),
		     subject, who, (unsigned long long)record->count, record->count == 1 ? "" : "s",
		     time, member ? ", in " : "", member ? member : "", *reason ? "; " : "",
		     reason);
}

static void report_rest(const char *name, size_t count, struct findings *findings)
{
	cleanup_free char *quoted = doctor_quote(name);
	cleanup_free char *remedy = NULL;

	if (asprintf(&remedy, "cgfence denials %s shows all", quoted ? quoted : "CGROUP") < 0)
		remedy = NULL;
	findings_add(findings, FINDING_NOTE, "earlier", remedy,
		     "%zu more refusal%s recorded, which %s older", count,
		     count == 1 ? " is" : "s are", count == 1 ? "is" : "are");
}

int doctor_report_refused(const struct cgfence_fence *fence, const char *name, uint64_t member,
			  struct findings *findings, struct cgfence_error *error)
{
	cleanup_refused struct refused refused = { 0 };
	size_t told = 0;
	int result =
		cgfence_fence_read_member_denials(fence, &refused.denials, &refused.count, error);

	for (size_t i = refused.count; i-- > 0;) {
		if (member && refused.denials[i].member != member)
			continue;
		if (told++ < LATELY)
			report(fence, name, &refused, i, findings);
	}
	if (told > LATELY)
		report_rest(name, told - LATELY, findings);
	return result;
}
