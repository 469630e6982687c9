"""That measuring works: what it finds is for `make bench`, on a quiet machine."""

import os
import re
import shutil
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from flexsmt_site import database
from flexsmt_site.contact.models import Enquiry
from tests.bench import (
    cached,
    calls,
    enquiry,
    growth,
    hello,
    memory,
    places,
    rendering,
    servers,
    starting,
    stock,
    writers,
)
from tests.bench.calls import Asked, Counts
from tests.contact.form import FILLED_IN
from tests.patience import SECONDS

QUICK = Counts(rounds=1, ours=1, theirs=1)


@pytest.fixture(autouse=True)
def _one_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "DATABASES", (places.SQLITE,))


def test_a_call_sends_its_form_each_time_and_refuses_another_status() -> None:
    send = calls.repeated(hello.app, Asked("/form", {"first_name": "Анна"}))
    send()
    send()
    with pytest.raises(RuntimeError, match="GET /nowhere was answered 404"):
        calls.repeated(hello.app, Asked("/nowhere"))()


def test_each_of_many_requests_is_sent_once() -> None:
    send = calls.one_by_one(hello.app, [Asked("/"), Asked("/nowhere", status=404)])
    send()
    send()
    with pytest.raises(StopIteration):
        send()


def test_only_work_counts_as_cpu_and_waiting_as_time() -> None:
    assert calls.cpu(lambda: time.sleep(0.05), 1) < calls.wall(lambda: time.sleep(0.05), 1)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system pins no process")
def test_a_process_stays_on_one_core_while_it_is_pinned() -> None:
    before = os.sched_getaffinity(0)
    with calls.pinned(1):
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before


def test_pages_made_anew_are_measured_for_three_goals() -> None:
    rows = list(rendering.measure(QUICK))
    assert {row.goal for row in rows} == {4, 5, 6}
    assert all(row.figure and row.limit for row in rows)


def test_a_kept_page_is_no_page_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_ANEW", "")
    # The first visitor of a page makes it; whoever comes next is handed what is kept.
    monkeypatch.setattr(rendering, "_PAGES", ("", ""))
    with pytest.raises(RuntimeError, match="is a kept page"):
        list(rendering.measure(QUICK))


def test_enquiries_are_accepted_and_stored_by_the_site_and_by_the_driver() -> None:
    rows = list(enquiry.measure(QUICK))
    assert [row.goal for row in rows] == [7, None, 8]
    assert all(row.figure for row in rows)


def test_a_held_enquiry_is_no_accepted_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FILLED_IN, "contact_time", "a robot fills in everything")
    with pytest.raises(RuntimeError, match="nothing in outbox"):
        list(enquiry.measure(QUICK))


def test_writers_lose_nothing() -> None:
    failed, lost = writers.measure(processes=2, times=5, patience=SECONDS)
    assert (failed.figure, lost.figure) == (0, 0)
    assert "2 processes, 5 transactions each" in lost.conditions


def test_a_write_that_failed_or_was_lost_is_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "_write_at_once", lambda *_: 1)
    failed, lost = writers.measure(processes=2, times=5)
    assert (failed.figure, lost.figure) == (1, 9)
    assert (failed.verdict, lost.verdict) == ("over", "over")


def test_pages_and_lists_are_measured_in_a_small_and_a_big_site() -> None:
    rows = list(growth.measure(growth.Counts(small=60, big=120, rounds=1, times=1)))
    assert len(rows) == 7
    assert all(row.figure and row.conditions.startswith("120 ") for row in rows)


def test_a_site_is_filled_with_as_many_enquiries_as_asked_for() -> None:
    with places.site(places.SQLITE) as app:
        stock.first_notice(app)
        stock.fill_enquiries(app, 1234)
        assert references(app) == 1235


def references(app: Flask) -> int:
    with stock.opened(app), database.read() as session:
        return session.scalars(select(func.count(Enquiry.reference.distinct()))).one()


def test_a_start_is_measured_in_cpu_and_by_the_clock() -> None:
    rows = list(starting.measure(rounds=1))
    assert len(rows) == 2
    assert all(row.figure for row in rows)


def test_a_worker_of_each_is_weighed() -> None:
    row, loaded = memory.measure(requests=8)
    assert row.figure
    assert "after 8 requests" in row.conditions
    assert loaded.figure
    assert loaded.limit is None


def test_nginx_serves_the_same_bytes_with_the_same_headers(tmp_path: Path) -> None:
    if not (shutil.which("nginx") or Path("/usr/sbin/nginx").exists()):
        pytest.skip("nginx is not installed (Debian's package nginx-light)")
    headers = [("Content-Type", "text/html; charset=utf-8"), ("X-Quoted", 'all of "it"')]
    with servers.nginx(tmp_path, headers, b"a page") as nginx:
        sent, body = servers.fetch(nginx.port, "/en/privacy", {})
        assert nginx.cpu() >= 0
    assert body == b"a page"
    assert set(headers) <= set(sent)


@pytest.mark.proof
def test_kept_pages_are_measured_beside_a_bare_application_and_nginx(monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("wrk"):
        pytest.skip("wrk is not installed (Debian's package wrk)")
    monkeypatch.setattr(cached, "CASES", cached.CASES[:1])
    rows = list(cached.measure(cached.Counts(rounds=1, connections=2)))
    assert [row.goal for row in rows] == [1, 2, None, 3]
    assert all(row.figure or "nginx" in row.conditions for row in rows)
    assert re.search(r"[\d,]+ a second \(\d+ µs of CPU each, \d+% of a core\)", rows[0].conditions)


def test_what_needs_linux_is_left_out_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(servers, "_PROC", tmp_path / "nothing")
    rows = [*cached.measure(), *memory.measure()]
    assert [row.verdict for row in rows] == ["left out"] * 4
    assert {row.conditions for row in rows} == {"no Linux, which tells what processes use"}


def test_without_wrk_three_goals_are_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    rows = list(cached.measure())
    assert [(row.goal, row.verdict) for row in rows] == [(goal, "left out") for goal in (1, 2, 3)]
    assert "wrk is not installed" in rows[0].conditions
