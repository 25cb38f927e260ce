/* link_endpoint.c - endpoints by their text. */
#include "runtime/link_endpoint.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char tcp[] = "tcp://";
static const char ipc[] = "ipc://";

bool endpoint_is_tcp(const char *endpoint)
{
    return strncmp(endpoint, tcp, sizeof tcp - 1) == 0;
}

const char *endpoint_path(const char *endpoint)
{
    /* Behind an @ is a name in the kernel, without a file. */
    const char *path = strncmp(endpoint, ipc, sizeof ipc - 1) == 0 ? endpoint + sizeof ipc - 1 : "";
    return path[0] != '\0' && path[0] != '@' ? path : NULL;
}

bool endpoint_is_good(const char *endpoint)
{
    return (endpoint_is_tcp(endpoint) || endpoint_path(endpoint)) &&
           strlen(endpoint) < ENDPOINT_SIZE;
}

bool endpoint_is_served(const char *endpoint)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = endpoint_path(endpoint);
    if (!path || strlen(path) >= sizeof address.sun_path) {
        return false;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return false;
    }
    int rc = connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address);
    bool served = rc == 0 || errno == EAGAIN;
    (void)close(fd);
    return served;
}
