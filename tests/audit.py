"""Known weaknesses of the packages of this environment: ``python -m tests.audit``.

The work is done by pip-audit, of which a copy is installed when there is none.
"""

import importlib.util
import subprocess
import sys


def main():
    if importlib.util.find_spec("pip_audit") is None:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "pip-audit>=2.7"]
        subprocess.run(install, check=True)
    command = [sys.executable, "-m", "pip_audit", "--skip-editable", "--progress-spinner", "off"]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
