/* The functions of NVIDIA's driver that we call, for one device that is this processor: for tests of how they are called.
 *
 * A module is the text it was loaded from; its functions are looked up among those that the test has registered. What a driver would not forgive
 * (no current context, a handle that is none, a copy beyond what was allocated, something used after it was freed) ends with an error here.
 * Declared as in cuda.h of CUDA 7.0 to 13.0. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int CUresult, CUdevice;
typedef void *CUcontext, *CUmodule, *CUfunction, *CUstream;
typedef unsigned long long CUdeviceptr;
enum { INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, INVALID_CONTEXT = 201, INVALID_HANDLE = 400, NOT_FOUND = 500 };
enum { MOST = 4096, DEPTH = 8 };

/* ---- What the test says. */

static int failing_with = 0;
static const char *failing_in = "";
static size_t memory = (size_t)1 << 40;
static const char *names[64];
static void *functions[64];
static int argument_counts[64];
static int function_count = 0;
static void (*place)(int64_t, int64_t);

void test_fail(const char *function, int status) { failing_in = function; failing_with = status; }
void test_memory(size_t bytes) { memory = bytes; }
void test_place(void *function) { place = (void (*)(int64_t, int64_t))function; }
void test_function(const char *name, void *function, int arguments)
{
    names[function_count] = name;
    argument_counts[function_count] = arguments;
    functions[function_count++] = function;
}
void test_forget(void) { function_count = 0; }

/* ---- What is held. */

typedef struct { char *start; size_t size; int kind; } Held;
enum { DEVICE = 1, HOST, STREAM, MODULE };
static Held held[MOST];
static int initialised = 0;
static __thread CUcontext current[DEPTH];
static __thread int depth = 0;
static char context_mark;

int test_held(int kind)
{
    int count = 0;
    for (int i = 0; i < MOST; i++) count += held[i].start != NULL && held[i].kind == kind;
    return count;
}

static char *hold(size_t size, int kind)
{
    size_t used = 0;
    for (int i = 0; i < MOST; i++) used += held[i].start && held[i].kind == DEVICE ? held[i].size : 0;
    if (kind == DEVICE && used + size > memory) return NULL;
    for (int i = 0; i < MOST; i++)
        if (!held[i].start) {
            held[i] = (Held){malloc(size), size, kind};
            memset(held[i].start, 0xA5, size);
            return held[i].start;
        }
    return NULL;
}

static int let_go(const void *start, int kind)
{
    for (int i = 0; i < MOST; i++)
        if (held[i].start && held[i].start == start && held[i].kind == kind) {
            free(held[i].start);
            held[i].start = NULL;
            return 0;
        }
    return INVALID_VALUE;
}

static int is_within(const void *start, size_t size, int kind)
{
    for (int i = 0; i < MOST; i++)
        if (held[i].start && held[i].kind == kind && held[i].start <= (const char *)start
            && (const char *)start + size <= held[i].start + held[i].size)
            return 1;
    return 0;
}

#define BEGIN(name) if (!strcmp(failing_in, #name)) return failing_with; if (!initialised) return NOT_INITIALIZED
#define IN_CONTEXT(name) BEGIN(name); if (depth == 0 || !current[depth - 1]) return INVALID_CONTEXT

/* ---- The driver. */

