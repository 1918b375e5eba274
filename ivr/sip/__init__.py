"""SIP as Asterisk tells of it beside ARI: which INVITEs of the trunk never became a channel. Rules, and one adapter."""
