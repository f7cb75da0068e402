/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes the fences of a host match the policies: read, plan, act.
 */
#pragma once

#include <cgfence/cgfence.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Policies that name their cgroups, plainly or by a pattern (glob(7); a backslash has no special meaning). A pattern, and a
 * name that no cgroup has yet, gets a standing fence, which it keeps; other names get fences on their cgroups. Where the
 * kernel takes no standing fences, each cgroup that a pattern matches gets one of its own, and a name has to be there.
 */
struct cgfence_policy_set;

enum cgfence_policy_set_flags {
	CGFENCE_POLICY_SET_EMPTY_OK = 1,  /* a directory may hold none */
	CGFENCE_POLICY_SET_ROOT_ONLY = 2, /* nobody but root may be able to change them */
	/* A policy may name devices that this host does not have now; cgfence_policy_set_error() tells of it. */
	CGFENCE_POLICY_SET_UNRESOLVED_OK = 4,
};

/**
 * cgfence_policy_set_read() - read policies.
 * @path: a policy file, or a directory of which all files that end in ".json" are read; those of them that name no
 *	cgroup are passed over
 * @flags: enum cgfence_policy_set_flags
 * @policies: receives them, to be given to cgfence_policy_set_free()
 *
 * Return: 0, -EINVAL if a policy is invalid, or if @path is one that names no cgroup, -ENODATA if it is a directory whose
 * policies name none, another -errno.
 */
CGFENCE_API int cgfence_policy_set_read(const char *path, unsigned int flags,
					struct cgfence_policy_set **policies,
					struct cgfence_error *error);

/** cgfence_policy_set_origin() - the file of the @index-th policy, NULL past the last; it lives as long as the set. */
CGFENCE_API const char *cgfence_policy_set_origin(const struct cgfence_policy_set *policies,
						  size_t index);

/**
 * cgfence_policy_set_error() - why the @index-th policy cannot be resolved on this host now, NULL if it can be; it lives
 * as long as the set is unchanged.
 *
 * With an earlier version of it that could be, that one stands in for it; otherwise it changes no fence, and the
 * cgroups that it names keep theirs.
 */
CGFENCE_API const struct cgfence_error *
cgfence_policy_set_error(const struct cgfence_policy_set *policies, size_t index);

/**
 * cgfence_policy_set_take_over() - let policies that cannot be resolved now stay what they were in an earlier set.
 * @old: the policies that are taken over of it are gone from it afterwards; NULL is fine
 */
CGFENCE_API void cgfence_policy_set_take_over(struct cgfence_policy_set *policies,
					      struct cgfence_policy_set *old);

/**
 * cgfence_policy_set_refresh() - resolve the devices of policies again, where any has other numbers than before.
 * @flags: as for cgfence_policy_set_read()
 *
 * A policy that cannot be resolved stays what it was, and one whose file is invalid now too. Plans that were made of
 * the set are void afterwards.
 *
 * Return: has any policy changed, or whether it can be resolved?
 */
CGFENCE_API bool cgfence_policy_set_refresh(struct cgfence_policy_set *policies,
					    unsigned int flags);

/** cgfence_policy_set_free() - free policies; NULL is fine. */
CGFENCE_API void cgfence_policy_set_free(struct cgfence_policy_set *policies);

enum cgfence_policy_check_flags {
	CGFENCE_POLICY_CHECK_OFFLINE =
		1, /* do not ask this host for the devices that policies name by path */
};

/**
 * struct cgfence_policy_checked - what was found out about a file; all is valid as long as the callback runs.
 * @origin: the file; a directory if the fault is its own; "-" for standard input
 * @name: the label of the policy, or NULL
 * @cgroup: the cgroup that the policy names, or NULL
 * @error: why it cannot be used, NULL if it can; with invalid_input set where the policy is at fault
 */
struct cgfence_policy_checked {
	const char *origin;
	const char *name;
	const char *cgroup;
	const struct cgfence_error *error;
};

/** A function that is given each file. */
typedef void cgfence_policy_check_visitor(const struct cgfence_policy_checked *checked,
					  void *context);

