/* Slows each flush, as a slower disk would: LD_PRELOAD for `cargo xtask bench --slow-disk`, on Linux.
   SLOW_FLUSH_US says by how many microseconds. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int slowed(const char *name, int file)
{
    const char *microseconds = getenv("SLOW_FLUSH_US");
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (microseconds)
        usleep((useconds_t)atoi(microseconds));
    return flush(file);
}

int fsync(int file) { return slowed("fsync", file); }

int fdatasync(int file) { return slowed("fdatasync", file); }
