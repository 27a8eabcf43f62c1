"""How a person's client turns a pressed button, a selection or a filled-in modal into interaction data.

Source: Discord docs, Components / Component Reference, and Interactions / Receiving and Responding.
"""

from typing import Any

from notetaker.discordsim.messages.command_usage import UsageError
from notetaker.discordsim.messages.component_schema import MAX_INPUT, SELECTS, ComponentType, each
from notetaker.discordsim.world.entities import Json


def used(components: list[Json], custom_id: str, values: list[Any]) -> Json:
    """Return the data of an interaction with a component of a message. Raises UsageError if it cannot be used."""
    component = next((one for one in each(components) if one.get("custom_id") == custom_id), None)
    if component is None:
        raise UsageError(f"That message has no component {custom_id}.")
    if component.get("disabled"):
        raise UsageError(f"The component {custom_id} is disabled.")
    data: Json = {"custom_id": custom_id, "component_type": component["type"], "id": component["id"]}
    if component["type"] in SELECTS:
        data["values"] = _selected(component, values)
    return data


def submitted(modal: Json, fields: Json) -> Json:
    """Return the data of an interaction with a modal. Raises UsageError if the client would not send it.

    ``fields`` has what the person wrote or selected, by ``custom_id``; other fields keep the text they came with.
    """
    known = {one["custom_id"] for one in each(modal["components"]) if "custom_id" in one}
    for custom_id in fields:
        if custom_id not in known:
            raise UsageError(f"The modal has no field {custom_id}.")
    return {
        "custom_id": modal["custom_id"],
        "components": [_filled(component, fields) for component in modal["components"]],
    }


def _filled(component: Json, fields: Json) -> Json:
    """Return a component of a modal as the client sends it back, in the shape it came in."""
    sent = {"type": component["type"], "id": component["id"]}
    if "components" in component:
        return {**sent, "components": [_filled(child, fields) for child in component["components"]]}
    if "component" in component:
        return {**sent, "component": _filled(component["component"], fields)}
    if component["type"] == ComponentType.TEXT_DISPLAY:
        return sent
    sent["custom_id"] = component["custom_id"]
    given = fields.get(component["custom_id"])
    if component["type"] == ComponentType.TEXT_INPUT:
        return {
            **sent,
            "value": _written(component, str(component.get("value") or "") if given is None else given),
        }
    return {**sent, "values": _selected(component, given or [])}


def _written(component: Json, text: str) -> str:
    """Return what a person wrote into a text input. Raises UsageError if it is too short or too long."""
    lowest, highest = component.get("min_length") or 0, component.get("max_length") or MAX_INPUT
    required = component.get("required") is not False
    if len(text) > highest or len(text) < (lowest if text else int(required)):
        raise UsageError(
            f"The field {component['custom_id']} does not take a text of {len(text)} characters."
        )
    return text


def _selected(component: Json, values: list[Any]) -> list[Any]:
    """Return what a person selected in a menu. Raises UsageError if these are too few, too many or unknown."""
    lowest = component.get("min_values", 1) if component.get("required") is not False or values else 0
    if not lowest <= len(values) <= (component.get("max_values") or 1):
        raise UsageError(f"The menu {component['custom_id']} does not take {len(values)} values.")
    offered = {option["value"] for option in component.get("options") or []}
    for value in values:
        if component["type"] == ComponentType.STRING_SELECT and value not in offered:
            raise UsageError(f"The menu {component['custom_id']} does not offer {value!r}.")
    return values
