"""The whole sample: every set's rows, and the links between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from gateway.emulator.links import Targets
from gateway.emulator.messages import Json
from gateway.emulator.sample.alerts import add_alerts
from gateway.emulator.sample.apps import add_apps
from gateway.emulator.sample.cloud_pcs import add_cloud_pcs
from gateway.emulator.sample.devices import add_devices
from gateway.emulator.sample.draft import Draft, Place
from gateway.emulator.sample.identity import add_identity
from gateway.emulator.sample.management import add_management
from gateway.emulator.sample.protection import add_protection
from gateway.emulator.sample.summaries import add_summaries
from gateway.emulator.sample.templates import add_templates
from gateway.emulator.sample.tenants import add_tenants

TOPICS = (
    add_tenants,
    add_identity,
    add_devices,
    add_cloud_pcs,
    add_protection,
    add_apps,
    add_alerts,
    add_templates,
    add_summaries,
    add_management,
)
"""Each builds on those before it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Place → key → row. Shared by all stores: nobody changes it."""

    sets: Mapping[Place, Mapping[str, Mapping[str, Json]]]
    links: Targets


@cache
def sample() -> Sample:
    draft = Draft()
    for add in TOPICS:
        add(draft)
    return Sample(draft.sets, draft.links.all())
