"""What Microsoft Graph offers below `managedTenants`, declared once; everything else reads the specs made from it."""
