"""Made-up registries that grow by one to three patients a report, and whose patients are seen for longer."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

from reports.content import FlowStep, MissingCount, RuleCount
from tests.reports import registry_sample
from tests.reports.handmade import group

CHARACTERISTICS = {
    "Sex": (("Women", 75), ("Men", 24), ("Other", 1)),
    "Growth pattern": (("Intravasal", 40), ("Extravasal", 10), ("Mixed", 45), ("Not assessed", 5)),
    "Margin": (("R0", 70), ("R1", 20), ("R2", 6), ("RX", 4)),
    "Grade": (("I", 60), ("II", 15), ("IIIa", 9), ("IIIb", 6), ("IVa", 5), ("IVb", 3), ("V", 2)),
    "Verdict": (("concordant", 60), ("deviation", 8), ("justified", 3), ("not_assessable", 9), ("not_applicable", 20)),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Member:
    """One patient: when registered, what is recorded, and what happens."""

    since: int  # the report in which it is first counted
    values: dict[str, str]
    is_resected: bool
    is_recorded: bool
    life: registry_sample.Life


def members(seed, *, first=40, reports=8):
    """Draw a registry and its newcomers."""
    chance = random.Random(f"growing {seed}")
    sizes = [first, *(chance.randint(1, 3) for _ in range(reports - 1))]
    lives = iter(registry_sample.lives(seed, sum(sizes)))
    return [
        Member(
            since=report,
            values={
                name: chance.choices([code for code, _ in codes], [weight for _, weight in codes])[0]
                for name, codes in CHARACTERISTICS.items()
            },
            is_resected=chance.random() < 0.93,
            is_recorded=chance.random() < 0.9,
            life=next(lives),
        )
        for report, size in enumerate(sizes)
        for _ in range(size)
    ]


def seen_by(member, report):
    """What is known of a life at a report: three months more each time."""
    until = 91 * (report - member.since) + (1500 if not member.since else 20)
    life = member.life
    if life.last <= until:
        return life
    days = {name: day if (day := getattr(life, name)) is not None and day <= until else None
            for name in ("local", "distant", "occluded")}  # fmt: skip
    return replace(life, last=until, died=False, **days)


def content(everybody, report):
    """The exact content of one report."""
    here = [one for one in everybody if one.since <= report]
    resected = [one for one in here if one.is_resected]
    recorded = [one for one in resected if one.is_recorded]

    def counted(name, of):
        return [(code, sum(one.values[name] == code for one in of)) for code, _ in CHARACTERISTICS[name]]

    verdicts = RuleCount(
        rule="S-04", title="Chevron approach", source="-", severity="minor", **dict(counted("Verdict", here))
    )
    groups = {
        name: replace(group(name, *counted(name, recorded), of=len(recorded)), applicable=len(resected))
        for name in ("Growth pattern", "Margin", "Grade")
    }
    complications = replace(groups["Grade"], heading="Highest grade")
    found = replace(
        registry_sample.content([seen_by(one, report) for one in resected]),
        headlines=(),
        patients=(group("Sex", *counted("Sex", here), of=len(here)), groups["Growth pattern"]),
        operations=(groups["Margin"],),
        complications=complications,
        early_events=None,
        rules=(verdicts,),
        rules_read=len(here),
        missing=(
            MissingCount(form="Tumor", variable="Growth", recorded=len(recorded), applicable=len(resected)),
        ),
    )
    flow = tuple(
        FlowStep(label=label, n=len(found)) for label, found in (("Registered", here), ("Resected", resected))
    )
    return replace(found, flow=flow, as_of=date(2024, 1, 31) + report * timedelta(days=91))
