"""Whether an object that Graph has is the one that was sent."""

from typing import Any

import pytest

from gateway.mapping.sent import is_as_sent
from gateway.resources.alerts import ManagedTenantAlertRule
from gateway.resources.cloud_pcs import CloudPcConnection
from gateway.resources.spec import ResourceSpec
from gateway.resources.tenants import TenantTag

CONNECTION, TAG, RULE = CloudPcConnection.spec, TenantTag.spec, ManagedTenantAlertRule.spec
MOMENT = {"lastRefreshedDateTime": "2026-11-24T09:00:00.5Z"}


@pytest.mark.parametrize(
    ("spec", "sent", "found", "is_same"),
    [
        pytest.param(TAG, {}, {"id": "1"}, True, id="nothing was sent"),
        pytest.param(TAG, {"displayName": "A"}, {"displayName": "A", "more": 1}, True, id="what Graph added"),
        pytest.param(TAG, {"displayName": "A"}, {"displayName": "a"}, False, id="another text"),
        pytest.param(TAG, {"displayName": "A"}, {}, False, id="a missing text"),
        pytest.param(TAG, {"displayName": None}, {}, True, id="a null that is left out"),
        pytest.param(TAG, {"displayName": None}, {"displayName": "A"}, False, id="a null that is none"),
        pytest.param(TAG, {"displayName": "A"}, {"displayName": ["A"]}, False, id="another type"),
        pytest.param(
            CONNECTION, MOMENT, {"lastRefreshedDateTime": "2026-11-24T10:00:00.50+01:00"}, True, id="the same moment"
        ),
        pytest.param(
            CONNECTION, MOMENT, {"lastRefreshedDateTime": "2026-11-24T09:00:00.6Z"}, False, id="another moment"
        ),
        pytest.param(CONNECTION, MOMENT, {"lastRefreshedDateTime": "today"}, False, id="no moment"),
        pytest.param(RULE, {"severity": "high"}, {"severity": "High"}, True, id="an enum in another case"),
        pytest.param(RULE, {"severity": "high"}, {"severity": "low"}, False, id="another enum value"),
        pytest.param(
            TAG,
            {"tenants": [{"tenantId": "A"}, {"tenantId": "B"}]},
            {"tenants": [{"tenantId": "A", "more": 1}, {"tenantId": "B"}]},
            True,
            id="a list of objects",
        ),
        pytest.param(TAG, {"tenants": [{"tenantId": "A"}]}, {"tenants": []}, False, id="a shorter list"),
        pytest.param(
            TAG, {"tenants": [{"tenantId": "A"}]}, {"tenants": [{"tenantId": "B"}]}, False, id="another object"
        ),
        pytest.param(TAG, {"tenants": [{"tenantId": "A"}]}, {"tenants": {"tenantId": "A"}}, False, id="no list"),
        pytest.param(TAG, {"tenants": [{"tenantId": "A"}]}, {"tenants": None}, False, id="a list that is missing"),
        pytest.param(TAG, {"tenants": None}, {"tenants": None}, True, id="a null in a list's place"),
    ],
)
def test_every_value_that_was_sent_must_be_there(
    spec: ResourceSpec, sent: dict[str, Any], found: dict[str, Any], is_same: bool
) -> None:
    """Values are compared as what they mean; what was not sent is not looked at."""
    assert is_as_sent(spec.properties, sent, found) is is_same
