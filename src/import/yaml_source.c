// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/yaml_source.h"
#include "base/error.h"
#include "import/json_source.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

/* Aliases may stand for more than a text has; no configuration is larger or deeper, or has more anchors for them. */
#define NODES_MAX 200000
#define ANCHORS_MAX 1000
#define DEPTH_MAX 64

struct conversion {
	yaml_document_t *document;
	size_t nodes;
	const yaml_node_t *again; /* a key that its mapping has already */
};

static json_t *convert(struct conversion *conversion, const yaml_node_t *node, int depth);

/* Numbers of an hour and minutes, as "2222:2222" is in YAML 1.1, stay text. */
static json_t *convert_scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return json_string(text);
	if (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0)
		return json_null();
	if (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0)
		return json_boolean(strcasecmp(text, "true") == 0);
	if (strspn(text, "0123456789") == strlen(text) && strlen(text) <= 9 &&
	    (*text != '0' || !text[1]))
		return json_integer(atol(text));
	return json_string(text);
}

static json_t *convert_sequence(struct conversion *conversion, const yaml_node_t *node, int depth)
{
	json_t *list = json_array();

	for (yaml_node_item_t *item = node->data.sequence.items.start;
	     list && item < node->data.sequence.items.top; item++) {
		json_t *value = convert(conversion,
					yaml_document_get_node(conversion->document, *item), depth);

		if (!value || json_array_append_new(list, value)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* "<<" takes in the keys of another mapping, or of several, that are not there, and is no key itself. */
static int merge(json_t *object)
{
	json_t *other = json_incref(json_object_get(object, "<<"));
	json_t *element;
	int result = 0;
	size_t index;

	json_object_del(object, "<<");
	if (json_is_object(other))
		result = json_object_update_missing(object, other);
	json_array_foreach (other, index, element) {
		if (result == 0)
			result = json_object_update_missing(object, element);
	}
	json_decref(other);
	return result;
}

static json_t *convert_mapping(struct conversion *conversion, const yaml_node_t *node, int depth)
{
	json_t *object = json_object();
	int result = object ? 0 : -1;

	for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     result == 0 && pair < node->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(conversion->document, pair->key);
		json_t *value = convert(conversion,
					yaml_document_get_node(conversion->document, pair->value),
					depth);

		if (value && key->type == YAML_SCALAR_NODE &&
		    json_object_get(object, (const char *)key->data.scalar.value))
			conversion->again = key;
		if (!value || key->type != YAML_SCALAR_NODE || conversion->again) {
			json_decref(value);
			result = -1;
		} else {
			result = json_object_set_new(object, (const char *)key->data.scalar.value,
						     value);
		}
	}
	if (result == 0)
		result = merge(object);
	if (result) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/* Compose takes away what has this tag, whatever stands behind it (compose-spec, 13-merge.md). */
static bool is_reset(const yaml_node_t *node)
{
	return strcmp((const char *)node->tag, "!reset") == 0;
}

/* Return: NULL if it cannot be said in JSON, is too large, or out of memory. */
static json_t *convert(struct conversion *conversion, const yaml_node_t *node, int depth)
{
	if (!node || depth == DEPTH_MAX || conversion->nodes++ == NODES_MAX)
		return NULL;
	if (is_reset(node))
		return json_null();
	switch (node->type) {
	case YAML_SCALAR_NODE:
		return convert_scalar(node);
	case YAML_SEQUENCE_NODE:
		return convert_sequence(conversion, node, depth + 1);
	case YAML_MAPPING_NODE:
		return convert_mapping(conversion, node, depth + 1);
	default:
		return NULL;
	}
}

static int refuse_syntax(const struct importing *import, const yaml_parser_t *parser)
{
	return error_set_invalid(import->error, "%s:%zu:%zu: this is not YAML: %s",
				 import->sources[0].name, parser->problem_mark.line + 1,
				 parser->problem_mark.column + 1,
				 parser->problem ? parser->problem : "it cannot be read");
}

static int refuse_size(const struct importing *import)
{
	return error_set_invalid(
		import->error,
		"%s: this has keys that are no text, or is larger or deeper than a configuration is",
		import->sources[0].name);
}

/* What a document has, up to an event. */
struct extent {
	int depth;
	size_t nodes;
	size_t anchors;
};

static const yaml_char_t *anchor_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static void add_event(struct extent *extent, const yaml_event_t *event)
{
	yaml_event_type_t type = event->type;
	bool begins = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
	bool ends = type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;

	if (type == YAML_DOCUMENT_START_EVENT)
		*extent = (struct extent){ 0 };
	extent->depth += begins - ends;
	extent->nodes += begins || type == YAML_SCALAR_EVENT || type == YAML_ALIAS_EVENT;
	extent->anchors += anchor_of(event) != NULL;
}

/*
 * The library reads on however deep a text is, and takes the longer for each piece the deeper it is. It looks each anchor
 * and each alias up among all anchors before it.
 */
static int check_extent(const struct importing *import, yaml_parser_t *parser, json_t *documents)
{
	(void)documents;
	yaml_event_type_t type = YAML_NO_EVENT;
	struct extent extent = { 0 };

	while (type != YAML_STREAM_END_EVENT) {
		yaml_event_t event;

		if (!yaml_parser_parse(parser, &event))
			return refuse_syntax(import, parser);
		type = event.type;
		add_event(&extent, &event);
		yaml_event_delete(&event);
		if (extent.depth > DEPTH_MAX || extent.nodes > NODES_MAX ||
		    extent.anchors > ANCHORS_MAX)
			return refuse_size(import);
	}
	return 0;
}

static int add_document(const struct importing *import, yaml_document_t *document,
			json_t *documents)
{
	struct conversion conversion = { .document = document };
	json_t *value = convert(&conversion, yaml_document_get_root_node(document), 0);

	if (conversion.again)
		return error_set_invalid(import->error, "%s:%zu:%zu: duplicate key '%s'",
					 import->sources[0].name,
					 conversion.again->start_mark.line + 1,
					 conversion.again->start_mark.column + 1,
					 (const char *)conversion.again->data.scalar.value);
	if (!value)
		return refuse_size(import);
	return json_array_append_new(documents, value) ? error_out_of_memory(import->error) : 0;
}

static int read_documents(const struct importing *import, yaml_parser_t *parser, json_t *documents)
{
	for (;;) {
		yaml_document_t document;
		bool empty;
		int result = 0;

		if (!yaml_parser_load(parser, &document))
			return refuse_syntax(import, parser);
		empty = !yaml_document_get_root_node(&document);
		if (!empty)
			result = add_document(import, &document, documents);
		yaml_document_delete(&document);
		if (empty || result)
			return result;
	}
}

/* Each reads the text from its beginning. */
static int parse(const struct importing *import, json_t *documents,
		 int (*read)(const struct importing *import, yaml_parser_t *parser,
			     json_t *documents))
{
	const struct cgfence_import_source *source = &import->sources[0];
	yaml_parser_t parser;
	int result;

	if (!yaml_parser_initialize(&parser))
		return error_out_of_memory(import->error);
	yaml_parser_set_input_string(&parser, (const unsigned char *)source->text, source->length);
	result = read(import, &parser, documents);
	yaml_parser_delete(&parser);
	return result;
}

/* A text in JSON has what YAML has not, such as characters in two halves. */
static int read_any(const struct importing *import, json_t *documents)
{
	json_error_t syntax;
	json_t *value = NULL;
	int result = json_source_parse(import, &value, &syntax);

	if (result == 0 && value)
		return json_array_append_new(documents, value) ? error_out_of_memory(import->error)
							       : 0;
	if (result == 0)
		result = parse(import, documents, check_extent);
	return result ? result : parse(import, documents, read_documents);
}

int yaml_source_read(const struct importing *import, json_t **documents)
{
	json_t *read = json_array();
	int result;

	if (!read)
		return error_out_of_memory(import->error);
	result = read_any(import, read);
	if (result)
		json_decref(read);
	else
		*documents = read;
	return result;
}

bool yaml_source_bool(const json_t *value)
{
	static const char *const words[] = { "yes", "on", "true", "y" };
	const char *text = json_string_value(value);

	for (size_t i = 0; text && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0)
			return true;
	}
	return json_is_true(value);
}
