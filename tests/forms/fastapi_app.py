"""A service whose endpoints wait for runs: awaited on the server's loop, and blocked on."""

from __future__ import annotations

import time
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

import docsum_nb as ds

app = FastAPI()


def refuse() -> None:
    raise LookupError("no such thing")


def stuck() -> None:
    time.sleep(60)


def start(kind: str) -> Any:
    """Start work that ends in the way that is asked for."""
    if kind == "late":
        return ds.start(stuck, deadline=3, show=False)
    return ds.start(refuse if kind == "fails" else lambda: kind, show=False)


@app.get("/awaited/{kind}")
async def awaited(kind: str) -> dict[str, Any]:
    return {"answer": await start(kind)}


@app.get("/blocked/{kind}")
def blocked(kind: str) -> dict[str, Any]:
    return {"answer": start(kind).result()}


@app.post("/background")
async def background() -> dict[str, Any]:
    return {"run": ds.start(stuck, show=False).id}


@app.exception_handler(ds.errors.DeadlineExceeded)
def late(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 504)


@app.exception_handler(LookupError)
def failed(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 404)
