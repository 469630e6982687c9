"""What load balancers and monitors ask."""

from datetime import timedelta

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from flexsmt_site import clock, proof, web
from flexsmt_site.config import settings
from flexsmt_site.language import catalog, words
from flexsmt_site.operations import schema
from flexsmt_site.outbox import heartbeat
from flexsmt_site.outbox import service as outbox
from flexsmt_site.policy import current as policy

bp = Blueprint("operations", __name__)

#: What a proxy adds; who forges one only learns less.
_SIGNS_OF_A_PROXY = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Answer as long as the process serves."""
    return web.cached(Response("ok\n", mimetype="text/plain"), web.Cache.NO_STORE)


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Answer 503 when the site can not do its work; trouble with mail alone does not take it off the air."""
    try:
        reason = _find_fault()
        answer = {"ready": False, "reason": reason} if reason else {"ready": True, **_mail()}
    except SQLAlchemyError:
        answer = {"ready": False, "reason": "database"}
    return _state(answer, 200 if answer["ready"] else 503)


def _find_fault() -> str | None:
    if not schema.is_current():
        return "schema"
    if catalog.missing() or words.shelf(current_app).fault:
        return "catalogues"
    return "policy" if policy.shelf(current_app).fault else None


def _mail() -> dict[str, object]:
    """Say whether mail goes out; to this machine itself, say more."""
    now, beat = clock.now(), heartbeat.find_beat(settings().data_dir)
    waits = outbox.find_oldest_waiting(now) or timedelta()
    degraded = beat is None or beat.is_degraded(now) or waits > outbox.LATE
    answer: dict[str, object] = {"mail": "degraded" if degraded else "ok"}
    if _is_near():
        answer |= {
            "relay_seen": beat.at.isoformat() if beat else None,
            "breaker": "open" if beat and beat.trouble else "closed",
            "trouble": beat.trouble if beat else "",
            "oldest_queued_seconds": round(waits.total_seconds()),
            "release": proof.code_sum()[:12],
        }
    return answer


def _is_near() -> bool:
    """Tell whether the asker is this machine itself, with no proxy in between, declared or not."""
    address = web.client_address()
    is_here = address is not None and address.is_loopback
    return is_here and not any(name in request.headers for name in _SIGNS_OF_A_PROXY)


def _state(answer: dict[str, object], status: int) -> Response:
    response = jsonify(answer)
    response.status_code = status
    return web.cached(response, web.Cache.NO_STORE)
