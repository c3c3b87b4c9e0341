"""Bound actions → mutations. https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part1-protocol.html#sec_Actions."""

from typing import Any, NoReturn

from gateway.errors import OutcomeUnknownError
from gateway.graph.answer import BrokenAnswerError, to_object
from gateway.graph.request import Entity
from gateway.graph.transport import Answer
from gateway.mapping.place import Place, to_root
from gateway.mapping.requests import to_action
from gateway.resources.spec import ActionSpec, ComplexSpec, ResourceSpec
from gateway.schema.context import Ask, Resolver
from gateway.schema.entities import read_back, to_entity, to_written
from gateway.schema.resolvers import Root


def action_resolver(root: Root, action: ActionSpec, returns: ResourceSpec | ComplexSpec) -> Resolver:
    """What the action answers with is an entity, a list of them, or a structured value."""
    named = {each.name for each in action.parameters}

    async def resolve(ask: Ask) -> Any:
        place = root.place(ask.arguments)
        key = None if action.on_set else ask.arguments[root.spec.key.name]
        given = {name: value for name, value in ask.arguments.items() if name in named}
        answer = await ask.context.loader.write(to_action(place, action, key, given))
        if isinstance(returns, ComplexSpec):
            return _to_value(action, returns, answer)
        is_own = returns == root.spec
        returned_at = place if is_own else to_root(returns)
        if action.returns_list:
            return _to_rows(action, returned_at, answer)
        entity = to_written(returned_at, answer)
        if entity is None and is_own and key is not None:
            return await read_back(ask.context.loader, place, key, answer, root.types.names(ask.selection))
        return entity or _refuse(action, answer)

    return resolve


def _to_value(action: ActionSpec, of: ComplexSpec, answer: Answer) -> Entity:
    content = _to_content(action, answer)
    return content if any(each.name in content for each in of.properties) else _refuse(action, answer)


def _to_content(action: ActionSpec, answer: Answer) -> Entity:
    """The object answered; some pages show what an action returns wrapped in `value`."""
    try:
        content = to_object(answer)
    except BrokenAnswerError:
        _refuse(action, answer)
    wrapped = content.get("value")
    return wrapped if isinstance(wrapped, dict) else content


def _to_rows(action: ActionSpec, place: Place, answer: Answer) -> list[Entity]:
    rows = _to_content(action, answer).get("value")
    if not isinstance(rows, list):
        _refuse(action, answer)
    found = [entity for row in rows if isinstance(row, dict) and (entity := to_entity(place, row))]
    return found if len(found) == len(rows) else _refuse(action, answer)


def _refuse(action: ActionSpec, answer: Answer) -> NoReturn:
    raise OutcomeUnknownError(
        f"Microsoft Graph reported {answer.status} for {action.wire_name}, without what it should answer with.",
        hint="The action was most likely carried out. Read the objects that it is about; do not repeat it.",
    )
