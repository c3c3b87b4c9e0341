"""Who calls, and with which Graph access token the gateway may act for them."""
