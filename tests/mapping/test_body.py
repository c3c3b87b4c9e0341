"""Input objects as JSON bodies."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mapping.body import to_body
from gateway.resources.cloud_pcs import CloudPcConnection
from gateway.resources.spec import ResourceSpec
from gateway.resources.tenants import TenantTag

SPEC = CloudPcConnection.spec
TYPE = '"@odata.type":"#microsoft.graph.managedTenants.cloudPcConnection"'

MEMBERS = st.dictionaries(
    st.sampled_from([each.name for each in SPEC.properties]), st.none() | st.text(max_size=30), max_size=6
)


@pytest.mark.parametrize(
    ("spec", "given_members", "text"),
    [
        pytest.param(SPEC, {}, f"{{{TYPE}}}", id="nothing given"),
        pytest.param(SPEC, {"displayName": "A"}, f'{{{TYPE},"displayName":"A"}}', id="a text"),
        pytest.param(SPEC, {"displayName": None}, f'{{{TYPE},"displayName":null}}', id="a null"),
        pytest.param(SPEC, {"displayName": '"\n\0'}, f'{{{TYPE},"displayName":"\\"\\n\\u0000"}}', id="escapes"),
        pytest.param(SPEC, {"displayName": "漢😀"}, f'{{{TYPE},"displayName":"漢😀"}}', id="Unicode"),
        pytest.param(
            TenantTag.spec,
            {"tenants": [{"tenantId": "A"}, {}]},
            '{"@odata.type":"#microsoft.graph.managedTenants.tenantTag","tenants":[{"tenantId":"A"},{}]}',
            id="a list of objects",
        ),
    ],
)
def test_a_body_is_the_type_and_what_was_given(spec: ResourceSpec, given_members: dict[str, Any], text: str) -> None:
    """Nothing else is sent."""
    assert to_body(spec, given_members).decode() == text


@settings(deadline=None)
@given(MEMBERS)
def test_absent_stays_absent_and_null_stays_null(given_members: dict[str, Any]) -> None:
    """Exactly the given members arrive, in their order, behind the type."""
    expected = [("@odata.type", SPEC.odata_type), *given_members.items()]
    assert list(orjson.loads(to_body(SPEC, given_members)).items()) == expected
