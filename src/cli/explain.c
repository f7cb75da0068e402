// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/activation.h"
#include "cli/command.h"
#include "cli/named.h"
#include "cli/operands.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "report/foreign.h"
#include "report/handles.h"
#include "report/output.h"
#include "report/table.h"

#include <cgfence/foreign.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

static bool json;

/* The verdicts on the request so far, from the cgroup upwards. */
struct answer {
	enum cgfence_topic topic;
	struct cgfence_device_request device;
	struct cgfence_port_request port;
	struct table *table; /* NULL for JSON */
	json_t *verdicts;    /* NULL for a table */
	bool allowed;
	bool fenced;
	bool excess; /* a fence would find a listener in excess, in audit too */
	bool kills;  /* and kill for it */
	/* Why the first program of others could not be asked whose verdict is not known; empty if all are. */
	struct cgfence_error unknown;
};

/* Adds the verdict of the fence or program at @where, with its reason as a format. */
static void __attribute__((format(printf, 4, 5)))
add_verdict(struct answer *answer, const char *where, const char *verdict, const char *format, ...)
{
	cleanup_free char *reason = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&reason, format, arguments) < 0)
		reason = NULL;
	va_end(arguments);
	if (answer->verdicts) {
		json_array_append_new(
			answer->verdicts,
			json_pack("{s:o, s:s, s:o}", "where", output_json_string(where), "verdict",
				  verdict, "reason", output_json_string(reason ? reason : "")));
		return;
	}
	table_add_cell(answer->table, "%s", where);
	table_add_cell(answer->table, "%s", verdict);
	table_add_cell(answer->table, "%s", reason ? reason : "");
}

static int judge(const struct cgfence_policy *policy, const char *where, struct answer *answer,
		 struct cgfence_error *error)
{
	struct cgfence_explanation explanation;
	const char *verdict = "allowed";
	int result;

	if (answer->topic == CGFENCE_TOPIC_DEVICES)
		result =
			cgfence_policy_explain_device(policy, &answer->device, &explanation, error);
	else
		result = cgfence_policy_explain_port(policy, &answer->port, &explanation, error);

	if (result)
		return result;
	/* A fence in audit mode refuses nothing. */
	if (!explanation.allowed)
		verdict = cgfence_policy_enforces(policy) ? "refused" : "audited";
	if (!explanation.allowed && cgfence_policy_enforces(policy))
		answer->allowed = false;
	answer->fenced = true;
	answer->excess = answer->excess || !explanation.allowed;
	answer->kills = answer->kills || (!explanation.allowed && activation_kills(policy));
	add_verdict(answer, where, verdict, "%s", explanation.reason);
	return 0;
}

static bool is_asked(const struct cgfence_foreign_program *program, const struct answer *answer)
{
	return answer->topic != CGFENCE_TOPIC_PORTS ||
	       cgfence_foreign_judges_port(program, &answer->port);
}

static int ask(const struct cgfence_foreign_program *program, const struct answer *answer,
	       bool *allowed, struct cgfence_error *error)
{
	/* To ask one of cgfence would add to the refusals that it has counted. */
	if (program->hidden)
		return error_set(
			error, EBUSY,
			"it is of a fence that is pinned in another bpffs; run cgfence where that one is mounted");
	return answer->topic == CGFENCE_TOPIC_DEVICES
		       ? cgfence_foreign_ask_device(program, &answer->device, allowed, error)
		       : cgfence_foreign_ask_port(program, &answer->port, allowed, error);
}

/* The verdict is asked of the kernel, on a cgroup of our own. */
static void add_other(const struct cgfence_foreign_program *program, struct answer *answer)
{
	static const struct {
		const char *word;
		const char *reason;
	} verdicts[] = {
		{ "refused", "refuses it" },
		{ "allowed", "lets it pass" },
		{ "unknown", "may refuse it: " },
	}, *verdict;
	char owner[CGFENCE_OWNER_TEXT_SIZE];
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	struct cgfence_error error = { 0 };
	bool allowed = true;

	cgfence_foreign_describe(program, text);
	cgfence_cgroup_owner(program->cgroup, owner);
	ask(program, answer, &allowed, &error);
	verdict = &verdicts[*error.text ? 2 : allowed];
	if (*error.text && !*answer->unknown.text)
		error_set(&answer->unknown, EBUSY, "%s on the %s hook of %s may refuse it: %s",
			  text, program->hook, program->cgroup, error.text);
	answer->allowed &= allowed;
	add_verdict(answer, program->cgroup, verdict->word, "%s on the %s hook%s%s%s %s%s", text,
		    program->hook, *owner ? ", of " : "", owner, *owner ? "," : "", verdict->reason,
		    error.text);
}

