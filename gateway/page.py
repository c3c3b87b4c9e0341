"""stand-in until the real one arrives"""
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute
class Demo: ...
class Page:
    def __init__(self, demo: Demo | None) -> None: self.routes: list[BaseRoute] = []
    def document(self) -> Response: return HTMLResponse("page")
