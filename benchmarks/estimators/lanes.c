/* The estimators of kernel_rate.py in C, on the draws that sweep_kernels makes, many trials side by side.

   A lane is a trial. What one trial keeps in a variable, TILE lanes keep in an array, so that every loop over lanes is one that gcc
   vectorises; a draw for all lanes is an array too, and a tile's arrays stay in the L1 cache. Philox is written with vectors, because
   gcc 12 does not find the multiplication of 32-bit words (vpmuludq) by itself.

   Compiled three ways. As it stands, log, exp, sin and cos are libm's, one trial at a time. With -ffast-math gcc calls libmvec's, eight trials
   at a time. With -DPOLYNOMIALS too they are inlined here: those of fdlibm (Sun Microsystems, 1993) and Cephes (S. Moshier, 1989), which
   the draws' arguments, (0, 1] and whole turns, spare most of a library's work. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined __AVX512F__ || defined __AVX2__
#include <immintrin.h>
#endif

typedef uint64_t u64;
typedef int64_t i64;

#if defined __AVX512F__
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
enum { TILE = 128, BLOCK = 4096 };

typedef u64 words __attribute__((vector_size(8 * LANES)));
typedef i64 integers __attribute__((vector_size(8 * LANES)));
typedef double doubles __attribute__((vector_size(8 * LANES)));

#define INLINE static inline __attribute__((always_inline))
#define EACH(i, n) for (int i = 0; i < (n); i++)

/* ---- Philox4x32-10, a 32-bit word in each 64-bit lane; what stands above the word is never read. */

INLINE words multiply(words a, words b) /* of the lower halves */
{
#if defined __AVX512F__
    return (words)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif defined __AVX2__
    return (words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
    return (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF);
#endif
}

INLINE words every(u64 word)
{
    return (words){0} + word;
}

enum { ABREAST = LANES == 8 ? 4 : 2 }; /* vectors in flight: one alone waits for its own multiplications */

struct four { words a, b, c, d; };

INLINE void philox(struct four x[ABREAST], u64 seed)
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
#pragma GCC unroll 4
        EACH(i, ABREAST) {
            words p = multiply(x[i].a, every(0xD2511F53)), q = multiply(x[i].c, every(0xCD9E8D57));
            x[i] = (struct four){(q >> 32) ^ x[i].b ^ every(k0), q, (p >> 32) ^ x[i].d ^ every(k1), p};
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
}

INLINE doubles closed_open(words high, words low) /* 53 bits on [0, 1) */
{
    words bits = ((high & 0xFFFFFFFF) << 21) | ((low & 0xFFFFFFFF) >> 11);
    return __builtin_convertvector((integers)bits, doubles) * 0x1p-53;
}

INLINE doubles open_closed(words high, words low) /* 64 bits on (0, 1] */
{
    doubles above = __builtin_convertvector((integers)(high & 0xFFFFFFFF), doubles) * 0x1p-32;
    return (__builtin_convertvector((integers)(low & 0xFFFFFFFF), doubles) + 0.5) * 0x1p-64 + above;
}

/* ---- Elementary functions of one lane. */

#ifdef POLYNOMIALS

INLINE u64 bits_of(double x) { u64 bits; memcpy(&bits, &x, 8); return bits; }
INLINE double float_of(u64 bits) { double x; memcpy(&x, &bits, 8); return x; }

INLINE double logarithm(double x) /* positive and normal */
{
    i64 bits = (i64)bits_of(x);
    i64 k = (bits - 0x3FE6A09E667F3BCD) >> 52;
    double f = float_of((u64)(bits - (k << 52))) - 1.0, s = f / (2.0 + f), z = s * s, e = (double)k;
    double r = z * (6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01
        + z * (2.222219843214978396e-01 + z * (1.818357216161805012e-01 + z * (1.531383769920937332e-01
        + z * 1.479819860511658591e-01))))));
    double half = 0.5 * f * f;
    return e * 6.93147180369123816490e-01 + (f - (half - (s * (half + r) + e * 1.90821492927058770002e-10)));
}

INLINE double exponential(double x) /* -700 <= x <= 700 */
{
    double k = floor(x * 1.44269504088896338700 + 0.5);
    double high = x - k * 6.93147180369123816490e-01, low = k * 1.90821492927058770002e-10, r = high - low, t = r * r;
    double c = r - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05
        + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
    return float_of(bits_of(1.0 - ((low - r * c / (2.0 - c)) - high)) + ((u64)(i64)k << 52));
}

