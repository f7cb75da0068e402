// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/proof.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/candidates.h"
#include "image/image.h"
#include "kernel/foreign.h"
#include "kernel/foreign_ask.h"

#include <cgfence/foreign.h>
#include <cgfence/verdict.h>
#include <string.h>

/* Those that the kernel asks about: none is that of access(F_OK). */
static const uint32_t accesses[] = {
	0,
	BPF_DEVCG_ACC_READ,
	BPF_DEVCG_ACC_WRITE,
	BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
	BPF_DEVCG_ACC_MKNOD,
};

#define ACCESS_COUNT (sizeof(accesses) / sizeof(accesses[0]))

struct answer {
	bool unknown;	  /* it is refused without the programs too */
	uint32_t refuser; /* the first program that refuses; 0 if all allow it */
};

struct proof {
	struct foreign_question *questions;
	size_t count;
};

static void release(struct proof *proof)
{
	free(proof->questions);
}

#define cleanup_proof __attribute__((cleanup(release)))

static int prepare(const struct cgfence_policy *policy, const struct adopted *programs,
		   struct proof *proof, struct cgfence_error *error)
{
	cleanup_candidates struct candidates candidates = { 0 };

	if (candidates_collect(policy, programs, &candidates))
		return error_out_of_memory(error);
	if (*candidates.unknown.text)
		return error_set(error, EPERM, "%s", candidates.unknown.text);
	proof->questions = calloc(candidates.count * ACCESS_COUNT, sizeof(*proof->questions));
	if (!proof->questions)
		return error_out_of_memory(error);
	for (size_t i = 0; i < candidates.count; i++) {
		uint64_t selector = candidates.selectors[i];

		for (size_t j = 0; j < ACCESS_COUNT; j++)
			proof->questions[proof->count++].request = (struct cgfence_device_request){
				.type = cgfence_selector_type(selector),
				.major = cgfence_selector_major(selector),
				.minor = cgfence_selector_minor(selector),
				.access = accesses[j],
			};
	}
	return 0;
}

static void describe(uint32_t id, char text[CGFENCE_FOREIGN_TEXT_SIZE])
{
	char name[16];

	foreign_read_name(id, name);
	foreign_describe(id, name, text);
}

/* Adds what a program answers; @answers has room for all questions. */
static int ask_one(const struct proof *proof, uint32_t program, struct answer *answers,
		   struct cgfence_error *error)
{
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	int result = foreign_ask_device(program, proof->questions, proof->count, error);

	if (result) {
		describe(program, text);
		error_wrap(error, "%s cannot be asked", text);
	}
	for (size_t i = 0; i < proof->count && result == 0; i++) {
		const struct foreign_question *question = &proof->questions[i];

		answers[i].unknown = answers[i].unknown || question->without;
		if (!question->without && question->with && !answers[i].refuser)
			answers[i].refuser = program;
	}
	return result;
}

/* What all programs together answer; @answers is zeroed. */
static int ask(const struct proof *proof, const struct adopted *programs, struct answer *answers,
	       struct cgfence_error *error)
{
	int result = 0;

	for (size_t i = 0; i < programs->count && result == 0; i++)
		result = ask_one(proof, programs->programs[i].id, answers, error);
	return result;
}

static void format(const struct cgfence_device_request *request, char text[64])
{
	if (request->access)
		cgfence_device_request_format(request, text, 64);
	else
		snprintf(text, 64, "access(F_OK) of %c %u:%u",
			 request->type == BPF_DEVCG_DEV_BLOCK ? 'b' : 'c', request->major,
			 request->minor);
}

static int refuse_policy(const struct cgfence_device_request *request, const struct answer *answer,
			 struct cgfence_error *error)
{
	char program[CGFENCE_FOREIGN_TEXT_SIZE];
	char text[64];

	format(request, text);
	if (answer->unknown)
		return error_set(
			error, EPERM,
			"the policy allows %s, of which the programs cannot be asked, since one on the root cgroup refuses it",
			text);
	if (!answer->refuser)
		return error_set(
			error, EPERM,
			"the policy and the programs attached do not agree: the policy refuses %s, which the programs allow",
			text);
	describe(answer->refuser, program);
	return error_set(
		error, EPERM,
		"the policy and the programs attached do not agree: the policy allows %s, which %s refuses",
		text, program);
}

