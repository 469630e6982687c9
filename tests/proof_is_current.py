"""Exit 1 when ``proof.json`` was written for other code than this."""

import json
import sys

from flexsmt_site import proof

written = json.loads(proof.PROOF.read_text("utf-8"))["sum"] if proof.PROOF.exists() else "nothing"
if written != proof.code_sum():
    sys.exit("proof.json does not speak of this code: run `make proof` and commit what it writes")
