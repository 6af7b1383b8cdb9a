/* The estimators as CUDA programs are written: a grid-stride loop, cuRAND's Philox with a subsequence for each thread, sums in registers, one
 * atomic addition a block. A thread draws pairs of normals by curand_normal2_double; its generator goes on from trial to trial. */

#include <cmath>
#include <cstdint>
#include <cuda_runtime.h>
#include <curand_kernel.h>

typedef curandStatePhilox4_32_10_t State;

struct Draws {
    State *state;
    double spare;
    bool has_spare;
    __device__ double uniform() { return curand_uniform_double(state); }
    __device__ double exponential() { return -log(curand_uniform_double(state)); }
    __device__ double normal()
    {
        if (has_spare) {
            has_spare = false;
            return spare;
        }
        double2 pair = curand_normal2_double(state);
        spare = pair.y;
        has_spare = true;
        return pair.x;
    }
};

struct pi {
    static __device__ double trial(Draws &rng, const double *)
    {
        double2 u = make_double2(rng.uniform(), rng.uniform());
        return u.x * u.x + u.y * u.y < 1.0;
    }
};

struct two_normals {
    static __device__ double trial(Draws &rng, const double *)
    {
        double a = rng.normal();
        return a * rng.normal();
    }
};

struct walk {
    static __device__ double trial(Draws &rng, const double *p)
    {
        int steps = (int)p[0];
        double x = 0.0;
        for (int i = 0; i < steps; i++) x += rng.normal();
        return x;
    }
};

struct asian_gbm {
    static __device__ double trial(Draws &rng, const double *p)
    {
        double spot = p[0], strike = p[1], rate = p[2], volatility = p[3], maturity = p[4];
        int steps = (int)p[5];
        double dt = maturity / steps, drift = (rate - 0.5 * volatility * volatility) * dt, spread = volatility * sqrt(dt);
        double x = 0.0, total = 0.0;
        for (int i = 0; i < steps; i++) {
            x += drift + spread * rng.normal();
            total += exp(x);
        }
        return exp(-rate * maturity) * fmax(spot * total / steps - strike, 0.0);
    }
};

struct heston {
    static __device__ double trial(Draws &rng, const double *p)
    {
        double spot = p[0], strike = p[1], rate = p[2], variance = p[3], reversion = p[4], level = p[5], wobble = p[6], rho = p[7], maturity = p[8];
        int steps = (int)p[9];
        double dt = maturity / steps, root_dt = sqrt(dt), across = sqrt(1.0 - rho * rho), x = 0.0;
        for (int i = 0; i < steps; i++) {
            double a = rng.normal(), b = rng.normal(), v = fmax(variance, 0.0), spread = sqrt(v) * root_dt;
            x += (rate - 0.5 * v) * dt + spread * a;
            variance += reversion * (level - v) * dt + wobble * spread * (rho * a + across * b);
        }
        return exp(-rate * maturity) * fmax(spot * exp(x) - strike, 0.0);
    }
};

struct first_passage {
    static __device__ double trial(Draws &rng, const double *p)
    {
        double x = 0.0;
        int steps = 0, limit = (int)p[1];
        while (fabs(x) < p[0] && steps < limit) {
            x += rng.normal();
            steps++;
        }
        return steps;
    }
};

struct mm1 {
    static __device__ double trial(Draws &rng, const double *p)
    {
        double wait = 0.0, total = 0.0;
        int customers = (int)p[2];
        for (int i = 0; i < customers; i++) {
            double service = rng.exponential() / p[1];
            wait = fmax(wait + service - rng.exponential() / p[0], 0.0);
            total += wait;
        }
        return total / customers;
    }
};

struct radar {
    static __device__ double trial(Draws &rng, const double *p)
    {
        double total = 0.0;
        int pulses = (int)p[2];
        for (int i = 0; i < pulses; i++) {
            double in_phase = p[0] + rng.normal(), quadrature = rng.normal();
            total += 0.5 * (in_phase * in_phase + quadrature * quadrature);
        }
        return total > p[1];
    }
};

struct Parameters {
    double p[10];
};

template <class Estimator> __global__ void sums_of(uint64_t seed, uint64_t first, uint64_t trials, Parameters parameters, double *sums)
{
    __shared__ double shared[2];
    uint64_t thread = blockIdx.x * (uint64_t)blockDim.x + threadIdx.x, threads = gridDim.x * (uint64_t)blockDim.x;
    State state;
    curand_init(seed, first + thread, 0, &state);
    Draws rng = {&state, 0.0, false};
    double sum = 0.0, squares = 0.0;
    for (uint64_t i = thread; i < trials; i += threads) {
        double value = Estimator::trial(rng, parameters.p);
        sum += value;
        squares += value * value;
    }
    if (threadIdx.x < 2) shared[threadIdx.x] = 0.0;
    __syncthreads();
    for (int offset = 16; offset; offset /= 2) {
        sum += __shfl_down_sync(0xffffffffu, sum, offset);
        squares += __shfl_down_sync(0xffffffffu, squares, offset);
    }
    if (threadIdx.x % 32 == 0) {
        atomicAdd(shared, sum);
        atomicAdd(shared + 1, squares);
    }
    __syncthreads();
    if (threadIdx.x < 2) atomicAdd(sums + threadIdx.x, shared[threadIdx.x]);
}

template <class Estimator> static int run(uint64_t seed, uint64_t first, uint64_t trials, const double *p, int count, double *sums)
{
    static double *there = nullptr;
    static int blocks = 0;
    if (!there) {
        int device = 0, multiprocessors = 0, each = 0;
        if (cudaMalloc(&there, 2 * sizeof(double))) return 1;
        cudaGetDevice(&device);
        cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device);
        cudaOccupancyMaxActiveBlocksPerMultiprocessor(&each, sums_of<Estimator>, 256, 0);
        blocks = multiprocessors * each;
    }
    Parameters parameters = {};
    for (int i = 0; i < count; i++) parameters.p[i] = p[i];
    cudaMemset(there, 0, 2 * sizeof(double));
    sums_of<Estimator><<<blocks, 256>>>(seed, first, trials, parameters, there);
    return cudaMemcpy(sums, there, 2 * sizeof(double), cudaMemcpyDeviceToHost);
}

#define EXPORT(name) \
    extern "C" int run_##name(uint64_t seed, uint64_t first, uint64_t trials, const double *p, int count, double *sums) \
    { \
        return run<name>(seed, first, trials, p, count, sums); \
    }
EXPORT(pi)
EXPORT(two_normals)
EXPORT(walk)
EXPORT(asian_gbm)
EXPORT(heston)
EXPORT(first_passage)
EXPORT(mm1)
EXPORT(radar)
