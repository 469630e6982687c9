import pytest

from tests.audit import Package, judge

SOUND: Package = {"name": "sound", "version": "1.0", "vulns": []}
HOLED: Package = {
    "name": "holed",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": [], "description": "A hole."}],
}
UNKNOWN: Package = {"name": "unknown", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("found", "words", "status", "said"),
    [
        ([SOUND], "", 0, "1 packages checked, 0 advisories"),
        ([SOUND, HOLED], "", 1, "holed 1.0: PYSEC-2026-1, mended in 1.1"),
        ([SOUND, UNKNOWN], "", 0, "Not checked, because the service does not know them: unknown"),
        ([UNKNOWN], "", 0, "nothing was checked"),
        (None, "ConnectionError: no route", 0, "does not answer"),
        (None, "timed out after 300 s", 0, "does not answer"),
        (None, "ERROR: requirement without a hash", 1, "came to no result"),
    ],
)
def test_silence_of_the_advisory_service_is_no_clean_bill(
    capsys: pytest.CaptureFixture[str], found: list[Package] | None, words: str, status: int, said: str
) -> None:
    assert judge(found, words) == status
    spoken = capsys.readouterr()
    assert said in spoken.out + spoken.err
