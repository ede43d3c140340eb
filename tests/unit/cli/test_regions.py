import pytest

from dashboard.cli.regions import DOMAINS, domain_of

SDK = """
us_east_1 mypurecloud.com         us_east_2 use2.us-gov-pure.cloud   us_west_2 usw2.pure.cloud
ca_central_1 cac1.pure.cloud      mx_central_1 mxc1.pure.cloud       sa_east_1 sae1.pure.cloud
eu_west_1 mypurecloud.ie          eu_west_2 euw2.pure.cloud          me_central_1 mec1.pure.cloud
eu_central_1 mypurecloud.de       eu_central_2 euc2.pure.cloud       ap_south_1 aps1.pure.cloud
ap_southeast_1 apse1.pure.cloud   ap_southeast_2 mypurecloud.com.au  ap_northeast_1 mypurecloud.jp
ap_northeast_2 apne2.pure.cloud   ap_northeast_3 apne3.pure.cloud
"""


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("mypurecloud.ie", "mypurecloud.ie"),
        ("eu_west_1", "mypurecloud.ie"),
        ("eu-central-1", "mypurecloud.de"),
        (" US_East_1 ", "mypurecloud.com"),
        ("https://api.usw2.pure.cloud/", "usw2.pure.cloud"),
        ("api.mypurecloud.jp", "mypurecloud.jp"),
        ("cloud.example.org", "cloud.example.org"),
    ],
)
def test_a_region_is_known_by_name_domain_or_address(region: str, domain: str) -> None:
    assert domain_of(region) == domain


def test_every_region_has_the_domain_that_genesys_sdks_have_for_it() -> None:
    words = SDK.split()
    assert dict(zip(words[::2], words[1::2], strict=True)) == DOMAINS


def test_every_known_domain_stands_for_itself() -> None:
    assert [domain_of(domain) for domain in DOMAINS.values()] == list(DOMAINS.values())


@pytest.mark.parametrize("region", ["", "mars", "a b.com", "-x.com", "mypurecloud.ie/path", "x..com", "user@host.com"])
def test_what_is_no_region_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="must be a domain such as"):
        domain_of(region)


def test_a_mistyped_region_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match=r"Did you mean eu_west_1\?"):
        domain_of("eu_wst_1")