/* Adds the programs of others on the cgroup that is @above levels above the one in question. */
static void add_others(const struct others *others, unsigned int above, struct answer *answer)
{
	for (size_t i = 0; i < others->count; i++) {
		const struct cgfence_foreign_program *program = &others->programs[i];

		if (program->above == above && is_asked(program, answer))
			add_other(program, answer);
	}
}

/* @where: the cgroup, or NULL for a standing fence, which has its pattern */
static int judge_fence(uint64_t id, const char *where, struct answer *answer,
		       struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	int result = cgfence_fence_open(id, &fence, error);

	if (result == 0)
		return judge(cgfence_fence_policy(fence),
			     where ? where : cgfence_fence_pattern(fence), answer, error);
	return result == -ENOENT ? 0 : result;
}

/* Both its own fence and the standing fences that it is a member of have a say. */
static int judge_cgroup(const struct cgfence_cgroup *cgroup, struct answer *answer,
			struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result =
		judge_fence(cgfence_cgroup_id(cgroup), cgfence_cgroup_path(cgroup), answer, error);

	if (result == 0)
		result = cgfence_standing_of(cgfence_cgroup_id(cgroup), &ids, &count, error);
	for (size_t i = 0; i < count && result == 0; i++)
		result = judge_fence(ids[i], NULL, answer, error);
	return result;
}

/* A pattern, or a plain name that is not there: its fence has a say, and all above the anchor. */
static int open_standing(const char *name, struct answer *answer, struct cgfence_cgroup **anchor,
			 struct cgfence_error *error)
{
	cleanup_named struct named_fence named = { 0 };
	int result = named_open(name, true, &named, error);

	if (result == 0)
		result = judge_fence(named.id, NULL, answer, error);
	if (result == 0)
		*anchor = cleanup_steal(named.cgroup);
	return result;
}

static int open_lowest(const char *name, struct answer *answer, struct cgfence_cgroup **cgroup,
		       struct cgfence_error *error)
{
	int result;

	if (cgfence_standing_is_pattern(name))
		return open_standing(name, answer, cgroup, error);
	result = cgfence_cgroup_open(name, cgroup, error);
	if (result == -ENOENT && open_standing(name, answer, cgroup, NULL) == 0)
		return 0;
	return result;
}

/* The cgroup and all cgroups above it must allow the request. */
static int judge_upwards(const char *name, struct answer *answer, struct cgfence_error *error)
{
	cleanup_others struct others others = { 0 };
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result = open_lowest(name, answer, &cgroup, error);

	if (result == 0)
		result = cgfence_fence_check_hidden(cgroup, error);
	if (result == 0)
		result = others_add(cgroup, answer->topic, &others, error);
	for (unsigned int above = 0; result == 0; above++) {
		struct cgfence_cgroup *parent = NULL;

		result = judge_cgroup(cgroup, answer, error);
		if (result)
			return result;
		add_others(&others, above, answer);
		result = cgfence_cgroup_open_parent(cgroup, &parent, error);
		if (result == -ENOENT)
			return 0;
		cgfence_cgroup_close(cgroup);
		cgroup = parent;
	}
	return result;
}

static int judge_file(const char *path, struct answer *answer, struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	int result = cgfence_policy_read_file(path, &policy, error);

	return result ? result : judge(policy, path, answer, error);
}

/* A cgroup may be called so, too. */
static bool is_cgroup(const char *name)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	return cgfence_cgroup_open(name, &cgroup, NULL) == 0;
}

static bool is_policy_file(const char *name)
{
	size_t length = strlen(name);
	struct stat status;

	if (strcmp(name, "-") == 0 || (stat(name, &status) == 0 && S_ISREG(status.st_mode)))
		return true;
	return length > 5 && strcmp(name + length - 5, ".json") == 0 && !is_cgroup(name);
}

static int parse_device(char *const *words, struct answer *answer, char *text, size_t size,
			struct cgfence_error *error)
{
	cleanup_free char *joined = operands_join(words);
	int result;

	if (!joined)
		return error_out_of_memory(error);
	answer->topic = CGFENCE_TOPIC_DEVICES;
	result = cgfence_device_request_parse(joined, &answer->device, error);
	if (result == 0)
		cgfence_device_request_format(&answer->device, text, size);
	return result;
}

static int parse_port(char *const *words, struct answer *answer, char *text, size_t size,
		      struct cgfence_error *error)
{
	answer->topic = CGFENCE_TOPIC_PORTS;
	if (!words[1])
		return error_set_invalid(error, "the port is missing; write 'port tcp 8080'");
	if (words[2])
		return error_set_invalid(error, "a request is for one port; leave out '%s'",
					 words[2]);
	snprintf(text, size, "%s %s", words[0], words[1]);
	return cgfence_port_request_parse(words[0], words[1], &answer->port, error);
}

