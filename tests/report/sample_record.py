"""A record with every section, by hand: names that break out of HTML where they are not escaped, and odd numbers."""

from __future__ import annotations

import base64
from dataclasses import replace

from shortlist_report.record import (
    Calibration,
    CalibrationBin,
    Choice,
    Counts,
    Curve,
    DataFacts,
    Difference,
    Estimate,
    Example,
    Group,
    Record,
    Segments,
    ShownItem,
    System,
)
from shortlist_report.verdict import Comparison, verdict

HOSTILE = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"
BOTH, ONE, BASE = "Shortlist: both stages", "Shortlist: stage one alone", "EASE + 0.4 x popularity of 14 days"
PIXEL = (
    "data:image/png;base64,"
    + base64.b64encode(
        bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100"
            "18dd8db00000000049454e44ae426082"
        )
    ).decode()
)


def near(mean: float, half: float = 0.01) -> Estimate:
    return Estimate(mean, mean - half, mean + half)


def system(name: str, role: str, ndcg: float) -> System:
    metrics = {
        "hit@10": ndcg * 3, "recall@20": ndcg * 1.2, "recall@100": ndcg * 2, "recall@500": ndcg * 4, "mrr@10": ndcg * 2,
        "coverage@10": 0.31, "diversity@10": 0.71, "novelty@10": 6.2, "popularity@10": 120.4, "head@10": 0.66,
    }  # fmt: skip
    return System(name, role, near(ndcg), metrics)  # type: ignore[arg-type]


def segments(title: str, *names: str) -> Segments:
    groups = tuple(
        Group(name, 40 * (i + 1), {BOTH: near(0.16 - 0.01 * i), ONE: near(0.15 - 0.01 * i), BASE: near(0.12)})
        for i, name in enumerate(names)
    )
    return Segments(title, "What the groups are. What is measured.", "NDCG@10", "users", groups)


def curve(title: str, measure: str, **series: tuple[float | None, ...]) -> Curve:
    steps = tuple(float(i) for i in range(max(map(len, series.values()))))
    return Curve(
        title, "On the newest slice.", "pass", measure, steps, {k.replace("_", " "): v for k, v in series.items()}
    )


def fits(*losses: float) -> dict[str, tuple[float | None, ...]]:
    half = len(losses) // 2
    return {"fit 1": (*losses[:half], *[None] * half), "fit 2": (*[None] * half, *losses[half:])}


def sample() -> Record:
    """Every section is filled."""
    found = [
        Comparison("baseline", BASE, 0.1183, 0.0395, 0.034, 0.0451),
        Comparison("stage one", ONE, 0.154, 0.0038, -0.001, 0.009),
    ]
    systems = (
        system(BOTH, "both stages", 0.1578),
        system(ONE, "stage one", 0.154),
        system("two-tower source alone", "part", 0.0894),
        system("ranker without text", "part", 0.1561),
        system(BASE, "baseline", 0.1183),
        system("iALS, 64 factors", "baseline", 0.1053),
        system("popularity, last 14 days", "baseline", 0.083),
        replace(system("nothing at all", "baseline", 0.0), ndcg=Estimate(None)),
    )
    bins = [(0, 0.001, 70_000, 0.0004, 0.0005), (0.01, 0.02, 9_000, 0.014, 0.011), (0.2, 0.5, 120, 0.27, 0.31)]
    reason = "Because you bought JUMBO BAG: often chosen together."
    shown = ShownItem("22423", "REGENCY CAKESTAND 3 TIER", 12.75, PIXEL, reason, 0.114, True)
    hostile = ShownItem("x\u202e<b>", HOSTILE, None, "", "purchase, 2011-09-14")
    return Record(
        title="Evaluation of a bundle",
        facts=(("bundle", "20261130-101112-abcdef"), ("seed", "1")),
        verdict=verdict("both stages", found, 1_753),
        protocol="1,753 test users had events before 2011-09-09 and took something new afterwards.",
        systems=systems,
        judged=BOTH,
        differences=tuple(Difference(each.name, near(0.1578 - (each.ndcg.mean or 0))) for each in systems[1:-1]),
        ablations=(Difference("ranker without text", near(0.0017)), Difference("ranker without CF", near(0.02))),
        segments=(
            segments("Users by activity", "1 to 3", "4 to 15", "16 to 50", "more than 50"),
            segments("Items by category", "Home", HOSTILE, "all others"),
        ),
        calibration=Calibration(
            "The candidates of both stages.", 0.0021,
            tuple(CalibrationBin(low, high, n, p, near(t, t / 5)) for low, high, n, p, t in bins),
        ),
        taken={"novelty@10": 7.1, "popularity@10": 80.2, "head@10": 0.51},
        curves=(
            curve(
                "Ranker: NDCG@10", "NDCG@10",
                both_stages=(0.15, 0.157, 0.159, 0.158), without_text=(0.15, 0.155, None, None),
            ),
            curve("Ranker: loss", "loss", both_stages=(None, 4.1, 3.9, 3.8), without_text=(None, 4.2, None, None)),
            replace(curve("Two tower: loss", "loss", **fits(5.2, 4.8, 4.6, 4.5)), told_apart=False),
        ),
        choices=(Choice("Penalty of EASE", "200", "best of 5 tried"), Choice("The time of day", "left out")),
        examples=(
            Example(HOSTILE, "12 events before, on 9 items.", (hostile, shown), (shown, hostile)),
            Example("u2", "None.", (), ()),
        ),
        data=DataFacts(
            (("interactions", "397,884"), ("event types", "397,884 purchase")),
            tuple((f"2011-{month:02d}-01", 3_000 + 250 * month) for month in range(1, 13)),
            "month", "2011-09-09",
            Counts("Users by activity", "users", (("1", 71), ("2 to 10", 900), ("more than 10", 2_300))),
            (("interactions", "exact duplicate", 5_225), ("interactions", HOSTILE, 3)),
            ("no item has a category",),
        ),
    )  # fmt: skip


def bare() -> Record:
    """Nothing but a verdict: a test on one user, of data without anything else."""
    return Record(
        "Evaluation of a bundle", (), verdict("both stages", [], 1), "One test user.", missing={"curves": "Train anew."}
    )
