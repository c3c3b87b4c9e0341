"""Which entities a navigation property leads to. Each has its inverse at the other end: a join is one act."""

from collections.abc import Mapping
from typing import Final

End = tuple[str, str]
"""Entity set and navigation property."""

PAIRS: Final[tuple[tuple[End, End], ...]] = (
    (("managedTenantAlerts", "alertLogs"), ("managedTenantAlertLogs", "alert")),
    (("managedTenantAlerts", "apiNotifications"), ("managedTenantApiNotifications", "alert")),
    (("managedTenantAlerts", "emailNotifications"), ("managedTenantEmailNotifications", "alert")),
    (("managedTenantAlertRules", "alerts"), ("managedTenantAlerts", "alertRule")),
    (("managedTenantAlertRuleDefinitions", "alertRules"), ("managedTenantAlertRules", "ruleDefinition")),
    (
        ("managementTemplateCollections", "managementTemplates"),
        ("managementTemplates", "managementTemplateCollections"),
    ),
    (("managementTemplates", "managementTemplateSteps"), ("managementTemplateSteps", "managementTemplate")),
    (("managementTemplateSteps", "versions"), ("managementTemplateStepVersions", "templateStep")),
    (("managementTemplateSteps", "acceptedVersion"), ("managementTemplateStepVersions", "acceptedFor")),
)
"""As on https://learn.microsoft.com/graph/api/resources/managedtenants-managedtenantalert?view=graph-rest-beta."""

INVERSES: Final[Mapping[End, End]] = {near: far for pair in PAIRS for near, far in (pair, pair[::-1])}

Targets = Mapping[tuple[End, str], tuple[str, ...]]
"""End and key of the entity there → keys of the entities at the other end."""


class Links:
    def __init__(self, targets: Targets) -> None:
        self._targets = dict(targets)

    def targets(self, end: End, key: str) -> tuple[str, ...]:
        return self._targets.get((end, key), ())

    def join(self, end: End, key: str, other: str) -> None:
        """Both ways."""
        for near in ((end, key, other), (INVERSES[end], other, key)):
            self._targets[near[:2]] = (*self.targets(*near[:2]), near[2])

    def all(self) -> Targets:
        return dict(self._targets)