static const struct {
	const char *name;
	int (*parse)(char *const *words, struct answer *answer, char *text, size_t size,
		     struct cgfence_error *error);
} topics[] = {
	{ "device", parse_device },
	{ "port", parse_port },
};

static int parse_request(char *const *operands, struct answer *answer, char *text, size_t size,
			 struct cgfence_error *error)
{
	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		if (strcmp(operands[0], topics[i].name) == 0)
			return topics[i].parse(operands + 1, answer, text, size, error);
	}
	return operands_refuse_topic(operands[0], error);
}

static int print_table(struct answer *answer, const char *request)
{
	output_say("%s: %s%s", request, answer->allowed ? "allowed" : "refused",
		   answer->fenced || !answer->allowed ? "" : ", because no fence applies");
	table_print(answer->table);
	return answer->allowed ? STATUS_DONE : STATUS_NO;
}

static int print_json(struct answer *answer, const char *request)
{
	int status = output_json(json_pack("{s:o, s:b, s:b, s:o}", "request",
					   output_json_string(request), "allowed", answer->allowed,
					   "fenced", answer->fenced, "verdicts", answer->verdicts));

	return status != STATUS_DONE ? status : answer->allowed ? STATUS_DONE : STATUS_NO;
}

/* A refusal is certain whatever a program would say that cannot be asked, but no permission is. */
static int check_known(const struct answer *answer, const char *request,
		       struct cgfence_error *error)
{
	if (!answer->allowed || !*answer->unknown.text)
		return 0;
	*error = answer->unknown;
	error_wrap(error, "it cannot be told whether '%s' would be allowed", request);
	return -EBUSY;
}

/* What systemd binds for the service, no fence refuses: its listener is then in excess. */
static void complain_of_socket(const char *name, const struct answer *answer)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	const char *path = name;

	if (answer->topic != CGFENCE_TOPIC_PORTS || !answer->excess)
		return;
	if (cgfence_cgroup_open(name, &cgroup, NULL) == 0)
		path = cgfence_cgroup_path(cgroup);
	output_push();
	activation_complain_of(path, &answer->port, answer->kills);
}

static int run(const struct arguments *arguments)
{
	static const struct table_column columns[] = { { .heading = "WHERE", .elastic = true },
						       { .heading = "VERDICT" },
						       { .heading = "BECAUSE" },
						       { 0 } };
	struct answer answer = { .allowed = true };
	struct cgfence_error error = { 0 };
	const char *name = arguments->operands[0];
	bool is_file = is_policy_file(name);
	char request_text[64];
	int result;

	if (parse_request(arguments->operands + 1, &answer, request_text, sizeof(request_text),
			  &error))
		return output_failure(&error);
	answer.table = json ? NULL : table_new(columns);
	answer.verdicts = json ? json_array() : NULL;
	result = is_file ? judge_file(name, &answer, &error) : judge_upwards(name, &answer, &error);
	if (result == 0)
		result = check_known(&answer, request_text, &error);
	if (result) {
		table_free(answer.table);
		json_decref(answer.verdicts);
		return output_failure(&error);
	}
	result = (json ? print_json : print_table)(&answer, request_text);
	if (!is_file)
		complain_of_socket(name, &answer);
	return result;
}

static const struct command_option options[] = {
	COMMAND_OPTION_JSON(json, "one JSON object"),
	{ 0 },
};

const struct command command_explain = {
	.name = "explain",
	.synopsis =
		"[-j] CGROUP|PATTERN|POLICY.json device ENTRY\n[-j] CGROUP|PATTERN|POLICY.json port tcp|udp [ipv4:|ipv6:]N",
	.summary = "show whether a request would be allowed, and why",
	.description =
		"ENTRY is one device with the access asked for, such as 'c 10:229 rw' or '/dev/fuse rw'. For a cgroup,\n"
		"every fence above has a say too, and so have programs that others attached: each is asked, by way of the\n"
		"kernel, on a cgroup that is made for it. Exits with 3 if the request is refused, and with 1 if it is refused by\n"
		"none that could be asked, but one could not. For a refused port on which systemd listens for the service of that\n"
		"cgroup, it says so.",
	.example = "cgfence explain /machine/web device c 10:229 rw",
	.options = options,
	.operands_min = 3,
	.operands_max = 5,
	.needs_admin = false,
	.usage_status = STATUS_INVALID,
	.run = run,
};