INLINE void sincos_turns(double v, double *sine, double *cosine) /* of 2 pi v, 0 <= v < 1 */
{
    i64 q = (i64)(4.0 * v + 0.5);
    double x = (4.0 * v - (double)q) * 1.5707963267948966192, z = x * x;
    double s = x + x * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04
        + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
    double c = 1.0 - 0.5 * z + z * z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03
        + z * (2.48015872894767294178e-05 + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09
        + z * -1.13596475577881948265e-11)))));
    double a = q & 1 ? c : s, b = q & 1 ? s : c;
    *sine = float_of(bits_of(a) ^ (u64)(q & 2) << 62);
    *cosine = float_of(bits_of(b) ^ (u64)((q + 1) & 2) << 62);
}

#else

INLINE double logarithm(double x) { return log(x); }
INLINE double exponential(double x) { return exp(x); }

INLINE void sincos_turns(double v, double *sine, double *cosine)
{
#ifdef __FAST_MATH__
    *sine = cos(6.283185307179586477 * (v - 0.25)); /* beside cos(x), gcc takes sin(x) for a complex number, and vectorises neither */
#else
    *sine = sin(6.283185307179586477 * v);
#endif
    *cosine = cos(6.283185307179586477 * v);
}

#endif

/* ---- The draws of a tile: each lane has its trial and stands at a block of two draws. */

struct tile {
    u64 trial[TILE], block[TILE];
    double even[TILE], odd[TILE]; /* the two draws of a block */
    u64 seed;
    int lanes, drawn; /* how many lanes are in use; how many draws each has made */
} __attribute__((aligned(64)));

static void begin(struct tile *t, u64 seed, u64 first)
{
    t->seed = seed;
    t->lanes = TILE;
    t->drawn = 0;
    EACH(i, TILE) {
        t->trial[i] = first + (u64)i;
        t->block[i] = 0;
    }
}

INLINE int whole(int lanes) /* rounded up to what is made at once */
{
    return (lanes + ABREAST * LANES - 1) / (ABREAST * LANES) * (ABREAST * LANES);
}

INLINE void next_blocks(struct tile *t, int lane, u64 stream, struct four x[ABREAST])
{
#pragma GCC unroll 4
    EACH(i, ABREAST) {
        words *block = (words *)(t->block + lane) + i, *trial = (words *)(t->trial + lane) + i;
        x[i] = (struct four){*block, every(stream << 24), *trial, every(0)};
        *block += 1;
    }
    philox(x, t->seed);
}

static const double *uniforms(struct tile *t)
{
    if (t->drawn++ & 1)
        return t->odd;
    for (int lane = 0; lane < t->lanes; lane += ABREAST * LANES) {
        struct four x[ABREAST];
        next_blocks(t, lane, 0, x);
#pragma GCC unroll 4
        EACH(i, ABREAST) {
            ((doubles *)(t->even + lane))[i] = closed_open(x[i].a, x[i].b);
            ((doubles *)(t->odd + lane))[i] = closed_open(x[i].c, x[i].d);
        }
    }
    return t->even;
}

static const double *normals(struct tile *t) /* Box and Muller's */
{
    if (t->drawn++ & 1)
        return t->odd;
    for (int lane = 0; lane < t->lanes; lane += ABREAST * LANES) {
        struct four x[ABREAST];
        next_blocks(t, lane, 1, x);
#pragma GCC unroll 4
        EACH(i, ABREAST) {
            ((doubles *)(t->even + lane))[i] = open_closed(x[i].a, x[i].b);
            ((doubles *)(t->odd + lane))[i] = closed_open(x[i].c, x[i].d);
        }
    }
    EACH(i, whole(t->lanes)) {
        double radius = sqrt(-2.0 * logarithm(t->even[i])), sine, cosine;
        sincos_turns(t->odd[i], &sine, &cosine);
        t->even[i] = radius * cosine;
        t->odd[i] = radius * sine;
    }
    return t->even;
}

/* ---- The estimators: what each of TILE trials returns. */

