"""What curves are split by, in words: the name of each stratum, of its groups, and their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from cases import vocabulary
from cases.vocabulary import Vocabulary

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Its name, and the vocabulary of its groups; groups without one are called by their code."""

    title: Any
    vocabulary: type[Vocabulary] | None = None


WORDS: dict[str, Stratum] = {
    "sex": Stratum(title=gettext_lazy("Sex"), vocabulary=vocabulary.Sex),
    "level": Stratum(title=gettext_lazy("Most cranial level"), vocabulary=vocabulary.Level),
    "segment": Stratum(title=gettext_lazy("Most cranial segment"), vocabulary=vocabulary.Segment),
    "size": Stratum(title=gettext_lazy("Size"), vocabulary=vocabulary.TumorStage),
    "growth_pattern": Stratum(title=gettext_lazy("Growth pattern"), vocabulary=vocabulary.Growth),
    "margin": Stratum(title=gettext_lazy("Margin"), vocabulary=vocabulary.Margin),
    "grade": Stratum(title=gettext_lazy("FNCLCC grade"), vocabulary=vocabulary.Grade),
    "resection_type": Stratum(title=gettext_lazy("Kind of resection"), vocabulary=vocabulary.ResectionType),
    "ivc_method": Stratum(
        title=gettext_lazy("Reconstruction of the vena cava"), vocabulary=vocabulary.IvcMethod
    ),
    "material": Stratum(title=gettext_lazy("Prosthesis or patch"), vocabulary=vocabulary.Material),
    "era": Stratum(title=gettext_lazy("Decade of the resection")),
    "center": Stratum(title=gettext_lazy("Center")),
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
