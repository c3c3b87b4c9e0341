"""A resource of the tests' own with a property of every type, and one within it."""

from typing import Any

from gateway.emulator.app import Emulator
from gateway.resources.base import (
    REQUIRED,
    Complex,
    Enumeration,
    Resource,
    action,
    boolean,
    double,
    instant,
    int32,
    int64,
    key,
    link,
    links,
    many,
    member,
    one,
    text,
    texts,
)
from tests.emulator.client import NAMESPACE, ROOT, Client
from tests.harness import ISSUER

GADGETS = f"{ROOT}/gadgets"
GADGET_TYPE = f"#{NAMESPACE}.gadget"


class Colour(Enumeration):
    """What it looks like."""

    red = member("Like a tomato.")
    green = member("Like grass.")
    blue = member("Like the sky.")


class Ports(Enumeration, flags=True):
    """What can be plugged in."""

    none = member("Nothing.")
    usb = member("USB.")
    hdmi = member("A screen.")


class Maker(Complex, namespace="microsoft.graph"):
    """Who made it."""

    name = text("As on the label.")


class Size(Complex):
    """How big it is."""

    width = double("In millimetres.")
    finish = one(Colour, "Of the surface.")
    maker = one(Maker, "Of the surface.")


class Gadget(Resource, entity_set="gadgets"):
    """A thing."""

    id = key("Its key.")
    name = text("Its name.")
    new = boolean("Whether nobody has used it.")
    count = int32("How many there are.")
    bytes = int64("What it holds.")
    weight = double("In grams.")
    made = instant("When it was made.")
    colour = one(Colour, "What it looks like.")
    ports = one(Ports, "What can be plugged in.")
    size = one(Size, "How big it is.")
    sizes = many(Size, "How big it can be.")
    words = texts("What people call it.")

    main = link("Part", "The part that matters.")
    spares = links("Part", "Parts to replace others.")
    owner = link("Nobody", "A type that is not in the catalogue.")

    paint = action("Paints it.", returns="Gadget", parameters={"colour": one(Colour, "Which.", on_create=REQUIRED)})


class Part(Resource, entity_set="parts", within="Gadget"):
    """A part of a thing."""

    id = key("Its key.")
    name = text("Its name.")

    gadget = link("Gadget", "The thing.")


CATALOG = (Gadget.spec, Part.spec)

WHOLE: dict[str, Any] = {
    "name": "Lamp",
    "new": True,
    "count": -(2**31),
    "bytes": 2**63 - 1,
    "weight": 0.1,
    "made": "2026-11-24T09:00:00Z",
    "colour": "green",
    "ports": "usb,hdmi",
    "size": {"width": 2, "finish": "red", "maker": {"name": "Fabrikam"}},
    "sizes": [{"width": 1.5, "finish": None, "maker": None}],
    "words": ["lamp", "light"],
}
"""A value for every property but the key."""


def gadget_client(*gadgets: dict[str, Any]) -> Client:
    """Of an emulator with nothing but these."""
    emulator = Emulator(CATALOG, issuer=ISSUER)
    for each in gadgets:
        emulator.store.add("gadgets", each)
    return Client(emulator)
