"""Genesys Cloud regions: the names that operators know, and the domains that addresses are made of."""

from __future__ import annotations

import re

from dashboard.cli.hints import did_you_mean

DOMAINS = {
    "us_east_1": "mypurecloud.com",
    "us_east_2": "use2.us-gov-pure.cloud",
    "us_west_2": "usw2.pure.cloud",
    "ca_central_1": "cac1.pure.cloud",
    "mx_central_1": "mxc1.pure.cloud",
    "sa_east_1": "sae1.pure.cloud",
    "eu_west_1": "mypurecloud.ie",
    "eu_west_2": "euw2.pure.cloud",
    "eu_central_1": "mypurecloud.de",
    "eu_central_2": "euc2.pure.cloud",
    "me_central_1": "mec1.pure.cloud",
    "ap_south_1": "aps1.pure.cloud",
    "ap_southeast_1": "apse1.pure.cloud",
    "ap_southeast_2": "mypurecloud.com.au",
    "ap_northeast_1": "mypurecloud.jp",
    "ap_northeast_2": "apne2.pure.cloud",
    "ap_northeast_3": "apne3.pure.cloud",
}
"""Region name → domain; API host `api.<domain>`, login host `login.<domain>`."""

_DOMAIN = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+")


def domain_of(region: str) -> str:
    """Return the domain of a region name, of a domain, or of an address such as `https://api.<domain>`.

    Raises ValueError for anything else, with the nearest known name.
    """
    text = region.strip().lower().removeprefix("https://").removeprefix("api.").rstrip("/")
    name = text.replace("-", "_")
    if name in DOMAINS:
        return DOMAINS[name]
    if _DOMAIN.fullmatch(text):
        return text
    hint = did_you_mean(name, DOMAINS)
    raise ValueError(f"must be a domain such as mypurecloud.ie or a region such as eu_west_1. {hint}".strip())