static void pi(struct tile *t, const double *p, double *restrict value)
{
    const double *x = uniforms(t), *y = uniforms(t);
    (void)p;
    EACH(i, TILE) value[i] = x[i] * x[i] + y[i] * y[i] < 1.0 ? 1.0 : 0.0;
}

static void two_normals(struct tile *t, const double *p, double *restrict value)
{
    const double *a = normals(t), *b = normals(t);
    (void)p;
    EACH(i, TILE) value[i] = a[i] * b[i];
}

static void walk(struct tile *t, const double *p, double *restrict value)
{
    int steps = (int)p[0];
    EACH(i, TILE) value[i] = 0.0;
    EACH(step, steps) {
        const double *z = normals(t);
        EACH(i, TILE) value[i] += z[i];
    }
}

static void asian_gbm(struct tile *t, const double *p, double *restrict value)
{
    double spot = p[0], strike = p[1], rate = p[2], volatility = p[3], maturity = p[4];
    int steps = (int)p[5];
    double dt = maturity / steps, drift = (rate - 0.5 * volatility * volatility) * dt, spread = volatility * sqrt(dt);
    double x[TILE] = {0}, total[TILE] = {0};
    EACH(step, steps) {
        const double *z = normals(t);
        EACH(i, TILE) {
            x[i] += drift + spread * z[i];
            total[i] += exponential(x[i]);
        }
    }
    double discount = exp(-rate * maturity);
    EACH(i, TILE) value[i] = discount * fmax(spot * total[i] / steps - strike, 0.0);
}

static void heston(struct tile *t, const double *p, double *restrict value)
{
    double spot = p[0], strike = p[1], rate = p[2], start = p[3], reversion = p[4], level = p[5], wobble = p[6], rho = p[7];
    double maturity = p[8];
    int steps = (int)p[9];
    double dt = maturity / steps, root_dt = sqrt(dt), across = sqrt(1.0 - rho * rho);
    double x[TILE] = {0}, variance[TILE], first[TILE];
    EACH(i, TILE) variance[i] = start;
    EACH(step, steps) {
        memcpy(first, normals(t), sizeof first);
        const double *second = normals(t);
        EACH(i, TILE) {
            double v = variance[i] > 0.0 ? variance[i] : 0.0, spread = sqrt(v) * root_dt;
            x[i] += (rate - 0.5 * v) * dt + spread * first[i];
            variance[i] += reversion * (level - v) * dt + wobble * spread * (rho * first[i] + across * second[i]);
        }
    }
    double discount = exp(-rate * maturity);
    EACH(i, TILE) value[i] = discount * fmax(spot * exponential(x[i]) - strike, 0.0);
}

static void mm1(struct tile *t, const double *p, double *restrict value)
{
    double between = 1.0 / p[0], service = 1.0 / p[1];
    int customers = (int)p[2];
    double wait[TILE] = {0}, served[TILE];
    EACH(i, TILE) value[i] = 0.0;
    EACH(customer, customers) {
        memcpy(served, uniforms(t), sizeof served);
        const double *arrived = uniforms(t);
        EACH(i, TILE) {
            double next = wait[i] - service * logarithm(1.0 - served[i]) + between * logarithm(1.0 - arrived[i]);
            wait[i] = next > 0.0 ? next : 0.0;
            value[i] += wait[i];
        }
    }
    EACH(i, TILE) value[i] /= customers;
}

static void radar(struct tile *t, const double *p, double *restrict value)
{
    double amplitude = p[0], threshold = p[1], total[TILE] = {0};
    int pulses = (int)p[2];
    EACH(pulse, pulses) {
        const double *a = normals(t), *b = normals(t);
        EACH(i, TILE) total[i] += 0.5 * ((amplitude + a[i]) * (amplitude + a[i]) + b[i] * b[i]);
    }
    EACH(i, TILE) value[i] = total[i] > threshold ? 1.0 : 0.0;
}

/* ---- Blocks of trials, and the sums of what they return. */

typedef void estimator(struct tile *, const double *, double *restrict);

static void add(const double *value, double *sums) /* sum and sum of squares, in LANES partial sums each */
{
    doubles total = {0}, squares = {0};
    for (int i = 0; i < BLOCK; i += LANES) {
        doubles v = *(const doubles *)(value + i);
        total += v;
        squares += v * v;
    }
    EACH(i, LANES) {
        sums[0] += total[i];
        sums[1] += squares[i];
    }
}

