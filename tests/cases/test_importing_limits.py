"""Workbooks are read in a process of their own: whatever one does there, whoever asked keeps memory and time."""

import io
import json
import os
import pickle
import subprocess
import sys

import pytest
from django.utils import translation

from cases import flat
from cases.flat import limited, workbooks
from cases.flat.limited import Limits, Values
from cases.flat.tables import UnreadableFile
from tests.cases.files import workbook
from tests.cases.test_importing_files import bomb, with_part
from tests.cases.test_importing_parts import base
from tests.network import ROOT
from tests.nightly import at_night

SECONDS, RSS_MIB, GROWTH_MIB = 20, 300, 20
TOO_MUCH = "takes more memory or time"
SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
# Reads a file as a web process does, and tells how its own memory and that of its children grew.
PROGRAM = """
import json, os, resource, sys, django
django.setup()
from cases import flat
from cases.flat import limited, workbooks
if "unlimited" in sys.argv:
    limited.sheets = workbooks.sheets
content = open(sys.argv[1], "rb").read()
def peak():
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
before, told = peak(), "read"
try:
    flat.heads(content)
except flat.UnreadableFile as error:
    told = str(error)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds = used.ru_utime + used.ru_stime
print(json.dumps([peak() - before, used.ru_maxrss / 1024, told, seconds]))
"""


def entity_bomb():
    """A billion laughs."""
    kinds = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(9))
    said = f"<!DOCTYPE x [{kinds}]><sst {SPACE}><si><t>&l8;</t></si></sst>"
    return with_part(workbook(cases=[["case_number"]]), "xl/sharedStrings.xml", said)


def many_cells():
    """Many cells, each with a text of its own: within every count, and slow to read."""
    row = "".join(f'<c t="inlineStr"><is><t>{n}</t></is></c>' for n in range(1000))
    sheet = f"<worksheet {SPACE}><sheetData>{f'<row>{row}</row>' * 300}</sheetData></worksheet>"
    return with_part(workbook(cases=[["case_number"]]), "xl/worksheets/sheet1.xml", sheet)


def many_texts():
    """Shared texts, most of which no cell names."""
    texts = "".join(f"<si><t>{n:07d}{'x' * 40}</t></si>" for n in range(900_000))
    return with_part(base(), "xl/sharedStrings.xml", f"<sst {SPACE}>{texts}</sst>")


BOMBS = {
    "unfolds to 40 MiB": lambda: bomb(40),
    "unfolds to 400 MiB": lambda: bomb(400),
    "unfolds to 90 MiB of cells under another name": lambda: bomb(90, "x"),
    "entities": entity_bomb,
    "many cells": many_cells,
    "many texts": many_texts,
}
QUICK = ("unfolds to 400 MiB", "entities")


def as_web(path, *words):
    """What a web process tells of a file: growth in MiB, the largest child in MiB, the sentence, its seconds."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), *words],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "registry.settings", "REGISTRY_PROCESS": "web"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", [*QUICK, *at_night(*(name for name in BOMBS if name not in QUICK))])
def test_a_bomb_takes_neither_memory_nor_time_of_the_web_process(name, tmp_path):
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(BOMBS[name]())

    growth, largest, told, seconds = as_web(path)

    assert growth < GROWTH_MIB
    assert largest < RSS_MIB
    assert seconds < SECONDS
    assert told == "read" or told.endswith(".")


@pytest.mark.nightly
def test_without_a_process_of_its_own_the_memory_is_that_of_the_web_process(tmp_path):
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(many_texts())

    growth, largest, *_ = as_web(path, "unlimited")

    assert growth > 3 * GROWTH_MIB
    assert largest < 10, "nothing was read elsewhere"


@pytest.mark.parametrize(
    "limits",
    [
        Limits(memory_mib=90, cpu_seconds=60, seconds=60),
        Limits(memory_mib=1024, cpu_seconds=1, seconds=60),
        Limits(memory_mib=1024, cpu_seconds=60, seconds=1),
    ],
    ids=["memory", "processor", "clock"],
)
@pytest.mark.parametrize("language", ["en", "uk"])
def test_beyond_each_limit_the_same_sentence_says_what_to_do(monkeypatch, limits, language):
    content = many_texts() if limits.memory_mib < 100 else many_cells()
    monkeypatch.setattr(limited, "READING", limits)

    with translation.override(language), pytest.raises(UnreadableFile) as refused:
        flat.read(content)

    assert (TOO_MUCH in str(refused.value)) == (language == "en")
    assert "CSV" in str(refused.value)


def test_within_the_limits_the_same_file_is_read():
    """The control: it was the limit that refused it, and nothing else."""
    (sheet,) = limited.sheets(many_cells())

    assert sum(1 for _ in sheet.rows()) == 299


def test_values_come_through_as_they_are():
    content = workbook(cases=[["case_number", "a"], ["A-1", 1.5], ["A-2", "=1+1"], ["A-3", True]])

    (one,), (other,) = limited.sheets(content), workbooks.sheets(content)

    assert list(one.rows()) == list(other.rows())
    assert [type(row.cells[1]) for row in one.rows()] == [type(row.cells[1]) for row in other.rows()]


def test_sentences_of_the_reader_are_in_the_language_of_who_asks():
    with translation.override("uk"), pytest.raises(UnreadableFile) as refused:
        limited.sheets(b"PK\x03\x04nothing")

    assert "Відкрийте" in str(refused.value)


def test_an_answer_that_is_more_than_cells_is_not_taken():
    class Evil:
        def __reduce__(self):
            return os.system, ("true",)

    with pytest.raises(pickle.UnpicklingError):
        Values(io.BytesIO(pickle.dumps([Evil()]))).load()


def test_a_reader_that_breaks_is_our_fault_and_not_the_files(monkeypatch, tmp_path, caplog):
    broken = tmp_path / "child.py"
    broken.write_text("raise SystemExit(7)")
    monkeypatch.setattr(limited, "CHILD", broken)

    with pytest.raises(RuntimeError):
        limited.sheets(b"PK\x03\x04")
    assert "status=7" in caplog.text


def test_the_reader_is_given_nothing_of_the_environment(monkeypatch):
    said = []
    run = subprocess.run
    monkeypatch.setattr(limited.subprocess, "run", lambda *a, **k: (said.append(k["env"]), run(*a, **k))[1])

    limited.sheets(workbook(cases=[["case_number"]]))

    assert said == [{}]


def test_what_is_waited_for_in_a_request_ends_before_its_transaction_does():
    assert limited.LOOKING.seconds < 10
    assert limited.READING.seconds < 600
