"""The list of syringes on the command line."""

import argparse
import json

from instruments.commands import syringes


def run(*words):
    parser = argparse.ArgumentParser()
    syringes.add_arguments(parser)
    return syringes.run(parser.parse_args(words))


def test_it_lists_what_has_all_the_words(capsys):
    assert run("hamilton", "10", "ml") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("Hamilton 1000 10 mL") for line in lines)
    assert all("Hamilton" in line for line in lines)


def test_it_lists_objects_for_programs(capsys):
    assert run("terumo 5", "--json") == 0
    row = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (row["name"], row["diameter_mm"], row["capacity_ul"]) == ("Terumo 5 mL", 13.0, 5000)


def test_nothing_found_is_told_by_the_exit_code():
    assert run("no such maker") == 1
