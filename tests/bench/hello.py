"""The least that Flask does: a page of one word, and a form of which one field is read."""

from flask import Flask, request

app = Flask(__name__, static_folder=None)


@app.get("/")
def hello() -> str:
    """Answer with one word."""
    return "hello"


@app.post("/form")
def form() -> str:
    """Read one field."""
    return request.form["first_name"]