INLINE void estimate(estimator *one, u64 seed, u64 first, u64 trials, const double *p, double *sums)
{
    static double value[BLOCK] __attribute__((aligned(64)));
    static struct tile t;
    for (u64 done = 0; done < trials; done += BLOCK) {
        for (int i = 0; i < BLOCK; i += TILE) {
            begin(&t, seed, first + done + (u64)i);
            one(&t, p, value + i);
        }
        add(value, sums);
    }
}

#define EXPORT(name)                                                                           \
    void run_##name(u64 seed, u64 first, u64 trials, const double *p, double *sums) \
    {                                                                                          \
        estimate(name, seed, first, trials, p, sums);                                          \
    }

EXPORT(pi)
EXPORT(two_normals)
EXPORT(walk)
EXPORT(asian_gbm)
EXPORT(heston)
EXPORT(mm1)
EXPORT(radar)

/* ---- First passage: trials are of different lengths, so a lane whose trial is over takes the next one. */

enum { PAIRS_AT_ONCE = 4 }; /* pairs of steps between two looks at which trials are over */

static void step(const double *z, int lanes, double band, double limit, double *restrict x, double *restrict steps)
{
    EACH(i, lanes) {
        int inside = (fabs(x[i]) < band) & (steps[i] < limit);
        x[i] = inside ? x[i] + z[i] : x[i];
        steps[i] = inside ? steps[i] + 1.0 : steps[i];
    }
}

static void passages(u64 seed, u64 first, double band, double limit, double *value)
{
    static struct tile t;
    double x[TILE] = {0}, steps[TILE] = {0};
    u64 next = first + TILE;
    begin(&t, seed, first);
    while (t.lanes > 0) {
        EACH(pair, PAIRS_AT_ONCE) {
            step(normals(&t), whole(t.lanes), band, limit, x, steps);
            step(normals(&t), whole(t.lanes), band, limit, x, steps);
        }
        for (int i = 0; i < t.lanes; i++) {
            if (fabs(x[i]) < band && steps[i] < limit)
                continue;
            value[t.trial[i] - first] = steps[i];
            if (next < first + BLOCK) {
                t.trial[i] = next++;
                t.block[i] = 0;
                x[i] = steps[i] = 0.0;
            } else { /* the last lane moves here, and is looked at next */
                int last = --t.lanes;
                t.trial[i] = t.trial[last];
                t.block[i] = t.block[last];
                x[i] = x[last];
                steps[i--] = steps[last];
            }
        }
    }
}

void run_first_passage(u64 seed, u64 first, u64 trials, const double *p, double *sums)
{
    static double value[BLOCK] __attribute__((aligned(64)));
    for (u64 done = 0; done < trials; done += BLOCK) {
        passages(seed, first + done, p[0], p[1], value);
        add(value, sums);
    }
}

/* ---- What the machine can do: one "trial" is one operation on one lane, in as many independent chains as hide its latency. */

enum { CHAINS = LANES == 8 ? 12 : 6 };

INLINE void peak(int multiplies, int adds, u64 operations, double *sums)
{
    words x[CHAINS], factor = every(0xD2511F53);
    doubles y[CHAINS], shrink = (doubles){0} + sums[0] + 0.5;
    EACH(i, CHAINS) {
        x[i] = every(operations + (u64)i);
        y[i] = (doubles){0} + i;
    }
    for (u64 done = 0; done < operations; done += CHAINS * LANES) {
#pragma GCC unroll 12
        EACH(i, CHAINS) {
            if (multiplies)
                x[i] = multiply(x[i], factor);
            if (adds)
                y[i] = y[i] * shrink + shrink;
        }
    }
    EACH(i, CHAINS) sums[1] += y[i][0] + (double)x[i][0];
}

#define PEAK(name, multiplies, adds)                                                                     \
    void run_##name(u64 seed, u64 first, u64 operations, const double *p, double *sums) \
    {                                                                                                    \
        (void)seed, (void)first, (void)p;                                                                \
        peak(multiplies, adds, operations, sums);                                                        \
    }

PEAK(multiply, 1, 0)
PEAK(fma, 0, 1)
PEAK(both, 1, 1)
