"""The endpoints below `/_emulator` by which a test in another process sees the journal and sets the stage.

They are not part of what Graph has, appear in no journal and meet no fault.
"""

import json
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.emulator.fault_json import read_rules
from gateway.emulator.fault_rules import FaultRules
from gateway.emulator.journal import Journal

PREFIX: Final = "/_emulator"


def control_routes(journal: Journal, faults: FaultRules, reset: Callable[[], None]) -> list[Route]:
    async def show_journal(_: Request) -> Response:
        return JSONResponse({"value": [entry.to_json() for entry in journal]})

    async def clear_journal(_: Request) -> Response:
        journal.clear()
        return Response(status_code=204)

    async def add_faults(request: Request) -> Response:
        try:
            rules = read_rules(json.loads(await request.body()))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        faults.add(*rules)
        return JSONResponse({"added": len(rules)}, status_code=201)

    async def clear_faults(_: Request) -> Response:
        faults.clear()
        return Response(status_code=204)

    async def reset_all(_: Request) -> Response:
        reset()
        return Response(status_code=204)

    return [
        Route(f"{PREFIX}/journal", show_journal, methods=["GET"]),
        Route(f"{PREFIX}/journal", clear_journal, methods=["DELETE"]),
        Route(f"{PREFIX}/faults", add_faults, methods=["POST"]),
        Route(f"{PREFIX}/faults", clear_faults, methods=["DELETE"]),
        Route(f"{PREFIX}/reset", reset_all, methods=["POST"]),
    ]
