from pathlib import Path

from tests.ground.test_cli import python

#: What no page of a site on SQLite needs; each takes hundredths of the start, and memory of every worker.
NOT_NEEDED = ("alembic", "psycopg", "aiosmtpd", "pyrage", "mmdb_writer", "flexsmt_site.outbox.commands")
FIRST_PAGE = f"""
import gc, sys
from wsgi import app
status = app.test_client().get("/en/", base_url="http://127.0.0.1:8000").status_code
print(status, gc.isenabled(), gc.get_freeze_count() > 0, *(set({NOT_NEEDED}) & set(sys.modules)))
"""


def test_the_first_page_comes_without_what_only_commands_need(tmp_path: Path) -> None:
    ended = python(tmp_path, "-c", FIRST_PAGE)

    assert ended.stdout.split() == ["200", "True", "True"], ended.stderr