static bool allows(const struct cgfence_image *image, const struct cgfence_device_request *request)
{
	return cgfence_device_allowed(image,
				      cgfence_device_request(request->access << 16 | request->type,
							     request->major, request->minor));
}

/* @stricter: may the policy refuse what the programs allow? */
static int compare_policy(const struct proof *proof, const struct cgfence_image *image,
			  const struct answer *answers, bool stricter, struct cgfence_error *error)
{
	for (size_t i = 0; i < proof->count; i++) {
		const struct cgfence_device_request *request = &proof->questions[i].request;
		bool allowed = allows(image, request);

		if (stricter && !allowed)
			continue;
		/* What is refused here and above is refused, whatever is between. */
		if (answers[i].unknown ? allowed : allowed == !!answers[i].refuser)
			return refuse_policy(request, &answers[i], error);
	}
	return 0;
}

static int prove_policy(const struct cgfence_policy *policy, const struct adopted *programs,
			bool stricter, struct cgfence_error *error)
{
	cleanup_proof struct proof proof = { 0 };
	cleanup_free struct cgfence_image *image = NULL;
	cleanup_free struct answer *answers = NULL;
	int result = image_compile(policy, 1, false, &image, error);

	if (result == 0)
		result = prepare(policy, programs, &proof, error);
	if (result)
		return result;
	answers = calloc(proof.count + 1, sizeof(*answers));
	if (!answers)
		return error_out_of_memory(error);
	result = ask(&proof, programs, answers, error);
	return result ? result : compare_policy(&proof, image, answers, stricter, error);
}

int fence_prove_policy(const struct cgfence_policy *policy, const struct adopted *programs,
		       struct cgfence_error *error)
{
	return prove_policy(policy, programs, false, error);
}

int fence_prove_stricter(const struct cgfence_policy *policy, const struct adopted *programs,
			 struct cgfence_error *error)
{
	return prove_policy(policy, programs, true, error);
}

/*
 * Where the programs answer otherwise now, the policy has to answer as they do: an edit that their owner was told of. Where
 * they answer as before, an edit stands.
 */
static int compare_again(const struct proof *proof, const struct cgfence_image *image,
			 const struct answer *before, const struct answer *now,
			 struct cgfence_error *error)
{
	for (size_t i = 0; i < proof->count; i++) {
		const struct cgfence_device_request *request = &proof->questions[i].request;
		uint32_t refuser = now[i].refuser ? now[i].refuser : before[i].refuser;
		char program[CGFENCE_FOREIGN_TEXT_SIZE];
		char text[64];

		if (!before[i].refuser == !now[i].refuser ||
		    allows(image, request) == !now[i].refuser)
			continue;
		format(request, text);
		describe(refuser, program);
		return error_set(
			error, EPERM,
			"what is attached now differs from what was adopted: %s refuses %s, which the %s allow",
			program, text, now[i].refuser ? "earlier programs" : "programs now");
	}
	return 0;
}

/* The programs of a fence that is adopted, and those that have come back; all share descriptors. */
struct succession {
	const struct adopted_program **predecessors; /* for each that has come, or NULL */
	struct adopted staying;
	struct adopted all; /* with those that have come */
};

static void free_succession(struct succession *succession)
{
	free(succession->predecessors);
	free(succession->staying.programs);
	free(succession->all.programs);
}

#define cleanup_succession __attribute__((cleanup(free_succession)))

/* Return: 0 or -ENOMEM. */
static int part(const struct adopted *before, const struct adopted *now,
		struct succession *succession)
{
	struct adopted *all = &succession->all;

	all->programs = calloc(before->count + now->count + 1, sizeof(*all->programs));
	if (!all->programs ||
	    adopted_part(before, now, &succession->predecessors, &succession->staying))
		return -ENOMEM;
	for (size_t i = 0; i < before->count; i++)
		all->programs[all->count++] = before->programs[i];
	for (size_t i = 0; i < now->count; i++)
		all->programs[all->count++] = now->programs[i];
	return 0;
}

