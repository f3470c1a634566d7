"""A small application: a page, a health check, a form."""
import sqlite3

from flask import Flask, jsonify, request

app = Flask(__name__)
DB = "/tmp/guestbook.db"


def connect():
    db = sqlite3.connect(DB)
    db.execute("CREATE TABLE IF NOT EXISTS entries (name TEXT, words TEXT)")
    return db


@app.route("/")
def index():
    with connect() as db:
        return jsonify(entries=db.execute("SELECT name, words FROM entries").fetchall())


@app.route("/sign", methods=["POST"])
def sign():
    with connect() as db:
        db.execute("INSERT INTO entries VALUES (?, ?)", (request.form.get("name", ""), request.form.get("words", "")))
    return "", 204


@app.route("/healthz")
def healthz():
    return "ok"
