"""A slower car cuts in: how often does emergency braking come too late when the sensor loses measurements?

python examples/aeb_cut_in.py
"""

from sweep import Sweep, compare, find_cases, grid, linspace
from sweep.replay import prepare_stored, replay_cases
from sweep_kernels.models import aeb_cut_in

STORE = "sweep-results/aeb_cut_in"

study = Sweep(
    aeb_cut_in,
    grid(
        time_gap=linspace(0.3, 1.2, 10),  # seconds between the cars as the other one comes into the lane
        speed_difference=[8.0, 10.0, 12.0],  # by how much it is slower, metres per second
        dropout=[0.05, 0.2, 0.4],  # probability that a measurement is lost
    ),
    trials=20_000,
    seed=1,
    keep="collision",  # these trials can be looked at afterwards
    common_random_numbers=True,  # and sensors are compared on the same trials
)


def main() -> None:
    result = study.run(STORE)

    print("How often, and how fast, do they touch? 10 m/s slower\n")
    print(result.where(speed_difference=10.0, dropout=0.2))
    picture = result.plot("collision", speed_difference=10.0)
    picture.set(yscale="log", ylim=(1e-5, 1.5), xlabel="time gap, s", ylabel="probability of a collision")
    picture.figure.savefig("aeb_cut_in.png", dpi=110)

    print("\nWhere do they meet fastest with the best sensor?\n")
    print(result.where(dropout=0.05).worst(3, by="impact_speed"))

    print("\nHow many collisions more are there on the same trials with more dropout? 0.5 s ahead\n")
    for row in compare(STORE, by="dropout").table.to_pylist():
        if row["time_gap"] == 0.5:
            print(
                f"{row['speed_difference']:>4g} m/s slower, dropout {row['dropout_first']} to {row['dropout_second']}: "
                f"{row['difference']:+.4f} [{row['ci_low']:+.4f}, {row['ci_high']:+.4f}]"
            )

    print("\nWhy did they touch 0.6 s ahead with the best sensor? The first such trial, again in plain Python\n")
    found = find_cases(STORE, "time_gap > 0.59 and dropout < 0.1", limit=1)
    for trial in replay_cases(*prepare_stored(STORE), found, trace=True):
        print(f"trial {trial.trial} of point {trial.point}: {trial.parameters}\n{trial.outputs}")
        losses = [draw.value < trial.parameters["dropout"] for draw in trial.draws[2::3]]
        braking = 8.0 + 1.5 * (2.0 * trial.draws[1].value - 1.0)
        print(
            "".join("x" if lost else "." for lost in losses),
            f"measurements, lost ones x; brakes with {braking:.2f} m/s^2",
        )


if __name__ == "__main__":
    main()
