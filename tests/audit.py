"""Compare the locked versions with published advisories: ``make audit``.

Ends with 1 when a package has an advisory or the locked list can not be read. Ends with 0 when the
advisory service does not answer, and says so: silence is no clean bill.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LOCKED = Path(__file__).resolve().parent.parent / "requirements" / "run.txt"
#: What pip-audit's last words hold when the fault is the network's and not the list's.
_NETWORK = ("connect", "timed out", "timeout", "proxy", "resolution", "serviceerror", "httperror")
_LIMIT_SECONDS = 300

Package = dict[str, Any]


def main() -> int:
    """Ask the service about every locked package; return the exit status."""
    return judge(*ask(LOCKED))


def judge(found: list[Package] | None, words: str) -> int:
    """Say what was found; return 1 only for an advisory, or for a list that can not be read."""
    if found is None:
        return silence(words)
    asked = [package for package in found if "skip_reason" not in package]
    unknown = sorted(package["name"] for package in found if "skip_reason" in package)
    if not asked:
        return _say("The advisory service does not answer for any of these packages: nothing was checked.", 0)
    lines = [advisory for package in asked for advisory in advisories(package)]
    for line in lines:
        _say(line, 1)
    if unknown:
        _say(f"Not checked, because the service does not know them: {', '.join(unknown)}.", 0)
    return _say(f"{len(asked)} packages checked, {len(lines)} advisories.", 1 if lines else 0)


def ask(locked: Path) -> tuple[list[Package] | None, str]:
    """Run pip-audit; return its packages, None when it came to no result, and its last words."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off"]
        command = [sys.executable, "-m", "pip_audit", "-r", str(locked), *options]
        try:
            done = subprocess.run(
                [*command, "--format", "json", "--output", str(report)],
                capture_output=True,
                text=True,
                check=False,
                timeout=_LIMIT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return None, f"timed out after {_LIMIT_SECONDS} s"
        if not report.exists():
            return None, done.stderr.strip()
        packages: list[Package] = json.loads(report.read_text("utf-8"))["dependencies"]
        return packages, done.stderr.strip()


def silence(words: str) -> int:
    """Tell a service that does not answer (0) from a list that can not be read (1)."""
    last = words.splitlines()[-1] if words else "no reason given"
    if any(sign in words.lower() for sign in _NETWORK):
        return _say(f"The advisory service does not answer: nothing was checked. ({last[:160]})", 0)
    return _say(f"The audit came to no result: {last[:160]}", 1)


def advisories(package: Package) -> list[str]:
    """Return a line for each advisory about the package: its id, and the versions that mend it."""
    name = f"{package['name']} {package['version']}"
    return [
        f"{name}: {entry['id']}, mended in {', '.join(entry['fix_versions']) or 'no version yet'}"
        for entry in package["vulns"]
    ]


def _say(text: str, status: int) -> int:
    print(text, file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main())
