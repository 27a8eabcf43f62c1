"""Checks of the buttons and select menus in messages, and of modals.

Source: Discord docs, Components / Component Reference, and Interactions / Receiving and Responding (Modal). The newer
layouts of messages (flag ``1 << 15``) do not exist here.
"""

from collections.abc import Iterator
from enum import IntEnum
from itertools import count

from notetaker.discordsim import errors
from notetaker.discordsim.errors import InvalidField
from notetaker.discordsim.world.entities import Json


class ComponentType(IntEnum):
    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    TEXT_DISPLAY = 10
    LABEL = 18


class ButtonStyle(IntEnum):
    PRIMARY = 1
    SECONDARY = 2
    SUCCESS = 3
    DANGER = 4
    LINK = 5


SELECTS = (
    ComponentType.STRING_SELECT,
    ComponentType.USER_SELECT,
    ComponentType.ROLE_SELECT,
    ComponentType.MENTIONABLE_SELECT,
    ComponentType.CHANNEL_SELECT,
)
MAX_ROWS = MAX_IN_ROW = MAX_IN_MODAL = 5
MAX_SELECTED = MAX_OPTIONS = 25
MAX_CUSTOM_ID = 100
MAX_TITLE = MAX_LABEL = 45
"""Of a modal, and of a field in it."""
MAX_INPUT = 4000
MAX_TEXTS = {"label": 80, "url": 512, "placeholder": 150}
MAX_OPTION_TEXTS = {"label": 100, "value": 100, "description": 100}
MAX_INPUT_TEXTS = {"label": MAX_LABEL, "placeholder": 100, "value": MAX_INPUT}


def check_message(components: list[Json]) -> Iterator[InvalidField]:
    """Yield what is invalid in the components of a message."""
    if len(components) > MAX_ROWS:
        yield _length("components", 1, MAX_ROWS)
    for index, row in enumerate(components):
        path = f"components.{index}"
        if row.get("type") != ComponentType.ACTION_ROW:
            yield _type_is(path, ComponentType.ACTION_ROW)
            continue
        children = row.get("components") or []
        if not 1 <= len(children) <= MAX_IN_ROW:
            yield _length(f"{path}.components", 1, MAX_IN_ROW)
        for number, child in enumerate(children):
            place = f"{path}.components.{number}"
            if child.get("type") in SELECTS and len(children) > 1:
                message = "The specified component exceeds the maximum width"
                yield place, "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message
            yield from _interactive(child, f"{place}.")
    yield from _unique(components, "components")


def check_modal(modal: Json) -> Iterator[InvalidField]:
    """Yield what is invalid in a modal, the ``data`` of a callback."""
    yield from _text(modal, "data.", "title", MAX_TITLE)
    yield from _text(modal, "data.", "custom_id", MAX_CUSTOM_ID)
    components = modal.get("components") or []
    if not 1 <= len(components) <= MAX_IN_MODAL:
        yield _length("data.components", 1, MAX_IN_MODAL)
    for index, top in enumerate(components):
        path = f"data.components.{index}"
        kind = top.get("type")
        if kind == ComponentType.ACTION_ROW:
            children = top.get("components") or []
            if len(children) != 1:
                yield _length(f"{path}.components", 1, 1)
            for child in children[:1]:
                yield from _input(child, f"{path}.components.0.", labelled=False)
        elif kind == ComponentType.LABEL:
            yield from _text(top, f"{path}.", "label", MAX_LABEL)
            yield from _too_long(top, f"{path}.", {"description": 100})
            yield from _input(top.get("component") or {}, f"{path}.component.", labelled=True)
        elif kind != ComponentType.TEXT_DISPLAY:
            yield _type_is(path, ComponentType.ACTION_ROW, ComponentType.TEXT_DISPLAY, ComponentType.LABEL)
    yield from _unique(components, "data.components")


def number(components: list[Json]) -> list[Json]:
    """Return components with the ``id`` that Discord gives to those that have none."""
    taken = {child.get("id") for child in each(components)}
    free = (i for i in count(1) if i not in taken)
    return [_numbered(component, free) for component in components]


def each(components: list[Json]) -> Iterator[Json]:
    """Yield components, and those in them."""
    for component in components:
        yield component
        yield from each(_children(component))


def _interactive(component: Json, path: str) -> Iterator[InvalidField]:
    """Yield what is invalid in a component of an action row in a message."""
    kind = component.get("type")
    if kind == ComponentType.BUTTON:
        yield from _button(component, path)
    elif kind in SELECTS:
        yield from _text(component, path, "custom_id", MAX_CUSTOM_ID)
        yield from _select(component, path)
    else:
        yield _type_is(path.rstrip("."), ComponentType.BUTTON, *SELECTS)