/* The answers to all questions, one after the other. */
struct answers_again {
	struct answer *before;
	struct answer *now;
	struct answer *earlier; /* of the one in whose place the next one has come */
	struct answer *later;
};

/* Where a program has come in the place of none, somebody else refuses than before. */
static int refuse_newcomer(const struct cgfence_device_request *request, uint32_t newcomer,
			   struct cgfence_error *error)
{
	char program[CGFENCE_FOREIGN_TEXT_SIZE];
	char text[64];

	format(request, text);
	describe(newcomer, program);
	return error_set(
		error, EPERM,
		"what is attached now differs from what was adopted: %s refuses %s, which the fence allows",
		program, text);
}

/*
 * What one refuses that has come counts, even where another that is kept refuses it too and an edit has overruled that one:
 * the edit was about the other's rules.
 */
static int compare_one(const struct proof *proof, const struct cgfence_image *image,
		       const struct answers_again *answers, struct cgfence_error *error)
{
	for (size_t i = 0; i < proof->count; i++) {
		const struct cgfence_device_request *request = &proof->questions[i].request;
		uint32_t refuser = answers->later[i].refuser;

		if (refuser && !answers->earlier[i].refuser && allows(image, request))
			return refuse_newcomer(request, refuser, error);
	}
	return 0;
}

static void add(struct answer *sum, const struct answer *answers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		sum[i].unknown = sum[i].unknown || answers[i].unknown;
		if (!sum[i].refuser)
			sum[i].refuser = answers[i].refuser;
	}
}

/* @earlier: NULL if it has come in the place of none */
static int ask_pair(const struct proof *proof, const struct cgfence_image *image,
		    const struct adopted_program *earlier, const struct adopted_program *later,
		    const struct answers_again *answers, struct cgfence_error *error)
{
	size_t size = proof->count * sizeof(*answers->before);
	int result;

	memset(answers->earlier, 0, size);
	memset(answers->later, 0, size);
	result = earlier ? ask_one(proof, earlier->id, answers->earlier, error) : 0;
	if (result == 0)
		result = ask_one(proof, later->id, answers->later, error);
	if (result)
		return result;
	add(answers->before, answers->earlier, proof->count);
	add(answers->now, answers->later, proof->count);
	return compare_one(proof, image, answers, error);
}

static int ask_again(const struct proof *proof, const struct cgfence_image *image,
		     const struct succession *succession, const struct adopted *now,
		     const struct answers_again *answers, struct cgfence_error *error)
{
	int result = ask(proof, &succession->staying, answers->before, error);

	memcpy(answers->now, answers->before, proof->count * sizeof(*answers->now));
	for (size_t i = 0; i < now->count && result == 0; i++)
		result = ask_pair(proof, image, succession->predecessors[i], &now->programs[i],
				  answers, error);
	return result ? result : compare_again(proof, image, answers->before, answers->now, error);
}

static int prove_again(const struct cgfence_policy *policy, const struct adopted *before,
		       const struct adopted *now, struct cgfence_error *error)
{
	cleanup_succession struct succession succession = { 0 };
	cleanup_proof struct proof proof = { 0 };
	cleanup_free struct cgfence_image *image = NULL;
	cleanup_free struct answer *all = NULL;
	struct answers_again answers;
	int result;

	if (part(before, now, &succession))
		return error_out_of_memory(error);
	result = image_compile(policy, 1, false, &image, error);
	if (result == 0)
		result = prepare(policy, &succession.all, &proof, error);
	if (result)
		return result;
	all = calloc(4 * proof.count + 1, sizeof(*all));
	if (!all)
		return error_out_of_memory(error);
	answers = (struct answers_again){ all, all + proof.count, all + 2 * proof.count,
					  all + 3 * proof.count };
	return ask_again(&proof, image, &succession, now, &answers, error);
}

int fence_prove_again(const struct cgfence_policy *policy, const struct adopted *before,
		      const struct adopted *now, struct cgfence_error *error)
{
	return before->count ? prove_again(policy, before, now, error)
			     : fence_prove_policy(policy, now, error);
}
