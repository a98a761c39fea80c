"""Known weaknesses of the packages of this environment: ``python -m tests.audit``.

The work is done by pip-audit, of which a copy is installed when there is none. It asks the package
index and, where that knows nothing, OSV. A mirror that has no advisories answers "not found" for
every package, which pip-audit calls a success: here that is "not audited".

Exit code 0: every package was looked up and none is known to be weak. 1: weaknesses are known, each
is printed. 3: nobody could be asked, or not for all packages; they are named.
"""

import importlib.util
import json
import subprocess
import sys

SERVICES = ("pypi", "osv")
CLEAN, WEAK, NOT_AUDITED = 0, 1, 3


def ask(service):
    """Return what a service says of each package, an empty list when it cannot be reached."""
    command = [
        sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off",
        "--format", "json", "--timeout", "10", "--vulnerability-service", service,
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    try:
        return json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        words = done.stderr.strip().splitlines() or ["no words"]
        print(f"{service} cannot be asked: {words[-1][:200]}", file=sys.stderr)
        return []


def judge(answers):
    """Return weak packages with their advisories, and those that nobody knows, from all answers."""
    weak, known, named = {}, set(), set()
    for package in (package for answer in answers for package in answer):
        if "distribution marked as editable" in package.get("skip_reason", ""):
            continue
        named.add(package["name"])
        if "vulns" in package:
            known.add(package["name"])
            for advisory in package["vulns"]:
                fixed = ", ".join(advisory.get("fix_versions", [])) or "no version"
                words = f"{advisory['id']}, put right in {fixed}"
                weak.setdefault(f"{package['name']} {package['version']}", set()).add(words)
    return weak, sorted(named - known)


def main():
    if importlib.util.find_spec("pip_audit") is None:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "pip-audit>=2.7"]
        if subprocess.run(install, check=False).returncode:
            print("NOT AUDITED: pip-audit cannot be installed", file=sys.stderr)
            return NOT_AUDITED
    answers = []
    for service in SERVICES:
        answers.append(ask(service))
        if answers[-1] and not judge(answers)[1]:
            break
    weak, unknown = judge(answers)
    for package, advisories in sorted(weak.items()):
        print(f"WEAK {package}: {'; '.join(sorted(advisories))}")
    count = len({package["name"] for answer in answers for package in answer}) - len(unknown)
    if weak:
        return WEAK
    if unknown or not count:
        names = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        print(
            f"NOT AUDITED: {len(unknown)} packages are not known to {' or '.join(SERVICES)}, or "
            f"neither can be reached from here: {names or 'all'}"
        )
        return NOT_AUDITED
    print(f"audited {count} packages: no known weakness")
    return CLEAN


if __name__ == "__main__":
    sys.exit(main())
