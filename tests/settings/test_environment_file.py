"""What systemd makes of an ``EnvironmentFile=``. It is its own referee: the generator for environment.d(5) has the
same parser, and needs no systemd that runs.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from notetaker.settings.environment_file import parse

GENERATOR = Path("/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator")

FILES = [
    # Comments: systemd.exec(5), "EnvironmentFile="
    ("A=DEBUG # while I look for it\n", {"A": "DEBUG # while I look for it"}),
    ("A=1;2 ; no comment\n", {"A": "1;2 ; no comment"}),
    ("A=# no comment\n", {"A": "# no comment"}),
    ("; a comment\n  # B=1\n\t;C='\nA=1\n", {"A": "1"}),
    ("\n\nno assignment\nA=1\n\nit's none\nB=2", {"A": "1", "B": "2"}),
    # Without quotes
    ("  A =  some   words \t\nB=2\r\nC=3\rD=4", {"A": "some   words", "B": "2", "C": "3", "D": "4"}),
    ("A=say \"no\"  'yes' \n", {"A": "say \"no\"  'yes'"}),
    ("A=1\nA=2\n", {"A": "2"}),
    ("A=b=c\n", {"A": "b=c"}),
    ("A=one\\\n two \\\nthree\n", {"A": "one two three"}),
    ("A=\\\\ \\n\\'\\ \\  \nB=1\\", {"A": "\\ n'  ", "B": "1"}),
    # With them
    ("A=' #;\\n\\' \nB=' two\nlines \"'\n", {"A": " #;\\n\\", "B": ' two\nlines "'}),
    ('A=" #;\'\\n\\x" \nB="\\" \\\\ \\` one\\\nline"', {"A": " #;'\\n\\x", "B": '" \\ ` oneline'}),
    ('A="one" \'two\'\tthree "four"\n', {"A": 'onetwothree "four"'}),
    ("A='1\nB=2\n", {"A": "1\nB=2\n"}),
    ('A="1 \\', {"A": "1 "}),
    # A name that no variable can have; what belongs to it is left out too
    ("export A=1\nB=2\n", {"B": "2"}),
    ("=A='\nB=2\n'\nC=3\n", {"C": "3"}),
]


def variables(found: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in found.items() if re.fullmatch("[A-Z]", name)}


@pytest.mark.parametrize(("text", "expected"), FILES)
def test_the_rules_are_those_of_systemd(text: str, expected: dict[str, str]) -> None:
    assert variables(parse(text)) == expected


@pytest.mark.skipif(
    not GENERATOR.exists() and os.environ.get("CI") != "true", reason="systemd is not installed"
)
@pytest.mark.parametrize(("text", "expected"), FILES)
def test_systemd_agrees(tmp_path: Path, text: str, expected: dict[str, str]) -> None:
    (tmp_path / "environment.d").mkdir()
    (tmp_path / "environment.d" / "1.conf").write_bytes(text.encode())
    output = subprocess.run(
        [GENERATOR], env={"XDG_CONFIG_HOME": str(tmp_path)}, capture_output=True, text=True, check=True
    ).stdout
    read = dict(line.split("=", 1) for line in output.splitlines())
    assert variables({name: unquoted(value) for name, value in read.items()}) == expected


def unquoted(value: str) -> str:
    """As the generator quotes."""
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), value[1:-1])


def test_what_the_generator_treats_otherwise() -> None:
    """It puts variables in for their names, and leaves out what has no value."""
    assert parse('A="\\$B $C"\nD=$E\nF=\nG=""') == {"A": "$B $C", "D": "$E", "F": "", "G": ""}
