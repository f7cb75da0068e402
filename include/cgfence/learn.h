/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Learning: the policy that allows what was used. A fence that was attached with CGFENCE_ATTACH_LEARN tells each request
 * (cgfence_events_open_learning()); a lesson gathers them, and a policy is made of it. No kernel is touched here.
 */
#pragma once

#include <cgfence/cgfence.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cgfence_lesson;

/** cgfence_lesson_new() - an empty lesson; @lesson receives it, to be given to cgfence_lesson_free(). */
CGFENCE_API int cgfence_lesson_new(struct cgfence_lesson **lesson, struct cgfence_error *error);

/** cgfence_lesson_free() - free it; NULL is fine. */
CGFENCE_API void cgfence_lesson_free(struct cgfence_lesson *lesson);

/**
 * cgfence_lesson_policy_of() - the policy of a fence to learn in: an audit that allows nothing.
 * @model: fences the same topics, and ports of the same network namespaces; NULL for all topics, and the namespace that the
 *	fence is attached from
 * @policy: receives the policy, to be given to cgfence_policy_free()
 */
CGFENCE_API int cgfence_lesson_policy_of(const struct cgfence_policy *model,
					 struct cgfence_policy **policy,
					 struct cgfence_error *error);

/**
 * cgfence_lesson_add() - add a request.
 * @record: of an event
 *
 * What a container runtime or systemd does before it executes the program, by the name of the process, is none of the
 * program's.
 *
 * Return: 0 or -ENOMEM.
 */
CGFENCE_API int cgfence_lesson_add(struct cgfence_lesson *lesson,
				   const struct cgfence_denial_record *record,
				   struct cgfence_error *error);

/** cgfence_lesson_add_missing() - add a record of cgfence_fence_read_denials(), if the lesson has nothing of the kind. */
CGFENCE_API int cgfence_lesson_add_missing(struct cgfence_lesson *lesson,
					   const struct cgfence_denial_record *record,
					   struct cgfence_error *error);

/**
 * cgfence_lesson_add_listener() - add a socket that was bound before, or elsewhere, as a reconciler finds it, unless the
 * lesson has the port already.
 * @comm: of the process that holds it; "" if there is none
 * @time_ns: CLOCK_BOOTTIME
 *
 * One on a port from which the kernel chooses counts as chosen by the kernel.
 */
CGFENCE_API int cgfence_lesson_add_listener(struct cgfence_lesson *lesson,
					    enum cgfence_protocol protocol,
					    enum cgfence_family family, uint16_t port, uint32_t pid,
					    const char *comm, uint64_t time_ns,
					    struct cgfence_error *error);

/** cgfence_lesson_count() - how many requests were added. */
CGFENCE_API uint64_t cgfence_lesson_count(const struct cgfence_lesson *lesson);

/** struct cgfence_learnt - something that was used. What it points to lives as long as the callback runs. */
struct cgfence_learnt {
	const char *what;   /* "/dev/fuse rw", or "tcp 8080", in the words of a policy */
	bool allowed;	    /* the policy that was given has it already */
	const char *reason; /* cgfence_lesson_judge(): the entry that decides; "" otherwise */
	uint64_t count;
	const char *
		who; /* the names of the processes, the latest first: "cc1, as and others"; "" if unknown */
	uint32_t pid;	   /* of the last; 0 if unknown */
	uint64_t first_ns; /* CLOCK_BOOTTIME */
	uint64_t last_ns;
};

/** A function that is given each thing that was used. */
typedef void cgfence_learnt_visitor(const struct cgfence_learnt *learnt, void *context);

/** A function that is given a line about what is left out or said otherwise. */
typedef void cgfence_lesson_remark(const char *text, void *context);

/** struct cgfence_lesson_listener - who is told of what a policy is made of; each may be NULL. */
struct cgfence_lesson_listener {
	cgfence_learnt_visitor *learnt;
	cgfence_lesson_remark *remark;
	void *context;
};

/**
 * cgfence_lesson_write() - the policy that allows what was used.
 * @earlier: a policy as JSON text, to which is added what it does not allow; NULL for none
 * @length: of @earlier, in bytes
 * @origin: what error messages call it
 * @text: receives a policy as JSON, to be given to free()
 * @added: receives how many entries and ports were added
 *
 * Devices are named by paths where these stay, terminals by their driver, and so are several devices of a driver that has
 * only one kind of them; else by their numbers. Ports that the kernel chose are not named: if the program listened on any,
 * "isolated_range" leaves out those from which the kernel chooses.
 *
 * Return: 0, -EINVAL if @earlier is no policy, -ENOMEM, another -errno if this host's devices cannot be looked up.
 */
CGFENCE_API int cgfence_lesson_write(const struct cgfence_lesson *lesson, const char *earlier,
				     size_t length, const char *origin,
				     const struct cgfence_lesson_listener *listener, char **text,
				     size_t *added, struct cgfence_error *error);

/**
 * cgfence_lesson_judge() - what a policy would have said of what was used.
 * @policy: one without "devices", or without "ports", has nothing to say of these
 * @visit: called for each request, also for those of a runtime
 * @refused: receives how many of these the policy refuses
 */
CGFENCE_API int cgfence_lesson_judge(const struct cgfence_lesson *lesson,
				     const struct cgfence_policy *policy,
				     cgfence_learnt_visitor *visit, void *context, size_t *refused,
				     struct cgfence_error *error);

#ifdef __cplusplus
}
#endif