CUresult cuInit(unsigned flags)
{
    if (!strcmp(failing_in, "cuInit")) return failing_with;
    initialised = flags == 0;
    return flags == 0 ? 0 : INVALID_VALUE;
}
CUresult cuDriverGetVersion(int *version) { *version = 12040; return 0; }
CUresult cuGetErrorName(CUresult error, const char **text) { *text = error == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS" : NULL; return *text ? 0 : 1; }
CUresult cuDeviceGetCount(int *count) { BEGIN(cuDeviceGetCount); *count = 1; return 0; }
CUresult cuDeviceGet(CUdevice *device, int number) { BEGIN(cuDeviceGet); *device = 7; return number == 0 ? 0 : 101; }
CUresult cuDeviceGetName(char *name, int length, CUdevice device)
{
    BEGIN(cuDeviceGetName);
    strncpy(name, "a processor", length);
    return device == 7 ? 0 : 101;
}
CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device)
{
    BEGIN(cuDeviceGetAttribute);
    *value = attribute == 75 ? 8 : attribute == 76 ? 6 : attribute == 16 ? 1 : attribute == 38 ? 1 << 20 : -1;
    return device == 7 && *value != -1 ? 0 : INVALID_VALUE;
}
CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device)
{
    BEGIN(cuDevicePrimaryCtxRetain);
    *context = &context_mark;
    return device == 7 ? 0 : 101;
}
CUresult cuCtxSetCurrent(CUcontext context)
{
    BEGIN(cuCtxSetCurrent);
    depth = depth ? depth : 1;
    current[depth - 1] = context;
    return context == &context_mark ? 0 : INVALID_CONTEXT;
}
CUresult cuCtxPushCurrent_v2(CUcontext context)
{
    BEGIN(cuCtxPushCurrent_v2);
    if (context != &context_mark || depth == DEPTH) return INVALID_CONTEXT;
    current[depth++] = context;
    return 0;
}
CUresult cuCtxPopCurrent_v2(CUcontext *context)
{
    BEGIN(cuCtxPopCurrent_v2);
    if (depth == 0) return INVALID_CONTEXT;
    *context = current[--depth];
    return 0;
}
CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count, int *options, void **values)
{
    if (!strcmp(failing_in, "cuModuleLoadDataEx") && count == 2 && options[0] == 5 && options[1] == 6)
        strncpy(values[0], "ptxas: line 3\nbad", (size_t)values[1]);
    IN_CONTEXT(cuModuleLoadDataEx);
    if (!strstr(image, ".visible .entry")) return 218;
    *module = hold(1, MODULE);
    return 0;
}
CUresult cuModuleUnload(CUmodule module) { IN_CONTEXT(cuModuleUnload); return let_go(module, MODULE); }
CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name)
{
    IN_CONTEXT(cuModuleGetFunction);
    if (!is_within(module, 1, MODULE)) return INVALID_HANDLE;
    for (int i = 0; i < function_count; i++)
        if (!strcmp(names[i], name)) {
            *function = functions[i];
            return 0;
        }
    return NOT_FOUND;
}
CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t size)
{
    IN_CONTEXT(cuMemAlloc_v2);
    if (size == 0) return INVALID_VALUE;
    *address = (CUdeviceptr)hold(size, DEVICE);
    return *address ? 0 : OUT_OF_MEMORY;
}
CUresult cuMemFree_v2(CUdeviceptr address) { IN_CONTEXT(cuMemFree_v2); return let_go((void *)address, DEVICE); }
CUresult cuMemHostAlloc(void **address, size_t size, unsigned flags)
{
    IN_CONTEXT(cuMemHostAlloc);
    *address = hold(size, HOST);
    return *address && flags == 0 ? 0 : INVALID_VALUE;
}
CUresult cuMemFreeHost(void *address) { IN_CONTEXT(cuMemFreeHost); return let_go(address, HOST); }
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t size, CUstream stream)
{
    IN_CONTEXT(cuMemcpyHtoDAsync_v2);
    if (!is_within(stream, 1, STREAM)) return INVALID_HANDLE;
    if (!is_within((void *)to, size, DEVICE)) return INVALID_VALUE;
    memcpy((void *)to, from, size);
    return 0;
}
CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t size, CUstream stream)
{
    IN_CONTEXT(cuMemcpyDtoHAsync_v2);
    if (!is_within(stream, 1, STREAM)) return INVALID_HANDLE;
    if (!is_within((void *)from, size, DEVICE) || !is_within(to, size, HOST)) return INVALID_VALUE;
    memcpy(to, (void *)from, size);
    return 0;
}
CUresult cuStreamCreate(CUstream *stream, unsigned flags)
{
    IN_CONTEXT(cuStreamCreate);
    *stream = hold(1, STREAM);
    return flags == 1 ? 0 : INVALID_VALUE;
}
CUresult cuStreamDestroy_v2(CUstream stream) { IN_CONTEXT(cuStreamDestroy_v2); return let_go(stream, STREAM); }
CUresult cuStreamSynchronize(CUstream stream) { IN_CONTEXT(cuStreamSynchronize); return is_within(stream, 1, STREAM) ? 0 : INVALID_HANDLE; }

typedef void Step(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, int64_t);

CUresult cuLaunchKernel(CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
                        CUstream stream, void **parameters, void **extra)
{
    int64_t a[10] = {0};
    int known = -1;
    IN_CONTEXT(cuLaunchKernel);
    if (gx == 0 || gy * gz * by * bz != 1 || bx == 0 || bx > 1024 || shared != 0 || extra) return INVALID_VALUE;
    if (!is_within(stream, 1, STREAM)) return INVALID_HANDLE;
    for (int i = 0; i < function_count; i++) known = functions[i] == function ? i : known;
    if (known < 0) return INVALID_HANDLE;
    for (int i = 0; i < argument_counts[known]; i++) a[i] = *(int64_t *)parameters[i];
    for (int64_t thread = (int64_t)gx * bx - 1; thread >= 0; thread--) {
        place(thread, (int64_t)gx * bx);
        ((Step *)function)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
    }
    return 0;
}
