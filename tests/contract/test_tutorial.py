"""docs/api.md does what it says: its blocks are run in order, with a real key, against a live server."""

import ast
import contextlib
import io
import os
import re
import subprocess
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.conf import settings

from tests.clients import issue

PAGE = settings.BASE_DIR / "docs" / "api.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Block:
    """One block of the page, and what the page says that it prints."""

    section: str
    language: str
    code: str
    output: str = ""


def blocks():
    found = []
    for section in PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        title = section.partition("\n")[0]
        for language, code in FENCE.findall(section):
            if language == "output":
                found[-1].output = code
            else:
                found.append(Block(title, language, code))
    return found


def prints(told, expected):
    """Whether it printed what the page shows; `...` stands for anything, at the end of it for the rest."""
    parts = [re.escape(part) for part in expected.strip().split("...")]
    return re.fullmatch(".*".join(parts), told.strip(), re.DOTALL)


def run_shell(code, folder):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code], cwd=folder, env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(code, names):
    with contextlib.redirect_stdout(io.StringIO()) as told:
        exec(code, names)
    return told.getvalue()


@pytest.mark.django_db(transaction=True)
def test_the_tutorial_does_what_it_says(live_server, north, alice, tmp_path, monkeypatch):
    _, key = issue(north, alice, "read", "record", "import_cases", "explain")
    monkeypatch.setenv("REGISTRY", live_server.url)
    monkeypatch.setenv("KEY", key)
    monkeypatch.chdir(tmp_path)
    names = {}

    for block in blocks():
        told = run_shell(block.code, tmp_path) if block.language == "sh" else run_python(block.code, names)
        assert prints(told, block.output), (
            f"{block.section}\n{block.code}\nprinted:\n{told}\nnot:\n{block.output}"
        )


def test_every_section_with_code_says_what_it_prints():
    assert [block.section for block in blocks() if not block.output] == []
    assert {block.language for block in blocks()} == {"sh", "python"}


def defined():
    """What the page defines, without what it does."""
    names = {}
    for block in blocks():
        if block.language == "python":
            tree = ast.parse(block.code)
            is_kept = (ast.Import, ast.ImportFrom, ast.FunctionDef)
            tree.body = [
                node
                for node in tree.body
                if isinstance(node, is_kept) or ast.unparse(node).startswith("PASSING =")
            ]
            exec(compile(tree, "api.md", "exec"), names)
    return names


PAGE_OF_A_PROXY = "text/html", b"<html>"
IN_PROGRESS = "application/problem+json", b'{"type": "urn:ivc-registry:problem:request_in_progress"}'


@pytest.mark.parametrize(
    "first",
    [
        (502, *PAGE_OF_A_PROXY),
        (504, *PAGE_OF_A_PROXY),
        (503, *PAGE_OF_A_PROXY),
        (500, "application/problem+json", b'{"type": "urn:ivc-registry:problem:server_error"}'),
        (409, *IN_PROGRESS),
        (201, "application/json", b'{"cut'),
    ],
    ids=lambda first: f"{first[0]} {first[1]}",
)
def test_who_insists_comes_through_what_passes(first, monkeypatch):
    answers = [first, (201, "application/json", b"{}")]

    class Registry(BaseHTTPRequestHandler):
        def do_POST(self):
            status, kind, body = answers.pop(0)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told):
            """Say nothing."""

    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("KEY", "ivcr_x")
    with HTTPServer(("127.0.0.1", 0), Registry) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("REGISTRY", f"http://127.0.0.1:{server.server_port}")
        status, _, answer = defined()["insist"]("POST", "cases/", {})
        server.shutdown()

    assert (status, answer, answers) == (201, {}, [])
