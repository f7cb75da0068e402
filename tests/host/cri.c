// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cri METHOD WORD...: asks the runtime service of containerd as the kubelet does, in gRPC, and prints the first field of the
 * answer, which mostly is an id. WORDs are the fields of the request by their numbers in api.proto of the CRI: 2=TEXT,
 * 2#NUMBER, and 2{ WORD... } for a message. Exit status: 1 if the service refuses, with its reason; 2 for anything else.
 */
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ADDRESS "/run/containerd/containerd.sock"
#define PREFIX_SIZE 5 /* of a message in gRPC: is it compressed, and its size in four bytes */

struct buffer {
	unsigned char bytes[65536];
	size_t size;
	size_t used;
};

static struct buffer request = { .size = PREFIX_SIZE };
static struct buffer answer;
static char reason[4096];
static int is_done;
static int status = -1;

static void give_up(const char *what)
{
	fprintf(stderr, "cri: %s: %s\n", what, errno ? strerror(errno) : "not understood");
	exit(2);
}

static void append(struct buffer *buffer, const void *bytes, size_t size)
{
	if (size > sizeof(buffer->bytes) - buffer->size)
		give_up("too much");
	memcpy(buffer->bytes + buffer->size, bytes, size);
	buffer->size += size;
}

/* ---- protocol buffers ---- */

static void put_number(struct buffer *buffer, unsigned long long number)
{
	unsigned char byte;

	do {
		byte = (number & 0x7f) | (number > 0x7f ? 0x80 : 0);
		append(buffer, &byte, 1);
		number >>= 7;
	} while (number);
}

static void put_bytes(struct buffer *buffer, unsigned long field, const void *bytes, size_t size)
{
	put_number(buffer, field << 3 | 2);
	put_number(buffer, size);
	append(buffer, bytes, size);
}

/* Return: past the words of this message. */
static char **put_words(struct buffer *buffer, char **words)
{
	for (; *words && strcmp(*words, "}") != 0; words++) {
		char *end;
		unsigned long field = strtoul(*words, &end, 10);

		if (*end == '=') {
			put_bytes(buffer, field, end + 1, strlen(end + 1));
		} else if (*end == '#') {
			put_number(buffer, field << 3);
			put_number(buffer, strtoull(end + 1, NULL, 10));
		} else if (*end == '{') {
			struct buffer *inner = calloc(1, sizeof(*inner));

			if (!inner)
				give_up(*words);
			words = put_words(inner, words + 1);
			put_bytes(buffer, field, inner->bytes, inner->size);
			free(inner);
			if (!*words)
				give_up("a } is missing");
		} else {
			give_up(*words);
		}
	}
	return words;
}

static void print_first_field(void)
{
	size_t at = PREFIX_SIZE + 1;
	size_t length = 0;

	if (answer.size <= at || answer.bytes[PREFIX_SIZE] != (1 << 3 | 2))
		return;
	for (int shift = 0; at < answer.size && shift < 28; shift += 7) {
		length |= (size_t)(answer.bytes[at] & 0x7f) << shift;
		if (!(answer.bytes[at++] & 0x80))
			break;
	}
	if (length <= answer.size - at)
		printf("%.*s\n", (int)length, (const char *)answer.bytes + at);
}

/* ---- HTTP/2 ---- */

static ssize_t give_request(nghttp2_session *session, int32_t stream, uint8_t *to, size_t size,
			    uint32_t *flags, nghttp2_data_source *source, void *context)
{
	size_t left = request.size - request.used;

	(void)session, (void)stream, (void)source, (void)context;
	if (size > left)
		size = left;
	memcpy(to, request.bytes + request.used, size);
	request.used += size;
	if (request.used == request.size)
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	return (ssize_t)size;
}

static int take_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *bytes,
		     size_t size, void *context)
{
	(void)session, (void)flags, (void)stream, (void)context;
	append(&answer, bytes, size);
	return 0;
}

static int take_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		       size_t name_size, const uint8_t *value, size_t size, uint8_t flags,
		       void *context)
{
	(void)session, (void)frame, (void)name_size, (void)flags, (void)context;
	if (strcmp((const char *)name, "grpc-status") == 0)
		status = atoi((const char *)value);
	if (strcmp((const char *)name, "grpc-message") == 0)
		snprintf(reason, sizeof(reason), "%.*s", (int)size, (const char *)value);
	return 0;
}

static int take_end(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
	(void)session, (void)stream, (void)code, (void)context;
	is_done = 1;
	return 0;
}

static ssize_t send_all(nghttp2_session *session, const uint8_t *bytes, size_t size, int flags,
			void *context)
{
	ssize_t sent = send(*(int *)context, bytes, size, MSG_NOSIGNAL);

	(void)session, (void)flags;
	return sent < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE : sent;
}

static nghttp2_session *make_session(int *fd)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *session;

	if (nghttp2_session_callbacks_new(&callbacks))
		give_up("nghttp2");
	nghttp2_session_callbacks_set_send_callback(callbacks, send_all);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, take_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, take_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, take_end);
	if (nghttp2_session_client_new(&session, callbacks, fd))
		give_up("nghttp2");
	nghttp2_session_callbacks_del(callbacks);
	return session;
}

#define HEADER(name, value)                                                           \
	{                                                                             \
		(uint8_t *)(name), (uint8_t *)(value), strlen(name), strlen(value), 0 \
	}

static void submit(nghttp2_session *session, const char *method)
{
	nghttp2_data_provider provider = { .read_callback = give_request };
	char path[128];

	snprintf(path, sizeof(path), "/runtime.v1.RuntimeService/%s", method);
	const nghttp2_nv headers[] = {
		HEADER(":method", "POST"),	 HEADER(":scheme", "http"),
		HEADER(":path", path),		 HEADER(":authority", "localhost"),
		HEADER("te", "trailers"),	 HEADER("content-type", "application/grpc"),
		HEADER("user-agent", "cgfence"),
	};

	if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0) ||
	    nghttp2_submit_request(session, NULL, headers, sizeof(headers) / sizeof(headers[0]),
				   &provider, NULL) < 0)
		give_up(method);
}

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = ADDRESS };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		give_up(ADDRESS);
	return fd;
}

static void talk(nghttp2_session *session, int fd)
{
	unsigned char bytes[16384];

	while (!is_done) {
		ssize_t got;

		if (nghttp2_session_send(session))
			give_up("send");
		got = recv(fd, bytes, sizeof(bytes), 0);
		if (got <= 0 || nghttp2_session_mem_recv(session, bytes, (size_t)got) < 0)
			give_up("receive");
	}
}

int main(int argc, char **argv)
{
	nghttp2_session *session;
	size_t size;
	int fd;

	if (argc < 2 || *put_words(&request, argv + 2))
		give_up("the words");
	size = request.size - PREFIX_SIZE;
	for (int i = 0; i < 4; i++)
		request.bytes[1 + i] = (unsigned char)(size >> (24 - 8 * i));
	fd = dial();
	session = make_session(&fd);
	submit(session, argv[1]);
	talk(session, fd);
	nghttp2_session_del(session);
	close(fd);
	if (status != 0) {
		fprintf(stderr, "cri: %s: status %d: %s\n", argv[1], status, reason);
		return 1;
	}
	print_first_field();
	return 0;
}