def _button(button: Json, path: str) -> Iterator[InvalidField]:
    style = button.get("style")
    if style not in list(ButtonStyle):
        yield path + "style", "BASE_TYPE_CHOICES", f"Value must be one of {set(map(int, ButtonStyle))}."
    yield from _too_long(button, path, MAX_TEXTS)
    if style == ButtonStyle.LINK:
        if not button.get("url"):
            yield path + "url", "BUTTON_COMPONENT_URL_REQUIRED", "A url is required"
        if button.get("custom_id"):
            code = "BUTTON_COMPONENT_CUSTOM_ID_AND_URL"
            yield path + "custom_id", code, "A custom id and url cannot both be specified"
    else:
        yield from _text(button, path, "custom_id", MAX_CUSTOM_ID)
    if not button.get("label") and not button.get("emoji"):
        yield path.rstrip("."), "BUTTON_COMPONENT_NO_LABEL_OR_EMOJI", "A button needs a label or an emoji"


def _select(select: Json, path: str) -> Iterator[InvalidField]:
    yield from _too_long(select, path, {"placeholder": MAX_TEXTS["placeholder"]})
    for name, lowest in (("min_values", 0), ("max_values", 1)):
        if not lowest <= int(select.get(name, 1)) <= MAX_SELECTED:
            yield (
                path + name,
                "NUMBER_TYPE_RANGE",
                f"int value should be between {lowest} and {MAX_SELECTED}.",
            )
    if select["type"] != ComponentType.STRING_SELECT:
        return
    options = select.get("options") or []
    if not 1 <= len(options) <= MAX_OPTIONS:
        yield _length(path + "options", 1, MAX_OPTIONS)
    values: set[str] = set()
    for index, option in enumerate(options):
        place = f"{path}options.{index}."
        yield from (errors.required(place + name) for name in ("label", "value") if not option.get(name))
        yield from _too_long(option, place, MAX_OPTION_TEXTS)
        if option.get("value") in values:
            code = "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"
            yield place + "value", code, "The specified option value is already used"
        values.add(str(option.get("value")))


def _input(component: Json, path: str, *, labelled: bool) -> Iterator[InvalidField]:
    """Yield what is invalid in a field of a modal. ``labelled`` says that it is in a label, not in an action row."""
    kind = component.get("type")
    if kind in SELECTS and labelled:
        yield from _select(component, path)
    elif kind == ComponentType.TEXT_INPUT:
        if component.get("style") not in (1, 2):
            yield path + "style", "BASE_TYPE_CHOICES", "Value must be one of {1, 2}."
        if not labelled and not component.get("label"):
            yield errors.required(path + "label")
        yield from _too_long(component, path, MAX_INPUT_TEXTS)
        for name, lowest in (("min_length", 0), ("max_length", 1)):
            limit = component.get(name)
            if limit is not None and not lowest <= limit <= MAX_INPUT:
                yield (
                    path + name,
                    "NUMBER_TYPE_RANGE",
                    f"int value should be between {lowest} and {MAX_INPUT}.",
                )
    else:
        yield _type_is(path.rstrip("."), ComponentType.TEXT_INPUT, *(SELECTS if labelled else ()))
    yield from _text(component, path, "custom_id", MAX_CUSTOM_ID)


def _unique(components: list[Json], path: str) -> Iterator[InvalidField]:
    custom_ids: set[str] = set()
    for component in each(components):
        custom_id = component.get("custom_id")
        if custom_id and custom_id in custom_ids:
            yield path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        custom_ids.add(str(custom_id))


def _text(component: Json, path: str, name: str, longest: int) -> Iterator[InvalidField]:
    """Yield an error if a required text is missing or too long."""
    if not component.get(name):
        yield errors.required(path + name)
    yield from _too_long(component, path, {name: longest})


def _too_long(component: Json, path: str, limits: dict[str, int]) -> Iterator[InvalidField]:
    for name, longest in limits.items():
        if len(component.get(name) or "") > longest:
            yield errors.too_long(path + name, longest)


def _length(path: str, lowest: int, highest: int) -> InvalidField:
    return path, "BASE_TYPE_BAD_LENGTH", f"Must be between {lowest} and {highest} in length."


def _type_is(path: str, *allowed: ComponentType) -> InvalidField:
    choices = ", ".join(str(int(kind)) for kind in allowed)
    return f"{path}.type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({choices},).'


def _children(component: Json) -> list[Json]:
    inner = component.get("component")
    return [*(component.get("components") or []), *([inner] if inner else [])]


def _numbered(component: Json, free: Iterator[int]) -> Json:
    numbered = {**component, "id": component.get("id") or next(free)}
    if "components" in component:
        numbered["components"] = [_numbered(child, free) for child in component["components"]]
    if "component" in component:
        numbered["component"] = _numbered(component["component"], free)
    return numbered