/**
 * cgfence_policy_check() - check policies without touching anything.
 * @paths: policy files, "-" for standard input, and directories of which all files that end in ".json" are read
 * @count: of @paths
 * @flags: enum cgfence_policy_check_flags
 * @visitor: called for each file in their order, valid or not, once all of them were read
 * @context: handed on to @visitor
 *
 * This needs no privilege and no cgroup. A policy need not name a cgroup. Two policies that name the same cgroup in the
 * same way, plainly or by the same pattern, are in conflict, which is an error of the later one. Names are compared as
 * text; a path below a cgroup2 mount of this host equals the path relative to the root. Patterns that differ are not in
 * conflict: a cgroup that both match is judged by both.
 *
 * Return: 0, whatever the visitor was told, or -ENOMEM.
 */
CGFENCE_API int cgfence_policy_check(const char *const *paths, size_t count, unsigned int flags,
				     cgfence_policy_check_visitor *visitor, void *context,
				     struct cgfence_error *error);

enum cgfence_apply_action {
	CGFENCE_APPLY_ATTACH,  /* there is no fence */
	CGFENCE_APPLY_REPLACE, /* there is one with another policy, or one that needs repair */
	CGFENCE_APPLY_KEEP,    /* it has this policy already */
	CGFENCE_APPLY_DETACH,  /* no policy names it */
	CGFENCE_APPLY_NOTHING, /* without standing fences: no cgroup matches, or has the name if it may be missing */
	CGFENCE_APPLY_FAIL, /* no cgroup of the name, a policy that this host cannot resolve, or a refusal foreseen */
};

/**
 * struct cgfence_apply_step - what is to be done about one fence; the strings live as long as the plan.
 * @action: what
 * @id: of the cgroup, or of the standing fence (cgfence_standing_is_id()); 0 if there is none
 * @cgroup: the path of the cgroup relative to the cgroup2 root, or the pattern of the standing fence; the name in the
 *	policy if there is neither
 * @origin: the file of its policy; NULL for CGFENCE_APPLY_DETACH
 * @old_text: the policy in force as JSON; NULL if there is none or it cannot be read
 * @new_text: the policy of the file as JSON; NULL for CGFENCE_APPLY_DETACH, and if it cannot be resolved
 * @reason: why CGFENCE_APPLY_FAIL; NULL for all others
 */
struct cgfence_apply_step {
	enum cgfence_apply_action action;
	uint64_t id;
	const char *cgroup;
	const char *origin;
	const char *old_text;
	const char *new_text;
	const char *reason;
};

enum cgfence_apply_flags {
	/*
	 * Detach the fences that no policy names, standing ones too, but not those of commands that `run` runs. A fence on
	 * a cgroup that a standing fence is for now goes once that one is there.
	 */
	CGFENCE_APPLY_PRUNE = 1,
	/* Without standing fences, a cgroup that is named plainly need not exist yet. */
	CGFENCE_APPLY_MISSING_OK = 2,
	/* What is wrong with the policies of one cgroup, such as a conflict, makes a step that fails. */
	CGFENCE_APPLY_FAIL_ALONE = 4,
	/*
	 * For whoever comes back soon: a fence of devices on a cgroup that is empty, and was seen for the first time less
	 * than 100 ms ago, is put off, since it may be a container runtime that made the cgroup.
	 */
	CGFENCE_APPLY_PATIENT = 8,
	/*
	 * A fence that would be refused, as cgfence_fence_foresee() and cgfence_standing_foresee() find out, makes a step
	 * that fails. With "adopt" that takes some hundred milliseconds for each cgroup.
	 */
	CGFENCE_APPLY_FORESEE = 16,
};

struct cgfence_apply_plan;

/**
 * cgfence_apply_plan_make() - plan the steps that make the fences match the policies.
 * @policies: must outlive the plan
 * @flags: enum cgfence_apply_flags
 * @plan: receives the plan, to be given to cgfence_apply_plan_free()
 *
 * It changes nothing, and yields (<cgfence/yield.h>). What it found out about fences that have their policy stays with
 * the policies, so that the next plan costs less.
 *
 * Return: 0, -EINVAL if two policies name a cgroup in the same way or one names the root, another -errno.
 */
CGFENCE_API int cgfence_apply_plan_make(const struct cgfence_policy_set *policies,
					unsigned int flags, struct cgfence_apply_plan **plan,
					struct cgfence_error *error);

