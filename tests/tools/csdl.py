"""CSDL for tests: what Microsoft Graph would say of the small catalogue, in Graph's own manner."""

EDM = "http://docs.oasis-open.org/odata/ns/edm"
NAMESPACE = "microsoft.graph.managedTenants"

OPENING = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
)
CLOSING = "</edmx:DataServices></edmx:Edmx>"

GRAPH = """
    <EntityType Name="entity" Abstract="true">
      <Key><PropertyRef Name="id"/></Key>
      <Property Name="id" Type="Edm.String" Nullable="false"/>
    </EntityType>
    <EntityType Name="user" BaseType="graph.entity"><Property Name="mail" Type="Edm.String"/></EntityType>
    <ComplexType Name="actionUrl" OpenType="true"><Property Name="url" Type="Edm.String"/></ComplexType>
    <ComplexType Name="other" BaseType="graph.actionUrl"><Property Name="x" Type="Edm.Guid"/></ComplexType>
    <Action Name="refresh" IsBound="true"><Parameter Name="bindingParameter" Type="graph.user"/></Action>
    <Action Name="unbound"><Parameter Name="of" Type="microsoft.graph.managedTenants.tenant"/></Action>
    <Action Name="lacking" IsBound="true"/>
    <EntityContainer Name="GraphService"><Singleton Name="me" Type="microsoft.graph.user"/></EntityContainer>
    <Annotations Target="graph.user"><Annotation Term="Org.OData.Core.V1.Description" String="x"/></Annotations>
"""

OWN = """
    <EntityType Name="managedTenant" BaseType="microsoft.graph.entity">
      <NavigationProperty Name="tenants" Type="Collection(self.tenant)" ContainsTarget="true"/>
      <NavigationProperty Name="alerts" Type="Collection(self.alert)" ContainsTarget="true">
        <Annotation Term="Org.OData.Core.V1.Description" String="Anything"/>
      </NavigationProperty>
    </EntityType>
    <EntityType Name="tenant" BaseType="graph.entity"><Property Name="tenantId" Type="Edm.String"/></EntityType>
    <EntityType Name="alert" BaseType="graph.entity" OpenType="true">
      <Property Name="tenantId" Type="Edm.String" Nullable="false"/>
      <Property Name="level" Type="self.level"/>
      <NavigationProperty Name="logs" Type="Collection(microsoft.graph.managedTenants.log)" ContainsTarget="true"/>
    </EntityType>
    <EntityType Name="log">
      <Key><PropertyRef Name="id"/></Key>
      <Property Name="id" Type="Edm.String"/>
      <Property Name="count" Type="Edm.Int32"/>
      <Property Name="note" Type="microsoft.graph.managedTenants.note"/>
      <NavigationProperty Name="alert" Type="microsoft.graph.managedTenants.alert"/>
    </EntityType>
    <ComplexType Name="note">
      <Property Name="urls" Type="Collection(graph.actionUrl)"/>
      <Property Name="channel" Type="self.channel"/>
    </ComplexType>
    <ComplexType Name="unreachable"><Property Name="x" Type="Edm.Guid"/></ComplexType>
    <EnumType Name="level">
      <Member Name="low" Value="0"/><Member Name="high" Value="1"/><Member Name="unknownFutureValue" Value="2"/>
    </EnumType>
    <EnumType Name="channel" IsFlags="true"><Member Name="email" Value="1"/></EnumType>
    <Action Name="offboardTenant" IsBound="true">
      <Parameter Name="bindingParameter" Type="microsoft.graph.managedTenants.tenant"/>
      <ReturnType Type="microsoft.graph.managedTenants.tenant"/>
    </Action>
    <Action Name="resolve" IsBound="true">
      <Parameter Name="bindingParameter" Type="Collection(microsoft.graph.managedTenants.alert)"/>
      <Parameter Name="reasons" Type="Collection(Edm.String)" Nullable="false"/>
      <ReturnType Type="microsoft.graph.managedTenants.note"/>
      <Annotation Term="Org.OData.Core.V1.Description" String="Anything"/>
    </Action>
    <Action Name="find" IsBound="true">
      <Parameter Name="bindingParameter" Type="Collection(microsoft.graph.managedTenants.alert)"/>
      <ReturnType Type="Collection(microsoft.graph.managedTenants.alert)"/>
    </Action>
"""


def document(own: str = OWN, graph: str = GRAPH) -> str:
    """The two schemas; what is not given is as the small catalogue declares it."""
    return (
        f'{OPENING}<Schema Namespace="microsoft.graph" Alias="graph" xmlns="{EDM}">{graph}</Schema>'
        f'<Schema Namespace="{NAMESPACE}" Alias="self" xmlns="{EDM}">{own}</Schema>{CLOSING}'
    )
