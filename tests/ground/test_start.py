import os
import subprocess
import sys
from pathlib import Path

from flexsmt_site.config import ROOT

#: What no page of a site on SQLite needs; each takes hundredths of the start, and memory of every worker.
NOT_NEEDED = ("alembic", "psycopg", "aiosmtpd", "pyrage", "mmdb_writer", "flexsmt_site.outbox.commands")
FIRST_PAGE = f"""
import gc, sys
from wsgi import app
status = app.test_client().get("/en/", base_url="http://127.0.0.1:8000").status_code
print(status, gc.isenabled(), gc.get_freeze_count() > 0, *(set({NOT_NEEDED}) & set(sys.modules)))
"""


def test_the_first_page_comes_without_what_only_commands_need(tmp_path: Path) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
    ended = subprocess.run(
        [sys.executable, "-c", FIRST_PAGE],
        cwd=ROOT,
        env={**plain, "FLEXSMT_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ended.stdout.split() == ["200", "True", "True"], ended.stderr
