"""What curves are split by, in words: the name of each stratum, of its groups, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from cases import vocabulary
from cases.vocabulary import Vocabulary
from reports.remarks import mark

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Its name in English, and the vocabulary of its groups; groups without one are called by their code."""

    title: str
    vocabulary: type[Vocabulary] | None = None


WORDS: dict[str, Stratum] = {
    "sex": Stratum(title=mark("Sex"), vocabulary=vocabulary.Sex),
    "level": Stratum(title=mark("Most cranial level"), vocabulary=vocabulary.Level),
    "segment": Stratum(title=mark("Most cranial segment"), vocabulary=vocabulary.Segment),
    "size": Stratum(title=mark("Size"), vocabulary=vocabulary.TumorStage),
    "growth_pattern": Stratum(title=mark("Growth pattern"), vocabulary=vocabulary.Growth),
    "margin": Stratum(title=mark("Margin"), vocabulary=vocabulary.Margin),
    "grade": Stratum(title=mark("FNCLCC grade"), vocabulary=vocabulary.Grade),
    "resection_type": Stratum(title=mark("Kind of resection"), vocabulary=vocabulary.ResectionType),
    "ivc_method": Stratum(title=mark("Reconstruction of the vena cava"), vocabulary=vocabulary.IvcMethod),
    "material": Stratum(title=mark("Prosthesis or patch"), vocabulary=vocabulary.Material),
    "era": Stratum(title=mark("Decade of the resection")),
    "center": Stratum(title=mark("Center")),
}


def word(stratum: str, label: str) -> str:
    """Call a group of a stratum as people do, in short: what its vocabulary explains after it is left out."""
    if label == NOT_RECORDED:
        return gettext("not recorded")
    codes = WORDS[stratum].vocabulary
    if codes is None or label not in codes.values:
        return label
    return str(codes(label).label).partition(" (")[0].partition(",")[0]


def ordered(stratum: str, groups: Iterable[Any]) -> list[Any]:
    """Put groups into the order of their vocabulary, what is not recorded last; others stay as they are."""
    codes = WORDS[stratum].vocabulary if stratum else None
    places = {code: place for place, code in enumerate(codes.values if codes else ())}
    return sorted(groups, key=lambda group: (group == "", places.get(group, -1)))
