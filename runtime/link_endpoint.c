/* link_endpoint.c - endpoints by their text. */
#include "runtime/link_endpoint.h"

#include <arpa/inet.h>
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

bool endpoint_is_loopback(const char *endpoint)
{
    char host[INET6_ADDRSTRLEN] = "";
    const char *begin = endpoint + sizeof tcp - 1;
    const char *port = endpoint_is_tcp(endpoint) ? strrchr(endpoint, ':') : NULL;
    if (!port || port <= begin || (size_t)(port - begin) >= sizeof host) {
        return false;
    }
    memcpy(host, begin, (size_t)(port - begin));
    struct in_addr address;
    /* An address as a whole: a name may begin with 127, too. */
    if (inet_pton(AF_INET, host, &address) == 1) {
        return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0;
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
