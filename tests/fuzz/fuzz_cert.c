/* fuzz_cert.c - any bytes as a certificate: what is accepted is written and read back the same. */
#include <string.h>

#include "runtime/cert.h"
#include "tests/fuzz/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cert cert;
    struct cert again;
    const char *why = NULL;
    char text[CERT_TEXT_MAX];
    enum err err = cert_read((const char *)data, size, &cert, &why);
    if (err != ERR_OK) {
        MUST(why != NULL && (err == ERR_MALFORMED || size > CERT_TEXT_MAX));
        return 0;
    }
    MUST(cert_is_name(cert.name) && cert_is_key(cert.public_key, strlen(cert.public_key)));
    MUST(cert_covers(&cert, cert.name, strlen(cert.name)));
    MUST(cert_write(&cert, cert.secret_key[0] != '\0', text, sizeof text) == ERR_OK);
    MUST(cert_read(text, strlen(text), &again, &why) == ERR_OK);
    MUST(cert_equal(&cert, &again));
    return 0;
}
