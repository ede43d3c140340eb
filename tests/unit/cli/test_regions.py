import pytest

from dashboard.cli.regions import DOMAINS, domain_of


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


def test_every_known_domain_stands_for_itself() -> None:
    assert [domain_of(domain) for domain in DOMAINS.values()] == list(DOMAINS.values())


@pytest.mark.parametrize("region", ["", "mars", "a b.com", "-x.com", "mypurecloud.ie/path", "x..com", "user@host.com"])
def test_what_is_no_region_is_refused(region: str) -> None:
    with pytest.raises(ValueError, match="must be a domain such as"):
        domain_of(region)


def test_a_mistyped_region_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ValueError, match=r"Did you mean eu_west_1\?"):
        domain_of("eu_wst_1")
