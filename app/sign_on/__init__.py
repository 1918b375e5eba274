"""Single sign-on by a provider of OpenID Connect: what it says is somebody known here, or nobody. ACC-3."""
