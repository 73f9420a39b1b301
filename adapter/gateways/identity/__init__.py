"""The identity provider of electronic accounts (OpenID Connect): the only user of Authlib."""

from adapter.gateways.identity.openid import ClaimNames, Ended, NotBelieved, Provider, ProviderDown, Stated, Trusted

__all__ = ["ClaimNames", "Ended", "NotBelieved", "Provider", "ProviderDown", "Stated", "Trusted"]