/** cgfence_apply_plan_free() - free a plan; NULL is fine. */
CGFENCE_API void cgfence_apply_plan_free(struct cgfence_apply_plan *plan);

/** cgfence_apply_plan_step() - the @index-th step, detaching last; NULL past the last. */
CGFENCE_API const struct cgfence_apply_step *
cgfence_apply_plan_step(const struct cgfence_apply_plan *plan, size_t index);

/**
 * cgfence_apply_plan_act() - do what a step says.
 * @gone: receives whether the cgroup was removed since the plan was made, so that there was nothing to do
 *
 * In the order of the steps no cgroup loses a fence before it gets another. A step that fails does not hinder the
 * others.
 *
 * Return: 0, -EAGAIN if a container is, or may be, being set up in the cgroup, so that the step is to be repeated in a moment,
 * another -errno of cgfence_fence_attach() or cgfence_fence_detach().
 */
CGFENCE_API int cgfence_apply_plan_act(const struct cgfence_apply_plan *plan, size_t index,
				       bool *gone, struct cgfence_error *error);

/**
 * cgfence_apply_plan_diff() - say for people what a step changes in the policy.
 * @diff: receives what cgfence_policy_diff() gives, to be given to free(); "" if the step only repairs a fence,
 *	or fails
 *
 * Without a policy in force, or one that can be read, all of the new policy is new.
 */
CGFENCE_API int cgfence_apply_plan_diff(const struct cgfence_apply_step *step, char **diff,
					struct cgfence_error *error);

/** cgfence_apply_plan_diff_json() - the same for programs, as cgfence_policy_diff_json() gives it. */
CGFENCE_API int cgfence_apply_plan_diff_json(const struct cgfence_apply_step *step, char **diff,
					     struct cgfence_error *error);

struct cgfence_apply_monitor;

/**
 * cgfence_apply_monitor_open() - watch for changed policies, and for new cgroups and devices that they may name.
 * @path: as for cgfence_policy_set_read(); it may be missing, and is noticed when it comes
 * @monitor: receives the monitor, to be given to cgfence_apply_monitor_close()
 *
 * It watches devices too. A limit of inotify(7) is no failure: cgfence_apply_monitor_problem() tells of it.
 */
CGFENCE_API int cgfence_apply_monitor_open(const char *path, struct cgfence_apply_monitor **monitor,
					   struct cgfence_error *error);

/** cgfence_apply_monitor_close() - close it; NULL is fine. */
CGFENCE_API void cgfence_apply_monitor_close(struct cgfence_apply_monitor *monitor);

/** cgfence_apply_monitor_fd() - readable when something has changed; owned by @monitor. */
CGFENCE_API int cgfence_apply_monitor_fd(const struct cgfence_apply_monitor *monitor);

/** cgfence_apply_monitor_problem() - why some changes are not seen, "" if all are; it lives until @monitor is used again. */
CGFENCE_API const char *cgfence_apply_monitor_problem(const struct cgfence_apply_monitor *monitor);

/** cgfence_apply_monitor_sees_files() - is a change of a policy file seen? */
CGFENCE_API bool cgfence_apply_monitor_sees_files(const struct cgfence_apply_monitor *monitor);

/**
 * cgfence_apply_monitor_follow() - watch the directories in which cgroups of these policies may appear, as far as they
 * exist.
 *
 * Call it again after each change. It yields (<cgfence/yield.h>). A limit of inotify(7) is no failure:
 * cgfence_apply_monitor_problem() tells of it.
 */
CGFENCE_API int cgfence_apply_monitor_follow(struct cgfence_apply_monitor *monitor,
					     const struct cgfence_policy_set *policies,
					     struct cgfence_error *error);

enum cgfence_apply_change {
	CGFENCE_APPLY_CHANGED_FILES = 1,   /* of policies */
	CGFENCE_APPLY_CHANGED_CGROUPS = 2, /* there is one that a policy may name */
};

/**
 * cgfence_apply_monitor_read() - consume all changes so far.
 *
 * Return: enum cgfence_apply_change of those that may matter; 0 if none does.
 */
CGFENCE_API unsigned int cgfence_apply_monitor_read(struct cgfence_apply_monitor *monitor);

#ifdef __cplusplus
}
#endif
