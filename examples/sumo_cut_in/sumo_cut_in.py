"""How often does a car that cuts in make our car, whose sensor loses frames, brake too late? Eclipse SUMO drives them.

pip install -e '.[sumo]'
python examples/sumo_cut_in/sumo_cut_in.py
sweep replay sweep-results/sumo_cut_in --where collision --limit 3
SUMO_GUI=1 sweep replay sweep-results/sumo_cut_in --where collision --limit 1
"""

from sweep import Sweep, command, grid, linspace

drive = command(
    ["{python}", "{here}/cut_in.py", "--serve"],
    server=True,
    parameters=["time_gap", "speed_difference", "reaction", "tau", "sensor_range", "dropout"],
    outputs={"collision": bool, "hard_braking": bool, "least_ttc": float},
    files=["cut_in.py", "motorway.net.xml", "traffic.rou.xml"],
    seed_bits=31,
    timeout=30,
)

space = grid(
    time_gap=linspace(0.3, 1.0, 8),  # seconds from our front bumper to the other's rear one
    speed_difference=[6.0, 9.0, 12.0],  # metres per second by which the other is slower
    dropout=[0.2, 0.5],  # part of the sensor's frames that are lost
    reaction=[0.3],  # seconds between two decisions: SUMO's actionStepLength
    tau=[1.0],  # seconds that our car tries to keep
    sensor_range=[60.0],  # metres
)
study = Sweep(drive, space, trials=12, seed=1, keep="collision")


def main() -> None:
    result = study.run("sweep-results/sumo_cut_in")
    print("How often do they touch when the other is 9 m/s slower and half of the frames are lost?\n")
    print(result.where(speed_difference=9.0, dropout=0.5))
    picture = result.plot("collision", dropout=0.5)
    picture.set(xlabel="time gap, s", ylabel="probability of a collision")
    picture.figure.savefig("sumo_cut_in.png", dpi=110)


if __name__ == "__main__":
    main()
