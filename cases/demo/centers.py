"""The centers of the demonstration: one for each country of the published cases, one for the founding cohort."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCenter:
    """A row of the table of centers. It stands for no hospital, and no data agreement is signed for it."""

    code: str
    name: str
    country: str
    timezone: str
    language: str = "en"


UNKNOWN_COUNTRY = "LITZZ"  # ZZ: for private use in ISO 3166-1

FOUNDING = DemoCenter(
    code="UZH",
    name="Founding cohort (reconstruction), Uzhhorod",
    country="UA",
    timezone="Europe/Kyiv",
    language="uk",
)

PUBLISHED: dict[str, DemoCenter] = {
    country: DemoCenter(
        code=f"LIT{code}",
        name=f"Published cases, {country or 'country not stated'}",
        country=code,
        timezone=zone,
    )
    for country, code, zone in (
        ("", "ZZ", "UTC"),
        ("Brazil", "BR", "America/Sao_Paulo"),
        ("China", "CN", "Asia/Shanghai"),
        ("India", "IN", "Asia/Kolkata"),
        ("Italy", "IT", "Europe/Rome"),
        ("Japan", "JP", "Asia/Tokyo"),
        ("Kuwait", "KW", "Asia/Kuwait"),
        ("Morocco", "MA", "Africa/Casablanca"),
        ("Saudi Arabia", "SA", "Asia/Riyadh"),
        ("Serbia", "RS", "Europe/Belgrade"),
        ("South Korea", "KR", "Asia/Seoul"),
        ("Spain", "ES", "Europe/Madrid"),
        ("Turkey", "TR", "Europe/Istanbul"),
        ("United Kingdom", "GB", "Europe/London"),
        ("United States", "US", "America/New_York"),
    )
}

ALL: tuple[DemoCenter, ...] = (FOUNDING, *PUBLISHED.values())
