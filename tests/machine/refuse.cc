// A library that refuses calls of the C library, for tests: preloaded into a program, it fails each call that the
// environment variable REFUSE names, with the error that it names, where the file's path contains what it names:
// `open:24:exams_part`, `read:5:segments`, `write:28:out`, `lock:37:`; several with `;` between them.
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

// The error for a call on a path, or 0.
int refused(const char *call, const char *path) {
    const char *rules = getenv("REFUSE");
    char rule[4096];
    while (rules != nullptr && *rules != 0) {
        const char *end = strchr(rules, ';');
        size_t length = end != nullptr ? static_cast<size_t>(end - rules) : strlen(rules);
        if (length < sizeof rule) {
            memcpy(rule, rules, length);
            rule[length] = 0;
            char *error = strchr(rule, ':');
            char *part = error != nullptr ? strchr(error + 1, ':') : nullptr;
            if (part != nullptr) {
                *error = *part = 0;
                if (strcmp(rule, call) == 0 && strstr(path, part + 1) != nullptr) return atoi(error + 1);
            }
        }
        rules = end != nullptr ? end + 1 : nullptr;
    }
    return 0;
}

// The same for an open file.
int refused(const char *call, int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    return refused(call, path);
}

template <typename F> F next(const char *name) { return reinterpret_cast<F>(dlsym(RTLD_NEXT, name)); }

} // namespace

#define REFUSE(call, what) \
    if (int error = refused(call, what)) { \
        errno = error; \
        return -1; \
    }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = va_arg(rest, mode_t); \
        va_end(rest); \
        REFUSE("open", path) \
        return next<int (*)(const char *, int, mode_t)>(#name)(path, flags, mode); \
    }

extern "C" {

OPEN(open)
OPEN(open64)

int flock(int file, int operation) {
    REFUSE("lock", file)
    return next<int (*)(int, int)>("flock")(file, operation);
}

ssize_t read(int file, void *to, size_t count) {
    REFUSE("read", file)
    return next<ssize_t (*)(int, void *, size_t)>("read")(file, to, count);
}

ssize_t pread64(int file, void *to, size_t count, off64_t at) {
    REFUSE("read", file)
    return next<ssize_t (*)(int, void *, size_t, off64_t)>("pread64")(file, to, count, at);
}

ssize_t write(int file, const void *from, size_t count) {
    REFUSE("write", file)
    return next<ssize_t (*)(int, const void *, size_t)>("write")(file, from, count);
}

ssize_t pwrite64(int file, const void *from, size_t count, off64_t at) {
    REFUSE("write", file)
    return next<ssize_t (*)(int, const void *, size_t, off64_t)>("pwrite64")(file, from, count, at);
}
}
