"""The endpoints below `/_emulator` by which a test in another process sees the journal and sets the stage.

They are not part of what Graph has, appear in no journal and meet no fault.
"""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from gateway.emulator.fault_json import read_rules
from gateway.emulator.fault_rules import FaultRules
from gateway.emulator.journal import Journal
from gateway.emulator.messages import from_bytes, to_bytes


def control_routes(
    journal: Journal, faults: FaultRules, reset: Callable[[], None], revoke: Callable[[], None]
) -> Mount:
    async def show_journal(_: Request) -> Response:
        entries = to_bytes({"value": [entry.to_json() for entry in journal]})
        return Response(entries, media_type="application/json")

    async def clear_journal(_: Request) -> Response:
        journal.clear()
        return Response(status_code=204)

    async def add_faults(request: Request) -> Response:
        try:
            rules = read_rules(from_bytes(await request.body()))
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

    async def revoke_sign_ins(_: Request) -> Response:
        revoke()
        return Response(status_code=204)

    routes = [
        Route("/journal", show_journal, methods=["GET"]),
        Route("/journal", clear_journal, methods=["DELETE"]),
        Route("/faults", add_faults, methods=["POST"]),
        Route("/faults", clear_faults, methods=["DELETE"]),
        Route("/reset", reset_all, methods=["POST"]),
        Route("/revoke", revoke_sign_ins, methods=["POST"]),
    ]
    return Mount("/_emulator", routes=routes)
